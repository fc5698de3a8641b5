"""Keeps a part of a page up to date by polling its state and redrawing it after a change."""

import asyncio
from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

from nicegui import ui

State = TypeVar("State")
SECONDS: Final = 1.0
"""Between two polls of the state."""


class Live(Generic[State]):
    """Draws the state once at first, and then whenever it differs from the one drawn last."""

    def __init__(self, read: Callable[[], State], draw: Callable[[State], Any], seconds: float = SECONDS) -> None:
        """read: gives the state, in another thread; equal states are not drawn again. draw: shows it."""
        self._read, self._draw = read, draw
        self._shown: State | None = None
        ui.timer(seconds, self.refresh)

    async def refresh(self) -> None:
        """Polls the state now."""
        state = await asyncio.to_thread(self._read)
        if state is not None and state != self._shown:
            self._shown = state
            self._draw(state)
