"""Measures `prompt_leak` on takes in which the description of the voice is spoken, and on takes without, whose texts
share words with it.

A take is a pure function of its id. Takes and verdicts are kept in WORK; after a change of the checks, takes are judged
again.
"""

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import count, islice
from multiprocessing import get_context
from pathlib import Path

from bench.defects import scores
from bench.defects.corpus import NARRATOR, chunk_of, speaker_of
from bench.defects.passages import PLAIN_READINGS, readings, sentences_of
from bench.defects.spoil import RATE
from mayabook.checks.scoring import REJECTION_WEIGHT
from mayabook.checks.text_normalisation import plain_tokens
from mayabook.checks.word_checks import FUNCTION_WORDS
from mayabook.core.audio_files import read_flac, write_flac
from mayabook.core.files import make_folder
from mayabook.core.take import StopReason, Take, TakeRequest
from mayabook.engines.token_budget import token_budget
from mayabook.lab.statistics import wilson_interval
from mayabook.maya.token_layout import TOKENS_PER_SECOND

NO_LEAK = "none"
MEASURE = "prompt_leak"
TAKES: Mapping[str, int] = {
    NARRATOR: 105,
    "rms": 25,
    "awb": 25,
    "slt": 25,
    "af_bella": 5,
    "am_fenrir": 5,
    "bf_emma": 5,
    "bm_george": 5,
}
"""Takes with a leak of each voice, and as many without."""
PACES = (1.0, 0.92, 1.08)

Sentences = list[str]
FORMS: Mapping[str, Callable[[str, Sentences], Sentences]] = {
    "the whole, before the text": lambda description, text: [description, *text],
    "the first sentence, before the text": lambda description, text: [sentences_of(description)[0], *text],
    "the last words, before the text": lambda description, text: [_last_words(description), *text],
    "the whole, for the first sentence": lambda description, text: [description, *text[1:]],
    "the last words, for the last sentence": lambda description, text: [*text[:-1], _last_words(description)],
}
"""Which part of the description is spoken, and where: (description, sentences of the text) to what is spoken."""


@dataclass(frozen=True, slots=True)
class LeakTake:
    """A take to make. form: a key of FORMS, or NO_LEAK. said: what is spoken."""

    id: str
    voice: str
    form: str
    description: str
    text: str
    said: str
    pace: float


@dataclass(frozen=True, slots=True)
class JudgedTake:
    """The verdict on a take. weights: of its findings, by measure. checks: identity of the checks."""

    id: str
    checks: str
    seconds: float
    accepted: bool
    weights: dict[str, float]
    transcript: str

    @property
    def has_leak(self) -> bool:
        """Whether `prompt_leak` rejects it."""
        return self.weights.get(MEASURE, 0.0) >= REJECTION_WEIGHT


def takes() -> list[LeakTake]:
    """With and without a leak in turn, so that the first few are of both kinds."""
    found = []
    for voice, n_takes in TAKES.items():
        leaking = islice(_leaking(voice), n_takes)
        found += [take for pair in zip(leaking, _sharing(voice, n_takes), strict=True) for take in pair]
    return found


def _leaking(voice: str) -> Iterator[LeakTake]:
    """Each form in turn, on texts that share words with the description and on others."""
    descriptions, shared = _listed("descriptions"), _listed("texts")
    plain = [" ".join(each.sentences[:2]) for each in readings() if each.kind in PLAIN_READINGS]
    for number in count():
        turn, (form, leak) = number // len(FORMS), list(FORMS.items())[number % len(FORMS)]
        pool = (plain, shared)[turn % 2]
        text = pool[(number + list(TAKES).index(voice)) % len(pool)]
        description = descriptions[number % len(descriptions)] if turn % 2 == 0 else nearest_description(text)
        said = " ".join(leak(description, list(sentences_of(text))))
        pace = PACES[turn % len(PACES)]
        yield LeakTake(f"{voice}-leak-{number:03}", voice, form, description, text, said, pace)


def _sharing(voice: str, n_takes: int) -> list[LeakTake]:
    texts = _listed("texts")
    found = []
    for number in range(n_takes):
        text, pace = texts[number % len(texts)], PACES[number // len(texts) % len(PACES)]
        found.append(LeakTake(f"{voice}-none-{number:03}", voice, NO_LEAK, nearest_description(text), text, text, pace))
    return found


@cache
def _listed(name: str) -> list[str]:
    table = tomllib.loads(files(__package__).joinpath("prompt_leaks.toml").read_text(encoding="utf-8"))
    listed: list[str] = table[name]
    return listed


def nearest_description(text: str) -> str:
    """The description that shares most words with a text."""
    return max(_listed("descriptions"), key=lambda description: len(shared_words(text, description)))


def shared_words(text: str, description: str) -> set[str]:
    """Content words of both."""
    return set(plain_tokens(text)) & set(plain_tokens(description)) - FUNCTION_WORDS


def _last_words(description: str) -> str:
    """What follows the last comma, as a sentence."""
    words = description.rpartition(", ")[2]
    return words[0].upper() + words[1:]


def judge(wanted: Sequence[LeakTake], work: Path, workers: int) -> dict[str, JudgedTake]:
    """Makes the missing takes, judges those that these checks have not judged yet, and prints the progress."""
    make_folder(work / "takes")
    file, checks = work / "verdicts.jsonl", scores.checker().identity
    judged = (JudgedTake(**row) for row in scores.stored_rows(file))
    known = {row.id: row for row in judged if row.checks == checks}
    missing = [take for take in wanted if take.id not in known]
    fresh = ProcessPoolExecutor(workers, get_context("spawn"))  # a recogniser does not outlive a fork
    with fresh as pool:
        verdicts = pool.map(judge_take, missing, [work] * len(missing))
        scores.keep_rows(file, known, verdicts, len(missing), "prompt leaks")
    return {take.id: known[take.id] for take in wanted}


def judge_take(take: LeakTake, work: Path) -> JudgedTake:
    file = work / "takes" / f"{take.id}.flac"
    if not file.is_file():
        write_flac(file, speaker_of(take.voice, work)(take.said, take.pace), RATE)
    audio, sample_rate = read_flac(file)
    spoken = Take(TakeRequest(take.id, take.text, take.description, 0), audio, sample_rate, StopReason.END, 0.0)
    checker = scores.checker()
    verdict = checker.check(spoken, chunk_of(take.text), thorough=False)
    weights: dict[str, float] = {}
    for finding in verdict.findings:
        weights[finding.detector] = max(weights.get(finding.detector, 0.0), finding.weight)
    return JudgedTake(
        take.id, checker.identity, len(audio) / sample_rate, verdict.accepted, weights, verdict.transcript
    )


def leak_table(wanted: Sequence[LeakTake], judged: Mapping[str, JudgedTake]) -> str:
    """Markdown: by form, and by voice, takes in which `prompt_leak` was found."""
    leaks = [take for take in wanted if take.form != NO_LEAK]
    clean = [take for take in wanted if take.form == NO_LEAK]
    lines = ["| spoken of the description | takes | `prompt_leak` | 95 % interval | rejected | over the token budget |"]
    lines.append("|---|---|---|---|---|---|")
    groups = {form: [take for take in leaks if take.form == form] for form in FORMS}
    groups |= {"any of it": leaks, "nothing, but the text shares words with it": clean}
    for name, group in groups.items():
        rows = [judged[take.id] for take in group]
        n_found, n_rejected = sum(row.has_leak for row in rows), sum(not row.accepted for row in rows)
        tokens = [row.seconds * TOKENS_PER_SECOND for row in rows]
        n_long = sum(n > token_budget(take.text) for n, take in zip(tokens, group, strict=True))
        bounds = wilson_interval(n_found, len(group))
        shares = f"{n_found} ({n_found / len(group):.1%}) | {bounds.low:.1%} to {bounds.high:.1%}"
        lines.append(f"| {name} | {len(group)} | {shares} | {n_rejected} | {n_long} |")
    lines += ["", "| voice | leaks found | false alarms |", "|---|---|---|"]
    for voice in TAKES:
        hits = [judged[take.id].has_leak for take in leaks if take.voice == voice]
        alarms = [judged[take.id].has_leak for take in clean if take.voice == voice]
        lines.append(f"| {voice} | {sum(hits)} of {len(hits)} | {sum(alarms)} of {len(alarms)} |")
    n_shared = [len(shared_words(take.text, take.description)) for take in clean]
    mean = sum(n_shared) / len(n_shared)
    lines += ["", f"Texts and descriptions of the last row share {min(n_shared)} to {max(n_shared)} content words,"]
    lines.append(f"{mean:.1f} on average.")
    return "\n".join(lines)


def wrong(wanted: Sequence[LeakTake], judged: Mapping[str, JudgedTake]) -> list[str]:
    """A line for each take about which `prompt_leak` is wrong."""
    return [
        f"- {take.id}, {take.form}: said “{take.said}”, heard “{judged[take.id].transcript}”, weight "
        f"{judged[take.id].weights.get(MEASURE, 0.0):.2f}; the description is “{take.description}”"
        for take in wanted
        if judged[take.id].has_leak == (take.form == NO_LEAK)
    ]
