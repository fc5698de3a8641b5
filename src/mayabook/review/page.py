"""The review as one HTML page: players with the audio inside, waveforms, the marked transcript, flagged chunks first.

The page is written one chunk at a time, so memory does not grow with the book. It needs about 8 kB for each second of
a take that is shown.
"""

import base64
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from jinja2 import Environment, PackageLoader

from mayabook.core.audio_files import read_flac
from mayabook.core.errors import JobError
from mayabook.core.files import atomic_write
from mayabook.core.take import Audio
from mayabook.core.verdict import Verdict
from mayabook.master.encoder import Labels, encode
from mayabook.render import StoredTake
from mayabook.review.entries import ReviewEntry, describe_take, diff_transcript

BITRATE = 48
"""Kilobits per second of the audio on the page; plain speech is clear at that."""
WAVEFORM_COLUMNS = 240
MAX_TAKES = 6
"""Takes that are shown of a flagged chunk, the kept one among them; of an accepted chunk only the kept one is."""


@dataclass(frozen=True, slots=True)
class TakeView:
    """A take as the page shows it."""

    number: int
    """As a person counts, from 1."""
    kept: bool
    """Whether it is the take in the audiobook."""
    description: str
    file_name: str
    mp3_base64: str
    waveform: str
    """SVG path in a box of WAVEFORM_COLUMNS by 2."""
    finding_marks: tuple[tuple[float, float], ...]
    """(first column, width in columns) of each finding that has a time."""


def write_review_page(file: Path, title: str, entries: Sequence[ReviewEntry]) -> None:
    """Raises OutputError where the page cannot be written, JobError where the audio of a take is missing."""
    template = Environment(loader=PackageLoader("mayabook.review"), autoescape=True).get_template("review.html.j2")
    chapters = {entry.planned.chunk.chapter: entry.chapter_title for entry in entries}
    with atomic_write(file) as temporary, temporary.open("w", encoding="utf-8") as page:
        for part in template.generate(
            title=title,
            entries=entries,
            chapters=sorted(chapters.items()),
            n_flagged=sum(not entry.take.is_good for entry in entries),
            takes_of=_takes_of,
            diff_transcript=diff_transcript,
            columns=WAVEFORM_COLUMNS,
        ):
            page.write(part)


def _takes_of(entry: ReviewEntry) -> Iterator[TakeView]:
    """The kept take, then the others of a flagged chunk, the least risky first."""
    others = [] if entry.take.is_good else sorted(entry.takes, key=lambda each: each[0].risk)
    yield _view(entry.take, entry.verdict, kept=True)
    for take, verdict in [each for each in others if each[0].id != entry.take.id][: MAX_TAKES - 1]:
        yield _view(take, verdict, kept=False)


def _view(take: StoredTake, verdict: Verdict | None, *, kept: bool) -> TakeView:
    try:
        audio, sample_rate = read_flac(take.file)
    except soundfile.LibsndfileError as error:
        raise JobError(
            f"The take {take.file} is damaged; delete the file and run `mayabook make` again: it is synthesised anew."
        ) from error
    columns_per_second = WAVEFORM_COLUMNS / max(1e-3, len(audio) / sample_rate)
    return TakeView(
        number=take.attempt + 1,
        kept=kept,
        description=describe_take(take),
        file_name=take.file.name,
        mp3_base64=_mp3_base64(audio, sample_rate),
        waveform=_waveform(audio),
        finding_marks=tuple(
            (start * columns_per_second, max(1.0, ((finding.end or start) - start) * columns_per_second))
            for finding in (verdict.findings if verdict else ())
            if (start := finding.start) is not None
        ),
    )


def _mp3_base64(audio: Audio, sample_rate: int) -> str:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "take.mp3"
        encode(file, [audio], sample_rate, BITRATE, Labels({}, "und", (), None))
        return base64.b64encode(file.read_bytes()).decode("ascii")


def _waveform(audio: Audio) -> str:
    """SVG path through the highest and lowest sample of each column, closed about y = 1."""
    columns = np.array_split(audio if len(audio) else np.zeros(1, np.float32), WAVEFORM_COLUMNS)
    highs = [f"L{x} {1 - float(column.max(initial=0.0)):.2f}" for x, column in enumerate(columns)]
    lows = [f"L{x} {1 - float(column.min(initial=0.0)):.2f}" for x, column in enumerate(columns)]
    return f"M0 1{''.join(highs)}{''.join(reversed(lows))}Z"
