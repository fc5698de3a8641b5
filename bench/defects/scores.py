"""Stage 2: what the checks see in each take. WORK/scores.jsonl, a row for each.

Limits change no score, so that rows stand until the checks themselves are changed.
"""

import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.defects.corpus import Labelled, take_of
from mayabook.checks import Checker
from mayabook.checks.scoring import Examination
from mayabook.core.settings import CheckSettings

NOT_SEEN = -np.inf
"""The value of a detector that gives no score."""


@dataclass(frozen=True, slots=True)
class Examined:
    """values: the highest of each detector. kinds: of finding, by detector."""

    id: str
    checks: str
    values: dict[str, float]
    kinds: dict[str, str]
    transcript: str
    errors: int
    n_words: int

    @property
    def wer(self) -> float:
        return self.errors / max(1, self.n_words)


def score(work: Path, rows: Sequence[Labelled], workers: int) -> dict[str, Examined]:
    """Examines what has not been; prints how far it is. By id."""
    file, identity = work / "scores.jsonl", _identity()
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    stored = [Examined(**json.loads(line)) for line in lines if line.endswith("}")]
    known = {row.id: row for row in stored if row.checks == identity}
    missing = [row for row in rows if row.id not in known]
    fresh = ProcessPoolExecutor(workers, get_context("spawn"))  # a recogniser does not outlive a fork
    with file.open("a" if known else "w", encoding="utf-8") as out, fresh as pool:
        examined = pool.map(_examine, missing, [work] * len(missing), [identity] * len(missing), chunksize=4)
        for done, row in enumerate(examined, 1):
            known[row.id] = row
            out.write(json.dumps(asdict(row), ensure_ascii=False) + "\n")
            out.flush()
            if done % 100 == 0 or done == len(missing):
                print(f"scores: {done}/{len(missing)} takes", flush=True)
    return {row.id: known[row.id] for row in rows}


def matrix(examined: Sequence[Examined], detectors: Sequence[str]) -> NDArray[np.float64]:
    """Values, shape (n_takes, n_detectors)."""
    return np.array([[row.values.get(name, NOT_SEEN) for name in detectors] for row in examined], np.float64)


def examine(row: Labelled, work: Path) -> Examination:
    return checker().examine(take_of(row, work), row.chunk)


@cache
def checker() -> Checker:
    return Checker(CheckSettings())


def _examine(row: Labelled, work: Path, identity: str) -> Examined:
    found = examine(row, work)
    values: dict[str, float] = {}
    for score in found.scores:
        values[score.detector] = max(values.get(score.detector, NOT_SEEN), score.value)
    kinds = {score.detector: score.kind.value for score in found.scores}
    return Examined(row.id, identity, values, kinds, found.transcript, found.errors, found.n_words)


def _identity() -> str:
    """Of all that changes a score: recogniser, rules and every figure but the limits."""
    ours = checker()
    figures = asdict(ours.thresholds)
    del figures["limits"], figures["digest"]
    digest = hashlib.sha256(json.dumps(figures, sort_keys=True).encode()).hexdigest()[:12]
    return ours.identity.replace(ours.thresholds.digest, digest)
