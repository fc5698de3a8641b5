"""What the thresholds reject on the splits that they are chosen on: the figures of docs/quality.md for that choice."""

from collections.abc import Iterator, Mapping, Sequence

from bench.defects.corpus import CLEAN, HARD, RIGHT, Labelled
from bench.defects.scores import NOT_SEEN, Examined
from bench.defects.thresholds import SET_BY_HAND, TARGETS, Fitted, rejections

WORD_TWICE = ("loop", "word")
"""The defect of a single word said twice."""
_OF_TRANSCRIPT = ("loop", "inserted")
"""Measures of words that the transcript has too often."""


def fit_table(
    rows: Sequence[Labelled], examined: Mapping[str, Examined], current: Mapping[str, float], fitted: Fitted
) -> str:
    """Markdown: takes rejected by the thresholds taken, and by those that `fit` gives for the measures set by hand.

    current: thresholds before the fit.
    """
    chosen = [row for row in rows if row.split != "test"]
    taken = {**current, **fitted.taken}
    lines = [
        "| thresholds, on the fit and validation splits | clean | hard | right | severe | moderate |",
        "|---|---|---|---|---|---|",
        f"| those of `thresholds.toml` | {_counts(chosen, examined, taken)} |",
    ]
    for name, threshold in fitted.thresholds.items():
        if threshold != taken[name]:
            other = _counts(chosen, examined, {**taken, name: threshold})
            lines.append(f"| `{name}` {threshold:g} instead of {taken[name]:g} | {other} |")
    lines.append(f"| all that `fit` gives | {_counts(chosen, examined, fitted.thresholds)} |")
    by_hand = _by_hand(chosen, examined, taken, fitted)
    return "\n".join([*lines, "", *by_hand, "", *_said_twice(chosen, examined, taken)])


def _counts(rows: Sequence[Labelled], examined: Mapping[str, Examined], thresholds: Mapping[str, float]) -> str:
    rejected = rejections(rows, examined, thresholds)
    cells = []
    for name in (CLEAN, HARD, RIGHT, "severe", "moderate"):
        hits = [hit for row, hit in zip(rows, rejected, strict=True) if name in (row.label, row.grade)]
        cells.append(f"{sum(hits)} of {len(hits)}")
    return " | ".join(cells)


def _by_hand(
    rows: Sequence[Labelled], examined: Mapping[str, Examined], taken: Mapping[str, float], fitted: Fitted
) -> Iterator[str]:
    """Where the thresholds that are set by hand lie between the sound takes and the defects that they are for."""
    yield "| set by hand | threshold | `fit` gives | highest sound take | lowest of its defects found |"
    yield "|---|---|---|---|---|"
    for name in sorted(SET_BY_HAND & taken.keys()):
        scores = [(row, value) for row in rows if (value := examined[row.id].values.get(name)) is not None]
        highest = max((value for row, value in scores if not row.spoilt), default=0.0)
        found = [value for row, value in scores if row.label in TARGETS[name] and value >= taken[name]]
        lowest = min(found, default=0.0)
        yield f"| {name} | {taken[name]:g} | {fitted.thresholds[name]:g} | {highest:.3g} | {lowest:.3g} |"


def _said_twice(
    rows: Sequence[Labelled], examined: Mapping[str, Examined], thresholds: Mapping[str, float]
) -> Iterator[str]:
    def found(row: Labelled, measure: str) -> bool:
        return examined[row.id].values.get(measure, NOT_SEEN) >= thresholds[measure]

    twice = [row for row in rows if (row.label, row.size) == WORD_TWICE]
    unseen = [row for row in twice if not any(found(row, measure) for measure in _OF_TRANSCRIPT)]
    n_found = sum(found(row, "said_twice") for row in unseen)
    yield f"Of {len(twice)} takes with a word said twice, the transcript has it twice in {len(twice) - len(unseen)};"
    yield f"`said_twice` finds {n_found} of the other {len(unseen)}."
    sound = [row for row in rows if not row.spoilt]
    scores = [value for row in sound if (value := examined[row.id].values.get("said_twice")) is not None]
    if scores:
        yield f"It compares a word in {len(scores)} of {len(sound)} sound takes, and gives {max(scores):.2f} at most."
