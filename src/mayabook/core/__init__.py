"""The data types that every package uses: book, chunk, take, verdict, settings, events, errors."""
