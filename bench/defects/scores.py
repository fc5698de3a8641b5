"""Stage 2: scores each take by the checks: WORK/scores.jsonl, a row for each.

Scores do not depend on the thresholds, so rows stay valid until the checks themselves change.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from bench.defects.corpus import CLEAN, Labelled, take_of
from mayabook.checks import Checker
from mayabook.checks.recogniser import COMPUTE_TYPE, EncodedWindow, ForcedAlignment, Recogniser
from mayabook.checks.voice_reference import UNKNOWN_VOICE, VoiceReference
from mayabook.core.settings import CheckSettings

NOT_SEEN = -np.inf
"""The value of a detector that gives no score."""


@dataclass(frozen=True, slots=True)
class Examined:
    """Scores of a take: a row of the file."""

    id: str
    """Id of the take."""
    checks: str
    """Identity of the checks, without their thresholds."""
    values: dict[str, float]
    """By measure: its highest score."""
    kinds: dict[str, str]
    """By measure: the kind of its finding."""
    transcript: str
    """ASR transcript."""
    errors: int
    """Word errors of the transcript."""
    n_words: int
    """Words of the text."""
    log_probabilities: tuple[float, ...] = ()
    """Of each word that was force-aligned, in nats."""

    @property
    def wer(self) -> float:
        return self.errors / max(1, self.n_words)


def score(
    work: Path,
    rows: Sequence[Labelled],
    workers: int,
    file: Path | None = None,
    compute_type: str = COMPUTE_TYPE,
) -> dict[str, Examined]:
    """Scores the takes that have no scores yet and prints the progress. Returns all scores by id.

    file: of the scores; by default WORK/scores.jsonl. compute_type: number format of the ASR.
    """
    file, of_voices = file or work / "scores.jsonl", measured_voices(rows, work, compute_type)
    identities = {name: f"{_identity(compute_type)}, {_digest(voice.to_json())}" for name, voice in of_voices.items()}
    voice_of = {row.id: row.voice for row in rows}
    known = {row.id: row for row in stored(file) if row.checks == identities.get(voice_of.get(row.id, ""))}
    missing = [row for row in rows if row.id not in known]
    fresh = ProcessPoolExecutor(workers, get_context("spawn"))  # a recogniser does not outlive a fork
    with fresh as pool:
        look = partial(_examine, work=work, compute_type=compute_type)
        examined = pool.map(look, [(row, identities[row.voice], of_voices[row.voice]) for row in missing], chunksize=4)
        keep_rows(file, known, examined, len(missing), "scores")
    return {row.id: known[row.id] for row in rows}


class HasId(Protocol):
    """A row of a file: a dataclass."""

    @property
    def id(self) -> str: ...


Kept = TypeVar("Kept", bound=HasId)


def keep_rows(file: Path, known: dict[str, Kept], rows: Iterable[Kept], n_rows: int, name: str) -> None:
    """Adds rows to `known` and to the file, a line each, as they come, and prints the progress.

    known: the rows of the file that stay; without any, the file begins anew. name: what the progress calls the rows.
    """
    with file.open("a" if known else "w", encoding="utf-8") as out:
        for done, row in enumerate(rows, 1):
            known[row.id] = row
            out.write(json.dumps(asdict(row), ensure_ascii=False) + "\n")  # type: ignore[call-overload]
            out.flush()
            if done % 100 == 0 or done == n_rows:
                print(f"{name}: {done}/{n_rows} takes", flush=True)


def measured_voices(
    rows: Sequence[Labelled], work: Path, compute_type: str = COMPUTE_TYPE
) -> dict[str, VoiceReference]:
    """Each voice by its name, from its first clean takes, one of each text.

    The speaker is left out: `bench.speaker` measures that check, on more voices.
    """
    ours = checker(compute_type)
    found = {}
    for voice in dict.fromkeys(row.voice for row in rows):
        clean = [row for row in rows if (row.voice, row.label, row.pace) == (voice, CLEAN, 1.0)]
        chosen = [clean[at] for at in ours.reference_chunks(row.chunk for row in clean)]
        takes = ((take_of(row, work), row.chunk) for row in chosen)
        found[voice] = ours.measure_voice(
            ((take.audio, take.sample_rate, chunk) for take, chunk in takes), with_speaker=False
        )
    return found


def stored(file: Path) -> list[Examined]:
    """The rows of a file of scores, also those of other checks; empty if there is no file."""
    return [Examined(**row) for row in stored_rows(file)]


def stored_rows(file: Path) -> list[dict[str, Any]]:
    """The rows that `keep_rows` wrote, without an incomplete last line (the program was killed)."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return [json.loads(line) for line in lines if line.endswith("}")]


def matrix(examined: Sequence[Examined], detectors: Sequence[str]) -> NDArray[np.float64]:
    """Values, shape (n_takes, n_detectors)."""
    return np.array([[row.values.get(name, NOT_SEEN) for name in detectors] for row in examined], np.float64)


@cache
def checker(compute_type: str = COMPUTE_TYPE) -> Checker:
    return Checker(CheckSettings(), compute_type=compute_type)


def _examine(task: tuple[Labelled, str, VoiceReference], work: Path, compute_type: str) -> Examined:
    row, identity, voice = task
    return examine(row, work, identity, compute_type, voice)


def examine(
    row: Labelled,
    work: Path,
    identity: str = "",
    compute_type: str = COMPUTE_TYPE,
    voice: VoiceReference = UNKNOWN_VOICE,
) -> Examined:
    """Scores a take. identity: of the checks, stored with the scores. voice: see `measured_voices`."""
    ours = checker(compute_type)
    log_probabilities: list[float] = []

    def force_align(window: EncodedWindow, text: Sequence[str]) -> list[ForcedAlignment]:
        aligned = Recogniser.force_align(ours._recogniser, window, text)
        log_probabilities.extend(round(word.log_probability, 6) for word in aligned)
        return aligned

    ours._recogniser.force_align = force_align  # type: ignore[method-assign]
    found = ours.examine(take_of(row, work), row.chunk, voice)
    values: dict[str, float] = {}
    for score in found.scores:
        values[score.detector] = max(values.get(score.detector, NOT_SEEN), score.value)
    kinds = {score.detector: score.kind.value for score in found.scores}
    told = found.transcript, found.errors, found.n_words
    return Examined(row.id, identity, values, kinds, *told, tuple(log_probabilities))


def _identity(compute_type: str) -> str:
    """Identity of all that scores depend on: ASR model, rules, and all figures but the rejection thresholds."""
    ours = checker(compute_type)
    figures = asdict(ours.thresholds)
    del figures["rejection"], figures["digest"]
    del figures["prompt_leaks"], figures["speaker"]  # no take of the corpus has a description; see `measured_voices`
    return ours.identity.replace(ours.thresholds.digest, _digest(json.dumps(figures, sort_keys=True)))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
