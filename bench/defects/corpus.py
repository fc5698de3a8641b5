"""Stage 1: synthesises the labelled takes: WORK/takes, and WORK/index.jsonl with a row for each.

A take is a pure function of its id, so the stage resumes where it stopped, and gives the same corpus on every machine.
"""

import json
import re
import tomllib
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from itertools import cycle, product, zip_longest
from multiprocessing import get_context
from pathlib import Path

import hibari
import numpy as np

from bench.defects.codes import codes_of, frames_of
from bench.defects.passages import PLAIN, PLAIN_READINGS, Passage, further_readings, passages, readings
from bench.defects.spoil import RATE, Source, Speak, Spoilt, makers
from bench.defects.voices import speaker, voices
from bench.defects.wrong_readings import WrongReading, wrong_readings
from mayabook.checks.recogniser import Recogniser
from mayabook.checks.thresholds import load_thresholds
from mayabook.core.audio_files import read_flac, write_flac
from mayabook.core.chunk import Chunk, Pause, Sentence, Span
from mayabook.core.emotion_tags import without_tags
from mayabook.core.files import atomic_write, make_folder, write_text
from mayabook.core.ipa import without_ipa
from mayabook.core.spoken_form import spoken_form
from mayabook.core.take import Audio, StopReason, Take, TakeRequest
from mayabook.engines.misaki_phonemes import phonemiser_text
from mayabook.script import Verbaliser

CLEAN, HARD, RIGHT = "clean", "hard", "right"
MISREAD = "misread"
CLEAN_PACES = (0.9, 1.0, 1.12)
HARD_PACES = (0.95, 1.08)
DEFECT_PACES = (0.92, 1.0, 1.08)
TAKES_PER_CELL = {"fit": 10, "validation": 4, "test": 8}
"""Takes of each class and size of defect, by split."""
TRIES = 12
"""Most passages that are tried for one that can have the defect."""
NARRATOR = "heart"
TOO_FAST = ("pace", "1.8")
"""The defect of pace that the checks must catch, and how many takes of each voice have it."""
TAKES_TOO_FAST = 4
_LONE_A = re.compile(r"\bA\b(?= [A-Z]\b)|(?<=\b[A-Z] )A\b")
"""An A among letters, which the narrator would say as the article."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A take to make."""

    id: str
    """Unique name, from which the seed of the defect is derived."""
    split: str
    """fit, validation or test."""
    label: str
    """clean, hard, right (words that are easily misread, read rightly) or a class of defect."""
    size: str
    """Size of the defect, a key of grades.toml; empty without defect."""
    number: int
    """First passage to try."""
    pace: float
    """Speed, as a multiple of the voice's own in the corpus."""
    voice: str = NARRATOR
    """NARRATOR or a voice of voices.toml."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A take of the corpus with its label: a row of the index."""

    id: str
    """Unique name."""
    split: str
    """fit, validation or test."""
    text: str
    """Text that the take should speak."""
    label: str
    """clean, hard, right (words that are easily misread, read rightly) or a class of defect."""
    size: str
    """Size of the defect, a key of grades.toml; empty without defect."""
    grade: str
    """Severity: none, severe, moderate or other."""
    detail: str
    """Kind of hard text, or description of the defect."""
    pace: float
    """Speed, as a multiple of the voice's own in the corpus."""
    stop: str
    """Stop reason that the take is judged with."""
    seconds: float
    """Length."""
    audio: str
    """FLAC file, relative to the work folder."""
    codes: str = ""
    """.npz file of the codes, relative to the work folder; empty if they are not known."""
    voice: str = NARRATOR
    """NARRATOR or a voice of voices.toml."""

    @property
    def spoilt(self) -> bool:
        return self.grade != "none"

    @property
    def chunk(self) -> Chunk:
        return chunk_of(self.text)


def chunk_of(text: str) -> Chunk:
    """A text as one sentence, with its spoken form."""
    replacements = _verbaliser().verbalise(text)
    spoken = spoken_form(text, replacements) if replacements else text
    sentence = Sentence(text, Span(0, 0, len(text)), spoken, replacements)
    return Chunk(0, 1, (sentence,), spoken, Pause.PARAGRAPH)


def grades() -> dict[str, dict[str, str]]:
    table: dict[str, dict[str, str]] = tomllib.loads(
        files(__package__).joinpath("grades.toml").read_text(encoding="utf-8")
    )
    return table


def plans(each: dict[str, int] = TAKES_PER_CELL) -> Iterator[Plan]:
    """Takes of the narrator."""
    for split in each:
        plain, hard = _pool(split, hard=False), _pool(split, hard=True)
        for number, pace in product(range(len(plain)), CLEAN_PACES):
            yield Plan(f"{split}-clean-{number:03}-{pace}", split, CLEAN, "", number, pace)
        for number, pace in product(range(len(hard)), HARD_PACES):
            yield Plan(f"{split}-hard-{number:03}-{pace}", split, HARD, "", number, pace)
        n_right = min(len(_read_right(split)), each[split] // 2 * len(wrong_readings(split)))
        for number, pace in zip(range(n_right), cycle(DEFECT_PACES), strict=False):
            yield Plan(f"{split}-right-{number:03}", split, RIGHT, "", number, pace)
        for cell, (label, size) in enumerate(_cells()):
            for at in range(each[split]):
                name = f"{split}-{label}-{size.replace('%', 'pc').replace('.', '_')}-{at:02}"
                pace = DEFECT_PACES[at % len(DEFECT_PACES)]
                yield Plan(name, split, label, size, cell * 7 + at * TRIES, pace)


def _read_right(split: str) -> list[WrongReading]:
    """Texts that are read rightly: the first of each kind, the second of each, and so on."""
    return [each for of_turn in zip_longest(*wrong_readings(split).values()) for each in of_turn if each is not None]


def voice_plans() -> Iterator[Plan]:
    """Takes of the other voices: all texts of the voice's split, and a take of each defect that has a goal."""
    for voice in voices().values():
        plain, hard = (_sound_pool(voice.split, hard=hard) for hard in (False, True))
        start = f"{voice.split}-{voice.name}"
        for number in range(len(plain)):
            yield Plan(f"{start}-clean-{number:03}", voice.split, CLEAN, "", number, 1.0, voice.name)
        for number in range(len(hard)):
            yield Plan(f"{start}-hard-{number:03}", voice.split, HARD, "", number, 1.0, voice.name)
        for cell, (label, size) in enumerate(_cells()):
            if label == MISREAD:  # texts of its own, spoken by the narrator
                continue
            n_takes = TAKES_TOO_FAST if (label, size) == TOO_FAST else grades()[label][size] in ("severe", "moderate")
            for at in range(n_takes):
                name = f"{start}-{label}-{size.replace('%', 'pc').replace('.', '_')}-{at:02}"
                yield Plan(name, voice.split, label, size, cell * 7 + at, 1.0, voice.name)


def _cells() -> list[tuple[str, str]]:
    """Every class and size of defect."""
    return [(label, size) for label, sizes in grades().items() for size in sizes]


@cache
def _pool(split: str, *, hard: bool) -> list[Passage]:
    return [each for each in passages() if each.split == split and (each.kind != PLAIN) == hard]


@cache
def _voice_pool(split: str, *, hard: bool) -> list[Passage]:
    return [each for each in readings() if each.split == split and (each.kind not in PLAIN_READINGS) == hard]


@cache
def _sound_pool(split: str, *, hard: bool) -> list[Passage]:
    """Texts of the sound takes of the other voices: those that defects are put into, and further ones."""
    further = [each for each in further_readings() if each.split == split]
    return _voice_pool(split, hard=hard) + [each for each in further if (each.kind not in PLAIN_READINGS) == hard]


def build(work: Path, wanted: Sequence[Plan], workers: int) -> None:
    """Makes the missing takes and prints the progress."""
    make_folder(work / "takes")
    known = {row.id: row for row in read_index(work)} if (work / "index.jsonl").exists() else {}
    missing = [plan for plan in wanted if plan.id not in known]
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        for done, row in enumerate(pool.map(_make, missing, [work] * len(missing), chunksize=4), 1):
            if row is not None:
                known[row.id] = row
            if done % 100 == 0 or done == len(missing):
                _write_index(work, [known[plan.id] for plan in wanted if plan.id in known])
                print(f"corpus: {done}/{len(missing)} takes", flush=True)
    rows = read_index(work)
    hours = sum(row.seconds for row in rows) / 3600
    print(f"corpus: {len(rows)} takes, {hours:.2f} h of audio, {sum(row.spoilt for row in rows)} spoilt", flush=True)


def _write_index(work: Path, rows: Sequence[Labelled]) -> None:
    write_text(work / "index.jsonl", "".join(json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in rows))


def read_index(work: Path) -> list[Labelled]:
    lines = (work / "index.jsonl").read_text(encoding="utf-8").splitlines()
    return [Labelled(**json.loads(line)) for line in lines]


def take_of(row: Labelled, work: Path) -> Take:
    audio, sample_rate = read_flac(work / row.audio)
    request = TakeRequest(row.id, row.text, row.voice, 0)
    codes = codes_of(np.load(work / row.codes)["frames"]) if row.codes else None
    return Take(request, audio, sample_rate, StopReason(row.stop), 0.0, codes)


def _make(plan: Plan, work: Path) -> Labelled | None:
    """Makes a take; None if no tried passage can have the defect."""
    passage, spoilt, grade = _synthesise(plan, work)
    if spoilt is None:
        return None
    file = work / "takes" / f"{plan.id}.flac"
    write_flac(file, spoilt.audio, RATE)
    codes = file.with_suffix(".npz")
    if spoilt.frames is not None:
        with atomic_write(codes) as temporary:
            np.savez_compressed(temporary, frames=spoilt.frames)
    return Labelled(
        plan.id,
        plan.split,
        passage.text,
        plan.label,
        plan.size,
        grade,
        spoilt.detail,
        plan.pace,
        spoilt.stop.value,
        len(spoilt.audio) / RATE,
        str(file.relative_to(work)),
        str(codes.relative_to(work)) if spoilt.frames is not None else "",
        plan.voice,
    )


def _synthesise(plan: Plan, work: Path) -> tuple[Passage, Spoilt | None, str]:
    speak = speaker_of(plan.voice, work)
    find_frames = frames_of if plan.voice == NARRATOR else _no_frames
    if plan.label in (CLEAN, HARD):
        sound_pool = _pool if plan.voice == NARRATOR else _sound_pool
        passage = sound_pool(plan.split, hard=plan.label == HARD)[plan.number]
        detail = passage.kind if plan.label == HARD else ""
        audio = speak(passage.text, plan.pace)
        return passage, Spoilt(audio, StopReason.END, detail, find_frames(audio)), "none"
    if plan.label == RIGHT:
        line = _read_right(plan.split)[plan.number]
        audio = speak(line.text, plan.pace)
        passage = Passage(line.text, (line.text,), line.kind, plan.split)
        return passage, Spoilt(audio, StopReason.END, line.kind, find_frames(audio)), "none"
    if plan.label == MISREAD:
        lines = wrong_readings(plan.split)[plan.size]
        line = lines[int(plan.id[-2:]) % len(lines)]
        audio = _say(line.said, line.text, plan.pace)
        passage = Passage(line.text, (line.text,), line.kind, plan.split)
        return passage, Spoilt(audio, StopReason.END, line.detail, frames_of(audio)), grades()[plan.label][plan.size]
    pool = (_pool if plan.voice == NARRATOR else _voice_pool)(plan.split, hard=False)
    draw = np.random.default_rng(zlib.crc32(plan.id.encode()))
    for turn in range(TRIES):
        passage, other = (pool[(plan.number + turn + step) % len(pool)] for step in (0, len(pool) // 2))
        spoilt = makers()[plan.label](
            Source(passage, other, plan.pace, draw, speak, _word_starts, find_frames), plan.size
        )
        if spoilt is not None:
            return passage, spoilt, grades()[plan.label][plan.size]
    return passage, None, ""


@cache
def _voice() -> hibari.Hibari:
    return hibari.Hibari(voice=NARRATOR)


@cache
def _verbaliser() -> Verbaliser:
    return Verbaliser("en")


def _speak(text: str, pace: float) -> Audio:
    """Speaks a text as a book is spoken: in its spoken form."""
    return _say(_spoken(text), text, pace)


def speaker_of(voice: str, work: Path) -> Speak:
    """Speaks as NARRATOR or a voice of voices.toml; of the latter, what was spoken is kept in WORK."""
    return _speak if voice == NARRATOR else _in_spoken_form(speaker(voices()[voice], work))


def _in_spoken_form(speak: Speak) -> Speak:
    return lambda text, pace: speak(without_ipa(_spoken(text)), pace)


def _spoken(text: str) -> str:
    lines = [spoken_form(line, _verbaliser().verbalise(line)) for line in text.split("\n")]
    return "\n".join(without_tags(line) for line in lines)


def _say(spoken: str, text: str, pace: float) -> Audio:
    """Speaks a text as it is, with the seed of another."""
    spoken = _LONE_A.sub("[A](/ˈA/)", phonemiser_text(spoken))
    said = " ".join(spoken.split()) if "\n" not in spoken else spoken
    audio: Audio = _voice()(said, speed=pace, seed=zlib.crc32(text.encode()))
    return audio


def _no_frames(_: Audio) -> None:
    """Only the narrator's takes have codes: the codec was trained on it."""


@cache
def _recogniser() -> Recogniser:
    return Recogniser("tiny.en", "en", load_thresholds())


def _word_starts(audio: Audio) -> list[float]:
    return [word.start for word in _recogniser().transcribe(audio, RATE)]
