"""The review as one page: players with the sound inside, waveforms, what was heard, flagged chunks first.

The page is written a chunk at a time, so memory does not grow with the book; its size is about 8 kB for each second
of a take that is shown.
"""

import base64
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from jinja2 import Environment, PackageLoader

from mayabook.cli.review_decide import ReviewEntry
from mayabook.cli.review_show import marked, said
from mayabook.core.audio_files import read_flac
from mayabook.core.errors import JobError
from mayabook.core.files import atomic_write
from mayabook.core.take import Audio
from mayabook.core.verdict import Verdict
from mayabook.master.encoder import Labels, encode
from mayabook.render import StoredTake

BITRATE = 48
"""Kilobits per second of the sound on the page; plain speech is clear at that."""
COLUMNS = 240
"""Of a waveform."""
MOST_TAKES = 6
"""Shown of one flagged chunk, the kept one among them; of an accepted chunk only that."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A take on the page. sound: MP3 in base64. wave: an SVG path in a box of COLUMNS by 2. marks: (start, end) of
    findings, in columns."""

    number: int
    kept: bool
    said: str
    file: str
    sound: str
    wave: str
    marks: tuple[tuple[float, float], ...]


def write_page(file: Path, title: str, found: Sequence[ReviewEntry]) -> None:
    """Raises OutputError where it cannot be written, JobError where a take has gone."""
    template = Environment(loader=PackageLoader("mayabook.cli"), autoescape=True).get_template("review.html.j2")
    chapters = {entry.item.chunk.chapter: entry.item.chapter_title for entry in found}
    with atomic_write(file) as temporary, temporary.open("w", encoding="utf-8") as page:
        for piece in template.generate(
            title=title,
            found=found,
            chapters=sorted(chapters.items()),
            n_flagged=sum(not entry.take.good for entry in found),
            shown=_shown,
            marked=marked,
            columns=COLUMNS,
        ):
            page.write(piece)


def _shown(entry: ReviewEntry) -> Iterator[Shown]:
    """The kept take, then the others of a flagged chunk, the least risky first."""
    others = [] if entry.take.good else sorted(entry.takes, key=lambda each: each[0].risk)
    yield _show(entry.take, entry.verdict, kept=True)
    for take, verdict in [each for each in others if each[0].id != entry.take.id][: MOST_TAKES - 1]:
        yield _show(take, verdict, kept=False)


def _show(take: StoredTake, verdict: Verdict | None, *, kept: bool) -> Shown:
    try:
        audio, sample_rate = read_flac(take.file)
    except soundfile.LibsndfileError as error:
        raise JobError(f"{take.file} cannot be read; run `mayabook make` again, and it is made anew.") from error
    scale = COLUMNS / max(1e-3, len(audio) / sample_rate)
    timed = [finding for finding in (verdict.findings if verdict else ()) if finding.start is not None]
    return Shown(
        number=take.attempt + 1,
        kept=kept,
        said=said(take),
        file=take.file.name,
        sound=_mp3(audio, sample_rate),
        wave=_wave(audio),
        marks=tuple(
            (finding.start * scale, max(1.0, ((finding.end or finding.start) - finding.start) * scale))
            for finding in timed
            if finding.start is not None
        ),
    )


def _mp3(audio: Audio, sample_rate: int) -> str:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "take.mp3"
        encode(file, [audio], sample_rate, BITRATE, Labels({}, "und", (), None))
        return base64.b64encode(file.read_bytes()).decode("ascii")


def _wave(audio: Audio) -> str:
    """The highest and lowest sample of each column, as the outline of a closed shape about y = 1."""
    columns = np.array_split(audio if len(audio) else np.zeros(1, np.float32), COLUMNS)
    highs = [f"L{x} {1 - float(column.max(initial=0.0)):.2f}" for x, column in enumerate(columns)]
    lows = [f"L{x} {1 - float(column.min(initial=0.0)):.2f}" for x, column in enumerate(columns)]
    return f"M0 1{''.join(highs)}{''.join(reversed(lows))}Z"
