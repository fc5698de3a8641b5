"""Compares the two recognisers of the checks: either alone, and the second one asked in doubt."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.defects.corpus import CLEAN, HARD, Labelled, take_of
from mayabook.checks import Checker
from mayabook.checks.scoring import Score
from mayabook.checks.word_checks import needs_second_opinion
from mayabook.core.settings import CheckSettings

SPOILT = ("changed", "omitted", "cut")
"""Defects in words of the text, which a second opinion may clear by mistake."""
OF_TEXT = ("garbled", "omitted", "truncated")
RECOGNISERS = {
    "`tiny.en` alone": CheckSettings(second_asr_model=""),
    "`base` alone": CheckSettings(asr_model="base", second_asr_model=""),
    "`tiny.en`, in doubt `base`": CheckSettings(),
}


def sample(rows: Sequence[Labelled], every: int) -> list[Labelled]:
    """Every n-th take of the fit and validation splits that is sound, or has one of the defects above."""
    chosen = [row for row in rows if row.split != "test" and row.label in (CLEAN, HARD, *SPOILT)]
    return sorted(chosen, key=lambda row: row.label)[::every]


def second_recogniser_table(rows: Sequence[Labelled], work: Path) -> str:
    """Markdown: takes rejected by what each recogniser says of the text, and its CPU time. rows: see `sample`."""
    groups = {"clean": (CLEAN,), "hard": (HARD,), "words changed or omitted, ends cut": SPOILT}
    lines = [
        f"| {' | '.join(['recogniser', *groups, 'sound, `tail`', 'CPU seconds for a second', 'takes in doubt'])} |",
        "|---|" + "---|" * (len(groups) + 3),
    ]
    for name, settings in RECOGNISERS.items():
        checker = Checker(settings)
        scores, cost = _examine(checker, rows, work)
        thresholds, cells = checker.thresholds.rejection, []
        for labels in groups.values():
            of_group = [found for row, found in zip(rows, scores, strict=True) if row.label in labels]
            cells.append(f"{sum(_is_rejected(found, OF_TEXT, thresholds) for found in of_group)} of {len(of_group)}")
        sound = [found for row, found in zip(rows, scores, strict=True) if not row.spoilt]
        cells.append(f"{sum(_is_rejected(found, ('tail',), thresholds) for found in sound)} of {len(sound)}")
        in_doubt = sum(needs_second_opinion(found, checker.thresholds.words) for found in scores)
        lines.append(f"| {name} | {' | '.join(cells)} | {cost:.2f} | {in_doubt} |")
    return "\n".join(lines)


def _examine(checker: Checker, rows: Sequence[Labelled], work: Path) -> tuple[list[Sequence[Score]], float]:
    """Scores of the words of each take, and seconds of CPU time for a second of audio."""
    scores: list[Sequence[Score]] = []
    audio, started = 0.0, time.process_time()
    for row in rows:
        take = take_of(row, work)
        scores.append(checker.word_scores(take.audio, take.sample_rate, row.chunk).scores)
        audio += take.duration
    return scores, (time.process_time() - started) / audio


def _is_rejected(scores: Sequence[Score], measures: Sequence[str], thresholds: Mapping[str, float]) -> bool:
    return any(each.detector in measures and each.value >= thresholds[each.detector] for each in scores)
