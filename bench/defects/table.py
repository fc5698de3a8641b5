"""Stage 4: writes docs/quality.md: recall, false alarms and cost of the checks on the test split."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.defects.corpus import CLEAN, HARD, MISREAD, NARRATOR, RIGHT, TOO_FAST, Labelled, grades
from bench.defects.cost import Cost
from bench.defects.scores import Examined, matrix
from bench.defects.thresholds import ACCEPTED, GOALS, fit_wer, rejected_as, rejections
from mayabook.core.files import write_text
from mayabook.lab.statistics import wilson_interval

PAGE = Path(__file__).parents[2] / "docs" / "quality.md"
PICTURE = "![Recall against false alarms, all thresholds multiplied by one factor](quality.svg)"
MISREAD_BEGIN, MISREAD_END = "<!-- misread -->", "<!-- end of misread -->"
SECOND_BEGIN, SECOND_END = "<!-- second recogniser -->", "<!-- end of second recogniser -->"
LEAKS_BEGIN, LEAKS_END = "<!-- prompt leaks -->", "<!-- end of prompt leaks -->"
FIT_BEGIN, FIT_END = "<!-- fit -->", "<!-- end of fit -->"
BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"
RECALL_GOALS = {"severe": 0.99, "moderate": 0.92}
PACE_GOAL = 0.95
"""Share of the takes that are 1.8 times too fast that must be caught."""
Mask = NDArray[np.bool_]


def table(
    rows: Sequence[Labelled], examined: Mapping[str, Examined], thresholds: Mapping[str, float], cost: Cost | None
) -> str:
    """All tables as Markdown. cost: None if it was not measured."""
    tested = [row for row in rows if row.split == "test"]
    wer = fit_wer(rows, examined)
    ours = rejections(tested, examined, thresholds)
    plain = np.array([examined[row.id].wer >= wer for row in tested])
    unheard = np.array([row.voice != NARRATOR for row in tested])
    parts = [
        [*_summary([row for row in tested if row.voice != NARRATOR], ours[unheard], plain[unheard], cost)],
        [*_by_voice(tested, ours)],
        [*_by_class(tested, ours, plain)],
        [*_by_kind(tested, ours, plain)],
        [*_by_detector(tested, examined, thresholds)],
        [*_rejection_table(tested, examined, thresholds)],
    ]
    parts.append(
        [_corpus(rows), f"The word error rate is that of the same transcripts, and rejects from {wer:.1%} on: the"]
    )
    parts[-1].append("lowest threshold that keeps the false alarms of the fit split within the same bounds.")
    return "\n\n".join("\n".join(part) for part in parts)


def _corpus(rows: Sequence[Labelled]) -> str:
    shares = []
    for split in ("fit", "validation", "test"):
        chosen = [row for row in rows if row.split == split]
        n_texts, n_voices = len({row.text for row in chosen}), len({row.voice for row in chosen})
        shares.append(f"{n_texts} texts and {n_voices} voices to {split}")
    hours = sum(row.seconds for row in rows) / 3600
    return f"The corpus: {len(rows)} takes, {hours:.1f} h of audio; {', '.join(shares)}."


def _summary(rows: Sequence[Labelled], ours: Mask, plain: Mask, cost: Cost | None) -> Iterator[str]:
    yield "| voices never heard (test split) | goal | takes | rejected | 95 % interval | word error rate alone |"
    yield "|---|---|---|---|---|---|"
    for name, goal, chosen in _goals(rows):
        yield f"| {name} | {goal} | {_shares(chosen, ours, plain)} |"
    if cost is not None:
        yield (
            f"| CPU time of the checks beyond one encoder pass, for real time | < 8% of 2 cores | {cost.n_takes} | "
            f"{cost.beyond:.1%} of one core | the encoder pass: {cost.encoder:.1%} | |"
        )


def _goals(rows: Sequence[Labelled]) -> Iterator[tuple[str, str, Mask]]:
    """Name, goal and takes of each figure that has a goal."""
    for grade, goal in RECALL_GOALS.items():
        yield f"{grade} defects", f">= {goal:.0%}", np.array([row.grade == grade for row in rows])
    too_fast = np.array([(row.label, row.size) == TOO_FAST for row in rows])
    yield f"{TOO_FAST[1]} times too fast", f">= {PACE_GOAL:.0%}", too_fast
    for label, goal in GOALS.items():
        yield f"{label}, nothing wrong", f"<= {goal:.0%}", np.array([row.label == label for row in rows])


def _by_voice(rows: Sequence[Labelled], ours: Mask) -> Iterator[str]:
    """Takes rejected of each voice, and the worst voice, by which the goal is met or missed."""
    names = list(dict.fromkeys(row.voice for row in rows))
    yield f"| rejected | goal | {' | '.join(names)} | worst |"
    yield "|---|---|" + "---|" * (len(names) + 1)
    voice_of = np.array([row.voice for row in rows])
    for name, goal, chosen in _goals(rows):
        counts = [(int((of := chosen & (voice_of == voice)).sum()), int((of & ours).sum())) for voice in names]
        shares = [hits / n for n, hits in counts if n]
        worst = (min if goal.startswith(">") else max)(shares, default=0.0)
        yield f"| {name} | {goal} | {' | '.join(f'{hits} of {n}' for n, hits in counts)} | {worst:.1%} |"


def _by_class(rows: Sequence[Labelled], ours: Mask, plain: Mask) -> Iterator[str]:
    yield "| defect | size | grade | takes | caught | 95 % interval | word error rate alone |"
    yield "|---|---|---|---|---|---|---|"
    for label, sizes in grades().items():
        for size, grade in sizes.items():
            chosen = np.array([row.label == label and row.size == size for row in rows])
            if chosen.any():
                yield f"| {label} | {size} | {grade} | {_shares(chosen, ours, plain)} |"


def _by_kind(rows: Sequence[Labelled], ours: Mask, plain: Mask) -> Iterator[str]:
    yield "| hard, nothing wrong | takes | rejected | 95 % interval | word error rate alone |"
    yield "|---|---|---|---|---|"
    for kind in dict.fromkeys(row.detail for row in rows if row.label == HARD):
        chosen = np.array([row.label == HARD and row.detail == kind for row in rows])
        yield f"| {kind} | {_shares(chosen, ours, plain)} |"


def misread_table(rows: Sequence[Labelled], examined: Mapping[str, Examined], thresholds: Mapping[str, float]) -> str:
    """Markdown: what is found in takes of the test split with a wrong reading, and with the right one."""
    tested = [row for row in rows if row.split == "test" and row.label in (MISREAD, RIGHT)]
    rejected = rejections(tested, examined, thresholds)
    values = matrix([examined[row.id] for row in tested], [MISREAD])[:, 0]
    found = values >= thresholds[MISREAD]
    lines = [
        "| wrong reading | takes | `misread` | rejected | read rightly | `misread` | rejected |",
        "|---|---|---|---|---|---|---|",
    ]
    for kind in (*grades()[MISREAD], ""):
        cells = []
        for label in (MISREAD, RIGHT):
            of_kind = [kind in ("", row.size if label == MISREAD else row.detail) for row in tested]
            chosen = np.array([row.label == label for row in tested]) & np.array(of_kind)
            n = int(chosen.sum())
            cells += [str(n), *(f"{int(hit[chosen].sum())} ({hit[chosen].mean():.1%})" for hit in (found, rejected))]
        lines.append(f"| {kind or 'all'} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _by_detector(
    rows: Sequence[Labelled], examined: Mapping[str, Examined], thresholds: Mapping[str, float]
) -> Iterator[str]:
    yield (
        "| detector | threshold | takes it rejects | of them spoilt (precision) | 95 % interval | clean | hard | "
        "right |"
    )
    yield "|---|---|---|---|---|---|---|---|"
    spoilt = np.array([row.spoilt for row in rows])
    of_label = {name: np.array([row.label == name for row in rows]) for name in (CLEAN, HARD, RIGHT)}
    hits = matrix([examined[row.id] for row in rows], list(thresholds)) >= np.array(list(thresholds.values()))
    for at, (name, threshold) in enumerate(thresholds.items()):
        hit = hits[:, at]
        if n := int(hit.sum()):
            right = int((hit & spoilt).sum())
            alarms = " | ".join(str(int((hit & chosen).sum())) for chosen in of_label.values())
            yield f"| {name} | {threshold:g} | {n} | {right / n:.1%} | {_interval(right, n)} | {alarms} |"
    yield ""
    quiet = [name for name, hit in zip(thresholds, hits.T, strict=True) if not hit.any()]
    if quiet:
        yield f"No take of the test split is rejected by {', '.join(quiet)}."


def confusion(
    rows: Sequence[Labelled], examined: Mapping[str, Examined], thresholds: Mapping[str, float]
) -> dict[str, dict[str, int]]:
    """Label -> kind of finding, or ACCEPTED -> number of takes, most frequent first."""
    verdicts: dict[str, list[str]] = {}
    for row in rows:
        verdicts.setdefault(row.label, []).append(rejected_as(examined[row.id], thresholds))
    return {label: dict(Counter(found).most_common()) for label, found in sorted(verdicts.items())}


def _rejection_table(
    rows: Sequence[Labelled], examined: Mapping[str, Examined], thresholds: Mapping[str, float]
) -> Iterator[str]:
    yield "| takes | accepted | rejected as |"
    yield "|---|---|---|"
    for label, found in confusion(rows, examined, thresholds).items():
        rejected = ", ".join(f"{kind} {n}" for kind, n in found.items() if kind != ACCEPTED)
        yield f"| {label} | {found.get(ACCEPTED, 0)} | {rejected} |"


def _shares(chosen: Mask, ours: Mask, plain: Mask) -> str:
    n, hit = int(chosen.sum()), int((chosen & ours).sum())
    if not n:
        return "0 | | | "
    return f"{n} | {hit} ({hit / n:.1%}) | {_interval(hit, n)} | {(chosen & plain).sum() / n:.1%}"


def _interval(hits: int, n: int) -> str:
    interval = wilson_interval(hits, n)
    return f"{interval.low:.1%} to {interval.high:.1%}"


def misses(
    rows: Sequence[Labelled],
    examined: Mapping[str, Examined],
    thresholds: Mapping[str, float],
    wanted: Callable[[Labelled], bool],
) -> Iterator[str]:
    """Yields a line for each take with a wrong verdict."""
    chosen = [row for row in rows if wanted(row)]
    for row, rejected in zip(chosen, rejections(chosen, examined, thresholds), strict=True):
        if rejected != row.spoilt:
            values = examined[row.id].values
            nearest = sorted(((value / thresholds[name], name) for name, value in values.items()), reverse=True)[:3]
            near = ", ".join(f"{name} {share:.2f}" for share, name in nearest)
            yield (
                f"{'missed' if row.spoilt else 'false alarm'}: {row.id} [{row.detail}] ({near})\n"
                f"  text:  {row.text}\n  heard: {examined[row.id].transcript}"
            )


def write_page(figures: str) -> None:
    """Writes the tables and the picture into docs/quality.md."""
    write_between(BEGIN, END, f"{figures}\n\n{PICTURE}")


def write_between(begin: str, end: str, figures: str, page: Path = PAGE) -> None:
    """Replaces the text between two markers of a page, by default docs/quality.md."""
    before, rest = page.read_text(encoding="utf-8").split(begin)
    write_text(page, f"{before}{begin}\n{figures}\n{end}{rest.split(end)[1]}")
