"""Copies a finished audiobook with known defects: takes of its job are changed, and mastered like the original."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from mayabook.checks.signal_checks import FRAME_SECONDS, voiced_frames
from mayabook.checks.thresholds import load_thresholds
from mayabook.core.audio_files import read_flac, write_flac
from mayabook.core.settings import Settings
from mayabook.core.take import Audio
from mayabook.core.verdict import Verdict
from mayabook.master import Tags, TakeSegment, build_timeline, write_audiobook
from mayabook.render import Job, PlannedChunk, words_by_sentence
from mayabook.render.job_facts import CHECKS
from mayabook.script import script_book

KINDS = (
    "missing sentence",
    "missing paragraph",
    "missing words",
    "doubled sentence",
    "doubled phrase",
    "gibberish 3 s",
    "gibberish 1 s at the end",
    "garbled words",
    "other chunk",
    "silence 2 s",
)
FOUND_AS = {
    "missing sentence": {"missing", "garbled"},
    "missing paragraph": {"missing", "garbled"},
    "missing words": {"missing", "garbled"},
    "doubled sentence": {"doubled", "extra"},
    "doubled phrase": {"doubled", "extra", "garbled"},
    "gibberish 3 s": {"extra", "garbled", "doubled"},
    "gibberish 1 s at the end": {"extra", "garbled", "doubled"},
    "garbled words": {"garbled", "missing", "extra"},
    "other chunk": {"missing", "garbled", "misplaced"},
    "silence 2 s": {"silence"},
}
"""By kind of planted defect: the kinds of reported defects that count as having found it."""


@dataclass(frozen=True, slots=True)
class PlantedDefect:
    """A defect that was put into a take."""

    kind: str
    """One of KINDS."""
    text: str
    """Text that it concerns."""
    start: float
    """Start of the take in the audiobook, in seconds."""
    end: float
    """End of the take in the audiobook, in seconds."""


@dataclass(frozen=True, slots=True)
class _Take:
    """A kept take of the job, divided into sentences."""

    number: int
    """Number of the chunk."""
    audio: Audio
    """Samples."""
    rate: int
    """Sample rate in Hz."""
    texts: tuple[str, ...]
    """Text of each sentence."""
    blocks: tuple[int, ...]
    """Block (paragraph) of each sentence."""
    cuts: tuple[int, ...]
    """Samples at which sentences begin, and the length of the take."""
    words: tuple[tuple[tuple[int, int], ...], ...]
    """By sentence: first and last sample of each recognised word."""


def spoil(audiobook: Path, book: Path, output: Path, seed: int, kinds: Sequence[str] = KINDS) -> list[PlantedDefect]:
    """Writes `output` with one defect of each kind, each in a take of its own and not in adjacent takes.

    Returns the defects by time. audiobook: made by `mayabook make` with its default settings; its job folder must be
    beside it.
    """
    draw = random.Random(seed)
    read, _ = script_book(book, None, Settings())
    plan, paths, takes = _kept(audiobook)
    folder = output.with_suffix(".spoilt")
    folder.mkdir(parents=True, exist_ok=True)
    done: dict[int, tuple[str, str]] = {}
    for kind in kinds:
        for at in draw.sample(range(len(takes)), len(takes)):
            made = None if any(abs(at - other) < 2 for other in done) else _DEFECTS[kind](takes[at], takes, draw)
            if made is not None:
                done[at] = kind, made[0]
                paths[at] = folder / f"{at}.flac"
                write_flac(paths[at], made[1], takes[at].rate)
                break
        else:
            raise ValueError(f"there is no room for {kind!r} in {audiobook}")
    segments = [
        TakeSegment(path, item.chunk.chapter, item.chunk.text, item.chunk.pause)
        for path, item in zip(paths, plan, strict=True)
    ]
    settings = Settings().master
    timeline = build_timeline(segments, {chapter.number: chapter.title for chapter in read.narrated}, settings)
    write_audiobook(timeline, Tags.of(read, narrator="spoilt"), output, settings, lambda done: None)
    clips, rate = timeline.clips, timeline.sample_rate
    return [
        PlantedDefect(kind, text, clips[at].start / rate, clips[at].end / rate)
        for at, (kind, text) in sorted(done.items())
    ]


def _kept(audiobook: Path) -> tuple[list[PlannedChunk], list[Path], list[_Take]]:
    """The plan of a job, the files of its kept takes, and the takes divided into sentences."""
    paths, takes = [], []
    with Job.existing(audiobook) as job:
        checks = job.ledger.fact(CHECKS)
        plan = job.ledger.plan()
        for item in plan:
            kept = job.ledger.kept(item.key, checks or "")
            verdict = None if kept is None else job.ledger.verdict(kept, checks or "")
            if kept is None or verdict is None:
                raise ValueError(f"{audiobook} is not finished")
            paths.append(kept.file)
            takes.append(_take(item, *read_flac(kept.file), verdict))
    return plan, paths, takes


def _take(item: PlannedChunk, audio: Audio, rate: int, verdict: Verdict) -> _Take:
    words = [
        [
            (round(row.start * rate), round(row.end * rate))
            for row in rows
            if row.index is not None and row.start is not None and row.end is not None
        ]
        for rows in words_by_sentence(item.chunk, verdict)
    ]
    cuts = [0]
    for before, after in pairwise(words):
        cuts.append(_quietest_sample(audio, rate, before[-1][1] if before else cuts[-1], after[0][0] if after else 0))
    sentences = item.chunk.sentences
    return _Take(
        item.number,
        audio,
        rate,
        tuple(sentence.text for sentence in sentences),
        tuple(sentence.span.block for sentence in sentences),
        (*cuts, len(audio)),
        tuple(tuple(times) for times in words),
    )


def _quietest_sample(audio: Audio, rate: int, low: int, high: int) -> int:
    """The quietest sample between `low` and `high`, and up to 100 ms around, by the energy of 30 ms."""
    low, high = max(0, min(low, high) - rate // 10), min(len(audio), max(low, high) + rate // 10)
    size = round(0.03 * rate)
    energy = np.convolve(np.square(audio[low:high], dtype=np.float64), np.ones(size), mode="same")
    return low + int(np.argmin(energy))


DefectiveTake = tuple[str, Audio] | None
"""Text that the defect concerns, and the audio with it; None if the take cannot have this defect."""


def _without(take: _Take, sentences: Sequence[int]) -> Audio:
    kept = [take.audio[take.cuts[n] : take.cuts[n + 1]] for n in range(len(take.texts)) if n not in sentences]
    return np.concatenate(kept) if kept else np.zeros(take.rate // 2, np.float32)


def _long_sentences(take: _Take, least: int) -> list[int]:
    return [n for n, text in enumerate(take.texts) if len(take.words[n]) >= least and len(text.split()) >= least]


def _missing_sentence(take: _Take, takes: Sequence[_Take], draw: random.Random) -> DefectiveTake:
    if len(take.texts) < 2 or not (long := _long_sentences(take, 4)):
        return None
    gone = draw.choice(long)
    return take.texts[gone], _without(take, [gone])


def _missing_paragraph(take: _Take, takes: Sequence[_Take], draw: random.Random) -> DefectiveTake:
    block = draw.choice(sorted(set(take.blocks)))
    gone = [n for n, at in enumerate(take.blocks) if at == block]
    if sum(len(take.texts[n].split()) for n in gone) < 15:
        return None
    return " ".join(take.texts[n] for n in gone), _without(take, gone)


def _missing_words(take: _Take, takes: Sequence[_Take], draw: random.Random) -> DefectiveTake:
    """Removes the last three words of a sentence."""
    if not (long := _long_sentences(take, 8)):
        return None
    n = draw.choice(long)
    start, end = take.words[n][-3][0], take.words[n][-1][1]
    return take.texts[n], np.concatenate([take.audio[:start], take.audio[end:]])


def _doubled_sentence(take: _Take, takes: Sequence[_Take], draw: random.Random) -> DefectiveTake:
    if not (long := _long_sentences(take, 4)):
        return None
    n = draw.choice(long)
    return take.texts[n], np.concatenate([take.audio[: take.cuts[n + 1]], take.audio[take.cuts[n] :]])


def _doubled_phrase(take: _Take, takes: Sequence[_Take], draw: random.Random) -> DefectiveTake:
    """Repeats four words twice."""
    if not (long := _long_sentences(take, 10)):
        return None
    n = draw.choice(long)
    first = draw.randrange(1, len(take.words[n]) - 5)
    start, end = take.words[n][first][0], take.words[n][first + 3][1]
    again = take.audio[start:end]
    return take.texts[n], np.concatenate([take.audio[:end], again, again, take.audio[end:]])


def _gibberish(seconds: float, *, at_end: bool) -> Callable[[_Take, Sequence[_Take], random.Random], DefectiveTake]:
    """Inserts reversed speech of another take, without its pauses, between two sentences or after the last."""

    def make(take: _Take, takes: Sequence[_Take], draw: random.Random) -> DefectiveTake:
        other = draw.choice([one for one in takes if len(one.audio) > (2 * seconds + 1) * one.rate])
        voice = _without_pauses(other)
        start = other.rate // 2
        noise = voice[start : start + round(seconds * other.rate)][::-1]
        cut = take.cuts[-1] if at_end else draw.choice(take.cuts[1:])
        return take.texts[-1], np.concatenate([take.audio[:cut], noise, take.audio[cut:]])

    return make


def _without_pauses(take: _Take) -> Audio:
    """Audio of a take without its pauses, except for 50 ms on either side."""
    size = round(FRAME_SECONDS * take.rate)
    voiced = voiced_frames(take.audio, take.rate, load_thresholds().signal)
    near = np.convolve(voiced, np.ones(2 * round(0.05 / FRAME_SECONDS) + 1), mode="same") > 0
    return take.audio[: len(near) * size][np.repeat(near, size)]


def _garbled(take: _Take, takes: Sequence[_Take], draw: random.Random) -> DefectiveTake:
    """Reverses the audio of four words."""
    if not (long := _long_sentences(take, 9)):
        return None
    n = draw.choice(long)
    first = draw.randrange(1, len(take.words[n]) - 5)
    start, end = take.words[n][first][0], take.words[n][first + 3][1]
    return take.texts[n], np.concatenate([take.audio[:start], take.audio[start:end][::-1], take.audio[end:]])


def _other_chunk(take: _Take, takes: Sequence[_Take], draw: random.Random) -> DefectiveTake:
    if len(take.audio) < 5 * take.rate:
        return None
    other = draw.choice([one for one in takes if abs(one.number - take.number) > 3])
    return " ".join(take.texts), other.audio


def _silence(take: _Take, takes: Sequence[_Take], draw: random.Random) -> DefectiveTake:
    """Inserts two seconds of silence between two words."""
    if not (long := _long_sentences(take, 8)):
        return None
    n = draw.choice(long)
    word = draw.randrange(2, len(take.words[n]) - 2)
    at = _quietest_sample(take.audio, take.rate, take.words[n][word][1], take.words[n][word + 1][0])
    return take.texts[n], np.concatenate([take.audio[:at], np.zeros(2 * take.rate, np.float32), take.audio[at:]])


_DEFECTS: dict[str, Callable[[_Take, Sequence[_Take], random.Random], DefectiveTake]] = {
    "missing sentence": _missing_sentence,
    "missing paragraph": _missing_paragraph,
    "missing words": _missing_words,
    "doubled sentence": _doubled_sentence,
    "doubled phrase": _doubled_phrase,
    "gibberish 3 s": _gibberish(3.0, at_end=False),
    "gibberish 1 s at the end": _gibberish(1.0, at_end=True),
    "garbled words": _garbled,
    "other chunk": _other_chunk,
    "silence 2 s": _silence,
}
