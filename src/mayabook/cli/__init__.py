"""The command line: one file per command, and one place where errors become a line and an exit code.

Exit codes: 0 done, 2 an error the user can mend, 3 done with flagged chunks, 130 stopped by Ctrl-C.
"""

from mayabook.cli.app import app


def main() -> None:
    app()


__all__ = ["app", "main"]
