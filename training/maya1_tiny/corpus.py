"""Stage 1: texts and their speech. WORK/corpus has manifest.jsonl and shards of 16-bit samples at 24 kHz.

Shards are written atomically, so the stage resumes where it stopped.
"""

import json
import time
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mayabook.core.files import atomic_write, make_folder, write_text
from mayabook.core.settings import ScriptSettings
from mayabook.core.take import Audio, TakeRequest
from mayabook.core.words import words
from mayabook.maya.token_layout import SAMPLE_RATE
from mayabook.render.anchor_choice import ANCHOR_TEXT
from training.maya1_tiny import texts
from training.maya1_tiny.recipe import CorpusRecipe
from training.maya1_tiny.teachers import HEART, Teachers

SHARD = 64
"""Utterances per shard."""
CHARACTERS_PER_SECOND = 15.0
"""Approximate pace of the teacher, from which the number of texts for the requested hours is estimated."""
BOOK, TRAIN, HELD_OUT = "book", "train", "held-out"
ANCHOR = "anchor"
"""Source of the text of MayaBook's anchors, which is part of the book where there are several speakers."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """A text of the corpus: a line of the manifest."""

    text: str
    """Text as it is spoken."""
    source: str
    """Where the text is from."""
    split: str
    """BOOK, TRAIN or HELD_OUT."""
    speed: float
    """Speed of the teacher."""
    seed: int
    """Seed of the teacher, derived from the text."""
    speaker: str = HEART
    """Voice of the teacher."""


class Corpus:
    """The utterances of a work folder and their audio, read shard by shard on demand."""

    def __init__(self, work: Path) -> None:
        self.folder = work / "corpus"
        lines = (self.folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
        self.utterances = [Utterance(**json.loads(line)) for line in lines]
        self._shards: dict[int, list[NDArray[np.int16]]] = {}

    def numbers(self, *splits: str) -> list[int]:
        """Numbers of the utterances in these splits."""
        return [number for number, each in enumerate(self.utterances) if each.split in splits]

    def samples(self, number: int) -> NDArray[np.int16]:
        """Samples of an utterance as 16-bit integers."""
        shard = number // SHARD
        if shard not in self._shards:
            self._shards[shard] = _read_shard(self.folder, shard)
        return self._shards[shard][number % SHARD]

    def audio(self, number: int) -> Audio:
        """Samples in -1 to 1."""
        return np.divide(self.samples(number), 32767, dtype=np.float32)


def make(work: Path, recipe: CorpusRecipe, folders: list[Path], *, debian: bool) -> None:
    """Chooses the texts unless there is a manifest, and synthesises those that have no speech yet."""
    folder = work / "corpus"
    make_folder(folder)
    manifest = folder / "manifest.jsonl"
    if not manifest.exists():
        utterances = choose(recipe, folders, debian=debian)
        write_text(manifest, "".join(json.dumps(asdict(each), ensure_ascii=False) + "\n" for each in utterances))
    corpus = Corpus(work)
    _speak(corpus)
    _report(corpus)


def choose(recipe: CorpusRecipe, folders: list[Path], *, debian: bool) -> list[Utterance]:
    """The book, then as many other texts as fill the hours, chosen uniformly from all; each by every speaker."""
    file = texts.OWN_TEXTS / recipe.book if recipe.book else texts.SAMPLE_BOOK
    book = texts.book_chunks(file, recipe.max_chars)[: recipe.book_chunks]
    utterances = [Utterance(text, file.stem, BOOK, 1.0, _seed(text)) for text in book]
    if len(recipe.speakers) > 1:
        utterances.append(Utterance(ANCHOR_TEXT, ANCHOR, BOOK, 1.0, _seed(ANCHOR_TEXT)))
    found = texts.chunks(texts.paragraphs(folders, debian), ScriptSettings())
    known = set(book)
    others = sorted(
        (item for item in found if item[1] not in known), key=lambda item: texts.hash_fraction(item[1], "order")
    )
    room = recipe.hours * 3600 * CHARACTERS_PER_SECOND
    for source, text in others:
        room -= len(text)
        if room < 0:
            break
        split = HELD_OUT if texts.hash_fraction(text, "split") < recipe.held_out else TRAIN
        speed = recipe.speeds[int(texts.hash_fraction(text, "speed") * len(recipe.speeds))]
        utterances.append(Utterance(text, source, split, speed, _seed(text)))
    return [replace(each, speaker=speaker) for speaker in recipe.speakers for each in utterances]


def _seed(text: str) -> int:
    return zlib.crc32(text.encode())


def _speak(corpus: Corpus) -> None:
    """Synthesises the missing shards."""
    n_shards = -(-len(corpus.utterances) // SHARD)
    missing = [shard for shard in range(n_shards) if not _shard_file(corpus.folder, shard).exists()]
    if not missing:
        return
    started, seconds = time.perf_counter(), 0.0
    with Teachers() as teachers:
        for done, shard in enumerate(missing, 1):
            audio = _speak_shard(teachers, corpus.utterances[shard * SHARD : (shard + 1) * SHARD])
            _write_shard(corpus.folder, shard, audio)
            seconds += sum(map(len, audio)) / SAMPLE_RATE
            rate = seconds / (time.perf_counter() - started)
            print(f"shard {done}/{len(missing)}: {seconds / 60:.1f} min of speech, {rate:.0f}x real time", flush=True)


def _speak_shard(teachers: Teachers, utterances: Sequence[Utterance]) -> list[NDArray[np.int16]]:
    takes: dict[int, Audio] = {}
    for speaker in sorted({each.speaker for each in utterances}):
        teacher = teachers[speaker]
        requests = [
            TakeRequest(str(number), each.text, teacher.voice, each.seed, sampling={"speed": each.speed})
            for number, each in enumerate(utterances)
            if each.speaker == speaker
        ]
        takes |= {int(take.request.key): take.audio for take in teacher.generate(requests)}
    return [np.round(np.clip(takes[number], -1, 1) * 32767).astype(np.int16) for number in range(len(utterances))]


def _shard_file(folder: Path, shard: int) -> Path:
    return folder / f"speech-{shard:05}.npz"


def _write_shard(folder: Path, shard: int, audio: Sequence[NDArray[np.int16]]) -> None:
    with atomic_write(_shard_file(folder, shard)) as temporary:
        np.savez(temporary, samples=np.concatenate(audio), lengths=np.asarray([len(each) for each in audio]))


def _read_shard(folder: Path, shard: int) -> list[NDArray[np.int16]]:
    with np.load(_shard_file(folder, shard)) as arrays:
        return np.split(arrays["samples"], np.cumsum(arrays["lengths"])[:-1])


def _report(corpus: Corpus) -> None:
    for split in (BOOK, TRAIN, HELD_OUT):
        numbers = corpus.numbers(split)
        seconds = sum(len(corpus.samples(number)) for number in numbers) / SAMPLE_RATE
        print(f"{split}: {len(numbers)} texts, {seconds / 60:.1f} min", flush=True)
    print(f"sources: {dict(Counter(each.source for each in corpus.utterances))}")
    spoken = {split: Counter(_words(corpus, split)) for split in (BOOK, TRAIN, HELD_OUT)}
    trained = spoken[BOOK] + spoken[TRAIN]
    unseen = [word for word in spoken[HELD_OUT] if word not in trained]
    print(
        f"words: {trained.total():,} trained, {len(trained):,} of them different; "
        f"{len(spoken[HELD_OUT]):,} different held out, {len(unseen):,} of these never trained"
    )


def _words(corpus: Corpus, split: str) -> Iterator[str]:
    for number in corpus.numbers(split):
        yield from (word.lower() for word in words(corpus.utterances[number].text))
