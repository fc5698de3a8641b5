"""Exit codes, and how a run that a person stops ends with one of them."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import typer

FAILED = 2
"""An error that the user can mend."""
FLAGGED = 3
"""The run finished, and left something for a person to review."""
STOPPED = 130
"""A run was stopped by Ctrl-C or SIGTERM; shells use this number for it."""


@contextmanager
def stoppable(advice: str) -> Iterator[None]:
    """Ctrl-C and SIGTERM end the block with `advice`, a line for a person, and exit code STOPPED."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    except KeyboardInterrupt:
        print(f"\n{advice}", file=sys.stderr)
        raise typer.Exit(STOPPED) from None


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
