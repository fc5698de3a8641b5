"""Captions: one cue for each take, as SubRip or WebVTT."""

import html
import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

LINE_LENGTH = 60
"""Characters of a line, at most."""


@dataclass(frozen=True, slots=True)
class Cue:
    """One caption. start, end: seconds into the file that it belongs to."""

    start: float
    end: float
    text: str


def captions(cues: Iterable[Cue], kind: Literal["srt", "vtt"]) -> str:
    """The text of a caption file. Emotion tags appear in square brackets: `<sigh>` as `[sigh]`."""
    mark = "," if kind == "srt" else "."
    blocks = [
        f"{number}\n{_clock(cue.start, mark)} --> {_clock(cue.end, mark)}\n{_payload(cue.text, kind)}\n"
        for number, cue in enumerate(cues, 1)
    ]
    return "\n".join(blocks if kind == "srt" else ["WEBVTT\n", *blocks])


def _payload(text: str, kind: Literal["srt", "vtt"]) -> str:
    bracketed = re.sub(r"<(\w+)>", r"[\1]", " ".join(text.split()))
    lines = "\n".join(textwrap.wrap(bracketed, LINE_LENGTH, break_on_hyphens=False))
    if kind == "vtt":
        return html.escape(lines, quote=False)
    return lines.translate({ord("<"): "‹", ord(">"): "›"})  # SubRip has no escapes, and players read HTML in it


def _clock(seconds: float, mark: str) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}{mark}{rest % 1000:03}"
