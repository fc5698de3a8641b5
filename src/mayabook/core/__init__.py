"""The words every room uses: books, chunks, takes, verdicts, settings, errors."""
