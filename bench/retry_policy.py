"""What the retry policy makes of an engine that is often wrong: the narrator, with severe defects put into its takes.

    python -m bench.retry_policy                 500 chunks, every fifth take spoilt; hours on two cores
    python -m bench.retry_policy --chunks 60     a glance
    --work FOLDER                          where takes are kept; a run that was stopped goes on (build/retry_policy)

Of all texts, STUBBORN are spoilt whenever they are spoken as a whole, and HOPELESS whatever is spoken of them; the rest
by chance, in every take anew. The checks are the real ones. Every figure comes from the ledger.
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
from mayabook.render import Job, PlannedChunk, Renderer, content_key
from mayabook.render.ledger import RetryStep, StoredTake

SPOILT = 0.2
"""Share of takes that are spoilt by chance."""
STUBBORN, HOPELESS = 0.02, 0.01
"""Shares of texts."""
LEAST_WORDS = 24
"""Sentences are put together until a chunk has so many."""
BEHIND = ("tail", "loop", "stutter", "capped nothing-lost")
"""Of what is done to a take, all that trimming can cure."""
SEVERE = [(label, size) for label, sizes in grades().items() for size, grade in sizes.items() if grade == "severe"]


class SpoilingNarrator:
    """Fulfils `mayabook.engines.Engine`. What was done to a take stands in its detail; it is a pure function of text
    and attempt."""

    name, sample_rate = "spoiling narrator", Narrator.sample_rate

    def __init__(self, texts: Sequence[Passage], checker: Checker) -> None:
        """texts: all that are spoken as a whole."""
        self._narrator = Narrator(NarratorSettings(workers=1))
        self._voice, self._checker = hibari.Hibari(), checker
        self._known = {text.text: text for text in texts}
        self._texts = texts
        self._hopeless = {
            part for text in texts if _chance("fate", text.text) < HOPELESS for part in (text.text, *text.sentences)
        }
        self.voice = self.credit = self._narrator.voice
        self.identity = f"spoilt {SPOILT} {STUBBORN} {HOPELESS} {self._narrator.identity}"

    def generate(self, requests: Iterable[TakeRequest]) -> Generator[Take, None, None]:
        for take in self._narrator.generate(requests):
            yield self._spoil(take) if self._unlucky(take.request) else take

    def _unlucky(self, request: TakeRequest) -> bool:
        text = request.text
        stubborn = text in self._known and _chance("fate", text) < HOPELESS + STUBBORN
        return stubborn or text in self._hopeless or _chance("luck", text, request.attempt) < SPOILT

    def _spoil(self, take: Take) -> Take:
        request = take.request
        draw = np.random.default_rng(zlib.crc32(f"{request.text}{request.attempt}".encode()))
        passage = self._known.get(request.text) or Passage(request.text, (request.text,), PLAIN, "")
        others = [text for text in self._texts if not {*text.sentences} & {*passage.sentences}]
        other = others[int(draw.integers(len(others)))]
        source = Source(passage, other, float(request.sampling["speed"]), draw, self._speak, self._edges, _no_codes)
        for at in draw.permutation(len(SEVERE)):
            label, size = SEVERE[at]
            made: Spoilt | None = makers()[label](source, size)
            if made is not None:
                return replace(take, audio=made.audio, stop=made.stop, detail=f"{label} {size}")
        raise AssertionError("silence can be put anywhere")

    def _speak(self, text: str, pace: float) -> Audio:
        audio: Audio = self._voice(text, speed=pace, seed=0)
        return audio

    def _edges(self, audio: Audio) -> list[float]:
        return [word.start for word in self._checker.transcribe(audio, RATE)]

    def sampling(self, attempt: int) -> Sampling:
        return self._narrator.sampling(attempt)

    def unsupported_reason(self, text: str) -> str | None:
        return self._narrator.unsupported_reason(text)

    def close(self) -> None:
        self._narrator.close()


def _no_codes(audio: Audio) -> None:
    """The narrator has none."""


def _chance(*what: object) -> float:
    """A number below 1 that depends on nothing else."""
    return float(np.random.default_rng(zlib.crc32(repr(what).encode())).random())


def texts_of(n_chunks: int) -> list[Passage]:
    """Sentences of the corpus's test split, in ever new company."""
    pool = [text for each in passages() if each.kind == PLAIN and each.split == "test" for text in each.sentences]
    found: dict[str, Passage] = {}
    turn = 0
    while len(found) < n_chunks:
        random.Random(turn).shuffle(shuffled := list(pool))
        turn += 1
        company: list[str] = []
        for sentence in shuffled:
            company.append(sentence)
            if len(company) > 1 and len(" ".join(company).split()) >= LEAST_WORDS:
                found[" ".join(company)] = Passage(" ".join(company), tuple(company), PLAIN, "test")
                company = []
    return list(found.values())[:n_chunks]


def planned(texts: Sequence[Passage], engine: Engine) -> list[PlannedChunk]:
    plan = []
    for at, text in enumerate(texts):
        spans = tuple(Sentence(sentence, Span(0, 0, len(sentence))) for sentence in text.sentences)
        chunk = Chunk(at, 1, spans, text.text, Pause.PARAGRAPH)
        plan.append(PlannedChunk(at + 1, content_key(engine, chunk), "One", chunk))
    return plan


@dataclass(frozen=True, slots=True)
class Fate:
    """A chunk at the end. spoilt: what was done to its first take. wrong: what was done to the kept one, or to a part
    that it is joined from, or is no better for having been trimmed. cut: what was done to a take that trimming or
    patching cut it out of. exact: every word was heard as written."""

    number: int
    kept: StoredTake
    first: StoredTake
    wrong: str
    cut: str
    exact: bool


def fate(item: PlannedChunk, job: Job, checks: str) -> Fate:
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
    wrong += [detail for detail in cut if kept.step == RetryStep.TRIM and not detail.startswith(BEHIND)]
    return Fate(item.number, kept, first, _listed(wrong), _listed(cut), not verdict.errors)


def _listed(details: Iterable[str]) -> str:
    return ", ".join(filter(None, details))


def report(fates: Sequence[Fate]) -> None:
    n = len(fates)
    spoilt = [each for each in fates if each.first.detail]
    missed = [each for each in spoilt if each.first.accepted]
    alarms = [each for each in fates if not each.first.detail and not each.first.accepted]
    left = [each for each in fates if not each.kept.is_good]
    wrong = [each for each in fates if each.kept.is_good and each.wrong]
    cut = [each for each in fates if each.kept.is_good and each.cut]
    print(f"chunks                                {n}")
    print(f"first takes spoilt                    {len(spoilt)}, {len(missed)} of them accepted")
    print(f"first takes without a defect          {n - len(spoilt)}, {len(alarms)} of them rejected")
    for step, count in Counter(each.kept.step for each in fates if each.kept.is_good).most_common():
        print(f"  {'accepted as' if step == RetryStep.FIRST else 'repaired by':<12}{step.label:<24}{count}")
    print(f"left for a person                     {share(len(left), n)}")
    print(f"accepted with a defect                {share(len(wrong), n)}")
    print(f"accepted, the defect cut out          {len(cut)}, {sum(each.exact for each in cut)} heard word for word")
    for name, found in (("left", left), ("wrong", wrong), ("not exact", [each for each in cut if not each.exact])):
        for each in found:
            print(f"  {name}: {each.number}, {each.kept.step}, {each.kept.file.name}: {each.wrong or each.cut}")


def share(count: int, n: int) -> str:
    """With the 95 % interval after Wilson."""
    interval = binomtest(count, n).proportion_ci(method="wilson")
    return f"{count} ({count / n:.2%}, interval {interval.low:.2%} to {interval.high:.2%})"


def tell(progress: RenderProgress) -> None:
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
        closing(Narrator(NarratorSettings(workers=1))) as sound,
        Job(arguments.work / "job.mayabook") as job,
    ):
        plan = planned(texts, engine)
        job.ledger.set_plan(plan)
        Renderer(job, plan, engine, checker, RetrySettings(engine="narrator"), tell, lambda: sound).run()
        print(file=sys.stderr)
        report([fate(item, job, checker.identity) for item in plan])


if __name__ == "__main__":
    main()
