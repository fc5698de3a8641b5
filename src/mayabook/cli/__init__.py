"""The command line: one file per command, and one place where errors become a line and an exit code.

Exit codes: 0 done, 2 an error the user can mend, 3 done with flagged chunks, 130 stopped by Ctrl-C.
"""

import sys

from mayabook.cli.app import app
from mayabook.cli.exit_codes import FAILED
from mayabook.core.errors import MayaBookError
from mayabook.core.openmp import limit_spinning


def main() -> None:
    limit_spinning()
    try:
        app()
    except MayaBookError as error:
        print(f"mayabook: {error}", file=sys.stderr)
        sys.exit(FAILED)


__all__ = ["app", "main"]
