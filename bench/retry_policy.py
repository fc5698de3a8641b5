"""Measures how the retry policy copes with an unreliable engine: the narrator, with severe defects put into its takes.

    python -m bench.retry_policy                 500 chunks, every fifth take spoilt; hours on two cores
    python -m bench.retry_policy --chunks 60     a quick look
    --work FOLDER                                folder of the takes, by default build/retry_policy; runs resume

A take is spoilt at random, independently of other takes of its text. The share STUBBORN of the texts is spoilt whenever
the whole text is synthesised, and the share HOPELESS also when parts of it are. The checks are the real ones, and all
figures come from the ledger.
"""

import argparse
import random
import sys
import zlib
from collections import Counter
from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import hibari
import numpy as np
from scipy.stats import binomtest

from bench.defects.corpus import grades
from bench.defects.passages import PLAIN, Passage, passages
from bench.defects.spoil import RATE, Source, Spoilt, makers
from mayabook.checks import Checker
from mayabook.core.chunk import Chunk, Pause, Sentence, Span
from mayabook.core.events import RenderProgress
from mayabook.core.settings import CheckSettings, NarratorSettings, RetrySettings
from mayabook.core.take import Audio, Sampling, Take, TakeRequest
from mayabook.engines import Engine
from mayabook.engines.narrator import Narrator
from mayabook.render import Job, LocalExecutor, PlannedChunk, Renderer, content_key
from mayabook.render.ledger import RetryStep, StoredTake

SPOILT = 0.2
"""Share of takes that are spoilt at random."""
STUBBORN, HOPELESS = 0.02, 0.01
"""Shares of texts whose takes are always spoilt: as a whole only, and also in parts."""
LEAST_WORDS = 24
"""Fewest words of a chunk; sentences are joined until it has them."""
TRIMMABLE = ("tail", "loop", "stutter", "capped nothing-lost")
"""Prefixes of the defects that trimming can repair."""
SEVERE = [(label, size) for label, sizes in grades().items() for size, grade in sizes.items() if grade == "severe"]


class SpoilingNarrator:
    """A `mayabook.engines.Engine` whose takes may have a defect, which their `detail` names.

    Whether and how a take is spoilt is a pure function of text and attempt.
    """

    name, sample_rate = "spoiling narrator", Narrator.sample_rate

    def __init__(self, texts: Sequence[Passage], checker: Checker) -> None:
        """texts: of the chunks, as a whole."""
        self._narrator = Narrator(NarratorSettings(workers=1))
        self._voice, self._checker = hibari.Hibari(), checker
        self._passages = {text.text: text for text in texts}
        self._texts = texts
        self._hopeless = {
            part for text in texts if _chance("fate", text.text) < HOPELESS for part in (text.text, *text.sentences)
        }
        self.voice = self.credit = self._narrator.voice
        self.identity = f"spoilt {SPOILT} {STUBBORN} {HOPELESS} {self._narrator.identity}"
        self.platform = self._narrator.platform

    def generate(self, requests: Iterable[TakeRequest]) -> Generator[Take, None, None]:
        for take in self._narrator.generate(requests):
            yield self._spoil(take) if self._is_spoilt(take.request) else take

    def _is_spoilt(self, request: TakeRequest) -> bool:
        text = request.text
        stubborn = text in self._passages and _chance("fate", text) < HOPELESS + STUBBORN
        return stubborn or text in self._hopeless or _chance("luck", text, request.attempt) < SPOILT

    def _spoil(self, take: Take) -> Take:
        request = take.request
        draw = np.random.default_rng(zlib.crc32(f"{request.text}{request.attempt}".encode()))
        passage = self._passages.get(request.text) or Passage(request.text, (request.text,), PLAIN, "")
        others = [text for text in self._texts if not {*text.sentences} & {*passage.sentences}]
        other = others[int(draw.integers(len(others)))]
        source = Source(
            passage, other, float(request.sampling["speed"]), draw, self._speak, self._word_starts, _no_codes
        )
        for at in draw.permutation(len(SEVERE)):
            label, size = SEVERE[at]
            made: Spoilt | None = makers()[label](source, size)
            if made is not None:
                return replace(take, audio=made.audio, stop=made.stop, detail=f"{label} {size}")
        raise AssertionError("silence can be put anywhere")

    def _speak(self, text: str, pace: float) -> Audio:
        audio: Audio = self._voice(text, speed=pace, seed=0)
        return audio

    def _word_starts(self, audio: Audio) -> list[float]:
        return [word.start for word in self._checker.transcribe(audio, RATE)]

    def sampling(self, attempt: int) -> Sampling:
        return self._narrator.sampling(attempt)

    def unsupported_reason(self, text: str) -> str | None:
        return self._narrator.unsupported_reason(text)

    def close(self) -> None:
        self._narrator.close()


def _no_codes(audio: Audio) -> None:
    """The narrator has no codes."""


def _chance(*what: object) -> float:
    """A number in [0, 1) that depends on the arguments alone."""
    return float(np.random.default_rng(zlib.crc32(repr(what).encode())).random())


def texts_of(n_chunks: int) -> list[Passage]:
    """Chunks of sentences from the corpus's test split, combined anew until there are n_chunks."""
    pool = [text for each in passages() if each.kind == PLAIN and each.split == "test" for text in each.sentences]
    found: dict[str, Passage] = {}
    turn = 0
    while len(found) < n_chunks:
        random.Random(turn).shuffle(shuffled := list(pool))
        turn += 1
        sentences: list[str] = []
        for sentence in shuffled:
            sentences.append(sentence)
            if len(sentences) > 1 and len(" ".join(sentences).split()) >= LEAST_WORDS:
                found[" ".join(sentences)] = Passage(" ".join(sentences), tuple(sentences), PLAIN, "test")
                sentences = []
    return list(found.values())[:n_chunks]


def plan_chunks(texts: Sequence[Passage], engine: Engine) -> list[PlannedChunk]:
    plan = []
    for at, text in enumerate(texts):
        spans = tuple(Sentence(sentence, Span(0, 0, len(sentence))) for sentence in text.sentences)
        chunk = Chunk(at, 1, spans, text.text, Pause.PARAGRAPH)
        plan.append(PlannedChunk(at + 1, content_key(engine, chunk), "One", chunk))
    return plan


@dataclass(frozen=True, slots=True)
class Outcome:
    """The state of a chunk after rendering."""

    number: int
    """Number of the chunk."""
    kept: StoredTake
    """The take that goes into the audiobook."""
    first: StoredTake
    """Its first take."""
    wrong: str
    """Defects of the kept take, or of the takes that it is joined from, that were not repaired."""
    cut: str
    """Defects of takes that the kept one was trimmed or patched from."""
    exact: bool
    """Whether the transcript has every word as written."""


def outcome_of(item: PlannedChunk, job: Job, checks: str) -> Outcome:
    ledger = job.ledger
    first, kept = ledger.takes(item.key, checks)[0], ledger.kept(item.key, checks)
    assert kept is not None
    verdict = ledger.verdict(kept, checks)
    assert verdict is not None
    sources = {
        take.file.name: take
        for name in kept.made_of
        for take in ledger.takes(name.rpartition("-")[0], checks)
        if take.file.name == name
    }
    wrong = [kept.detail, *(take.detail for take in sources.values() if take.step == RetryStep.PART)]
    cut = [take.detail for take in sources.values() if take.step != RetryStep.PART]
    wrong += [detail for detail in cut if kept.step == RetryStep.TRIM and not detail.startswith(TRIMMABLE)]
    return Outcome(item.number, kept, first, _listed(wrong), _listed(cut), not verdict.errors)


def _listed(details: Iterable[str]) -> str:
    return ", ".join(filter(None, details))


def report(outcomes: Sequence[Outcome]) -> None:
    n = len(outcomes)
    spoilt = [each for each in outcomes if each.first.detail]
    missed = [each for each in spoilt if each.first.accepted]
    alarms = [each for each in outcomes if not each.first.detail and not each.first.accepted]
    left = [each for each in outcomes if not each.kept.is_good]
    wrong = [each for each in outcomes if each.kept.is_good and each.wrong]
    cut = [each for each in outcomes if each.kept.is_good and each.cut]
    print(f"chunks                                {n}")
    print(f"first takes spoilt                    {len(spoilt)}, {len(missed)} of them accepted")
    print(f"first takes without a defect          {n - len(spoilt)}, {len(alarms)} of them rejected")
    for step, count in Counter(each.kept.step for each in outcomes if each.kept.is_good).most_common():
        print(f"  {'accepted as' if step == RetryStep.FIRST else 'repaired by':<12}{step.label:<24}{count}")
    print(f"left for a person                     {share(len(left), n)}")
    print(f"accepted with a defect                {share(len(wrong), n)}")
    print(f"accepted, the defect cut out          {len(cut)}, {sum(each.exact for each in cut)} heard word for word")
    for name, found in (("left", left), ("wrong", wrong), ("not exact", [each for each in cut if not each.exact])):
        for each in found:
            print(f"  {name}: {each.number}, {each.kept.step}, {each.kept.file.name}: {each.wrong or each.cut}")


def share(count: int, n: int) -> str:
    """A count, its share of n, and the 95 % Wilson interval of the share."""
    interval = binomtest(count, n).proportion_ci(method="wilson")
    return f"{count} ({count / n:.2%}, interval {interval.low:.2%} to {interval.high:.2%})"


def print_progress(progress: RenderProgress) -> None:
    print(f"\r{progress.done_chunks} of {progress.n_chunks}", end="", file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--chunks", type=int, default=500)
    parser.add_argument("--work", type=Path, default=Path("build/retry_policy"))
    arguments = parser.parse_args()
    checker = Checker(CheckSettings())
    texts = texts_of(arguments.chunks)
    with (
        closing(SpoilingNarrator(texts, checker)) as engine,
        closing(Narrator(NarratorSettings(workers=1))) as fallback,
        Job(arguments.work / "job.mayabook") as job,
    ):
        plan = plan_chunks(texts, engine)
        job.ledger.set_plan(plan)
        executor, retry = LocalExecutor(engine), RetrySettings(engine="narrator")
        Renderer(job, plan, executor, checker, retry, print_progress, lambda: LocalExecutor(fallback)).run()
        print(file=sys.stderr)
        report([outcome_of(item, job, checker.identity) for item in plan])


if __name__ == "__main__":
    main()
