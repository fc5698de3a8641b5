"""Writes the finished audiobook: one gain, encoding, chapters and tags; each file appears whole or not at all."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mayabook.core.files import atomic_write, write_text
from mayabook.core.output_formats import FORMATS, OutputFormat
from mayabook.core.settings import MasterSettings
from mayabook.master.captions import Cue, captions
from mayabook.master.cover_art import Picture, picture
from mayabook.master.encoder import Labels, encode
from mayabook.master.loudness import SILENCE, Level, find_level, levelled
from mayabook.master.metadata_tags import Tags, fields
from mayabook.master.output_paths import chapter_file, check_output
from mayabook.master.pcm_stream import pcm, watched
from mayabook.master.timeline import ChapterMark, Timeline

MEASURING = 0.3
"""Share of the progress that measuring the loudness takes."""
TOLERANCE = 0.5
"""LU by which the loudness may miss its target before a person is told."""


@dataclass(frozen=True, slots=True)
class AudiobookChapter:
    """A chapter of the audiobook. start, end: seconds into `file`."""

    title: str
    file: Path
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Audiobook:
    """The finished audiobook.

    files: in order. captions: beside them, if asked for. duration: seconds of all files together.

    loudness (LUFS), true_peak (dBTP): of what the encoder was given, over the whole book.
    warnings: what is not as it should be, one line each.
    """

    files: tuple[Path, ...]
    captions: tuple[Path, ...]
    duration: float
    chapters: tuple[AudiobookChapter, ...]
    loudness: float
    true_peak: float
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Part:
    """Samples `start` to `stop` of the book, to be one file; chapter marks count from its beginning.

    place: chapter title, number and count if there are several files.
    """

    file: Path
    start: int
    stop: int
    marks: tuple[ChapterMark, ...]
    place: tuple[str, int, int] | None = None


def write_audiobook(
    timeline: Timeline, tags: Tags, output: Path, settings: MasterSettings, progress: Callable[[float], None]
) -> Audiobook:
    """Measures the whole book, then encodes it at one gain. Files of the same name are replaced.

    The format follows the suffix of `output`; see `mayabook.core.output_formats`. progress: takes the fraction done.
    Raises OutputError if it cannot be written, JobError if a take has gone or changed; no part of a file remains.
    """
    check_output(output, settings)
    rate, n_samples = timeline.sample_rate, timeline.n_samples
    form = FORMATS[output.suffix.lower()]
    cover = picture(tags.cover) if tags.cover else None
    level = find_level(lambda: pcm(timeline), n_samples, rate, settings, lambda done: progress(MEASURING * done))
    parts = _parts(timeline, output, settings)
    subtitles: list[Path] = []
    for part in parts:
        done = MEASURING + (1 - MEASURING) * part.start / n_samples
        samples = levelled(pcm(timeline, part.start, part.stop), level.gain, level.ceiling, rate)
        labels = Labels(fields(tags, form.tags, part.place), tags.language_code, part.marks, cover)
        with atomic_write(part.file) as temporary:
            encode(
                temporary, watched(samples, n_samples, done, 1 - MEASURING, progress), rate, settings.bitrate, labels
            )
        if settings.captions != "none":
            subtitles.append(part.file.with_suffix(f".{settings.captions}"))
            write_text(subtitles[-1], captions(_cues(timeline, part), settings.captions))
    progress(1.0)
    return Audiobook(
        files=tuple(part.file for part in parts),
        captions=tuple(subtitles),
        duration=timeline.duration,
        chapters=tuple(
            AudiobookChapter(mark.title, part.file, mark.start / rate, mark.end / rate)
            for part in parts
            for mark in part.marks
        ),
        loudness=level.result.integrated,
        true_peak=level.result.true_peak,
        warnings=(*timeline.warnings, *_shortcomings(tags, cover, level, form, settings)),
    )


def _parts(timeline: Timeline, output: Path, settings: MasterSettings) -> list[_Part]:
    if not settings.split:
        return [_Part(output, 0, timeline.n_samples, timeline.chapters)]
    count = len(timeline.chapters)
    return [
        _Part(
            file=chapter_file(output, settings, number, count, mark.title),
            start=mark.start,
            stop=mark.end,
            marks=(ChapterMark(mark.title, 0, mark.end - mark.start),),
            place=(mark.title, number, count),
        )
        for number, mark in enumerate(timeline.chapters, 1)
    ]


def _cues(timeline: Timeline, part: _Part) -> Iterator[Cue]:
    for clip in timeline.clips:
        if part.start <= clip.start < part.stop:
            start, end = clip.start - part.start, clip.end - part.start
            yield Cue(start / timeline.sample_rate, end / timeline.sample_rate, clip.text)


def _shortcomings(
    tags: Tags, cover: Picture | None, level: Level, form: OutputFormat, settings: MasterSettings
) -> Iterator[str]:
    if tags.cover and not cover:
        yield "The cover image cannot be read; the audiobook has none."
    if form.shortcoming:
        yield form.shortcoming
    if level.result.integrated <= SILENCE:
        yield "The whole audiobook is silent, so its loudness was not adjusted."
    elif abs(level.result.integrated - settings.loudness) > TOLERANCE:
        yield (
            f"The loudness is {level.result.integrated:.1f} LUFS instead of {settings.loudness:.1f}: more would exceed "
            f"a true peak of {settings.true_peak:.1f} dBTP."
        )
