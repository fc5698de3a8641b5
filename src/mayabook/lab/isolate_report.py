"""The report of `isolate`: how many takes changed under each condition."""

from collections.abc import Sequence
from pathlib import Path

from mayabook.lab.isolate import ALONE, LOGITS
from mayabook.lab.legacy_backends import STEPS_KEPT
from mayabook.lab.report import ReportSection, ReportTable, no_events
from mayabook.lab.rows import Row
from mayabook.lab.trial_runner import cells

FIX = ", fix: "
"""Separates condition and fix in the rows of legacy back ends."""


def report(folder: Path, rows: Sequence[Row]) -> list[ReportSection]:
    """The sections of the report, as far as there are rows for them."""
    engines = {name: found for name, found in cells(rows).items() if not any(FIX in row["condition"] for row in found)}
    ways = {name: found for name, found in cells(rows).items() if name not in engines}
    sections = [_engines(engines)] if engines else []
    return sections + ([_ways(ways)] if ways else [])


def changed(rows: Sequence[Row]) -> list[tuple[Row, bool]]:
    """The takes of a cell, each with whether its codes differ from the first take of the same item and fix.

    First takes themselves are left out.
    """
    first = {(row["item"], fix_of(row)): row["tokens"] for row in rows if row["condition"].startswith(ALONE)}
    return [
        (row, row["tokens"] != first[row["item"], fix_of(row)])
        for row in rows
        if not row["condition"].startswith(ALONE) and (row["item"], fix_of(row)) in first
    ]


def leaks(rows: Sequence[Row]) -> dict[str, tuple[int, int]]:
    """Condition -> takes that differ from the first, and all takes.

    All shuffled rounds count as one condition, and so do all slots.
    """
    found: dict[str, tuple[int, int]] = {}
    for row, differs in changed(rows):
        name = _condition(row)
        wrong, n = found.get(name, (0, 0))
        found[name] = (wrong + differs, n + 1)
    return found


def _condition(row: Row) -> str:
    """A row's condition without the number of a round or slot."""
    name = str(row["condition"])
    if name.startswith("shuffled"):
        return "shuffled"
    return "in every slot" if name.startswith("in slot") else name


def _engines(engines: dict[str, list[Row]]) -> ReportSection:
    """The section on MayaBook's engines."""
    table = ReportTable(
        ("format", "condition", "takes", "with other codes"),
        [
            (name, condition, str(n), str(wrong))
            for name, found in engines.items()
            for condition, (wrong, n) in leaks(found).items()
        ],
    )
    gaps = {
        name: max(row["difference"] for row in found if row["condition"] == LOGITS)
        for name, found in engines.items()
        if any(row["condition"] == LOGITS for row in found)
    }
    text = [f"Largest difference of a logit, alone and beside busy slots: {_list(gaps)}."] if gaps else []
    return ReportSection("Takes and their neighbours: MayaBook's engines", _verdict(engines), text, [table])


def _list(gaps: dict[str, float]) -> str:
    return ", ".join(f"{name} {gap:.3g}" for name, gap in gaps.items())


def _verdict(engines: dict[str, list[Row]]) -> str:
    """The formats and conditions under which takes differ, or the bound if none do."""
    every = {name: leaks(found) for name, found in engines.items()}
    leaking = [f"{name}, {condition}" for name, found in every.items() for condition, (bad, _) in found.items() if bad]
    if leaking:
        return f"Takes depend on more than their request: {'; '.join(leaking)}."
    takes = [row for found in engines.values() for row, _ in changed(found)]
    return f"Takes depend on nothing but their request: {no_events(takes, 'differ')}."


def _ways(ways: dict[str, list[Row]]) -> ReportSection:
    """The section on the legacy back ends."""
    table = ReportTable(
        ("way", "condition", "takes", "with other codes", "largest logit difference"),
        [
            (name, condition, str(n), str(wrong), f"{_gap(found, condition):.3g}")
            for name, found in ways.items()
            for condition, (wrong, n) in leaks(found).items()
        ],
    )
    longest = max(row["n_tokens"] for found in ways.values() for row in found)
    text = [
        f"Takes are of {longest} tokens at most; logits are those of the first {STEPS_KEPT} steps, as long as the same "
        "tokens were drawn.",
        "The report's Test 1 compares two takes of a chunk that were drawn with a random generator nobody had set: "
        "rows with another seed show what that gives. Rows with the same seed show what is carried over.",
    ]
    return ReportSection(
        "Takes and their neighbours: the libraries as they were called", ways_verdict(ways), text, [table]
    )


def _gap(rows: Sequence[Row], condition: str) -> float:
    """Largest logit difference of a condition."""
    return max(float(row["difference"]) for row in rows if row["condition"] == condition)


def ways_verdict(ways: dict[str, list[Row]]) -> str:
    """For each legacy back end without a fix: whether state carried over changes takes with the same seed.

    If it does, names the fixes with which no take differs.
    """
    parts = []
    for name, found in ways.items():
        pairs = changed(found)
        seeded = [pair for pair in pairs if pair[0]["seeded"] and fix_of(pair[0]) == "none"]
        free = [differs for row, differs in pairs if not row["seeded"] and fix_of(row) == "none"]
        wrong = [row for row, differs in seeded if differs]
        drawn = f"with another seed {sum(free)} of {len(free)} differ"
        if not wrong:
            same = no_events([row for row, _ in seeded], "differ with the same seed")
            parts.append(f"{name} carries nothing over that changes a take ({same}; {drawn}).{bent(seeded)}")
            continue
        gap = largest_gap(seeded)
        fixed = [pair for pair in pairs if pair[0]["seeded"] and fix_of(pair[0]) != "none"]
        spoilt = {fix_of(row) for row, differs in fixed if differs}
        healed = [fix for fix in dict.fromkeys(fix_of(row) for row, _ in fixed) if fix not in spoilt]
        cure = f"; none differs with: {', '.join(healed)}" if healed else ""
        parts.append(
            f"{name}: {len(wrong)} of {len(seeded)} takes with the same seed differ, their logits by up to "
            f"{gap:.2g}{cure} ({drawn})."
        )
    return " ".join(parts)


def bent(seeded: Sequence[tuple[Row, bool]]) -> str:
    """A sentence on the logits of takes with equal codes: by how much they differ, if at all."""
    gap = largest_gap(seeded)
    return f" Their logits differ by up to {gap:.2g}." if gap else " Their logits are the same to the last bit."


def largest_gap(pairs: Sequence[tuple[Row, bool]]) -> float:
    """Largest difference of any logit in the steps that were kept."""
    return max(float(row["difference"]) for row, _ in pairs)


def fix_of(row: Row) -> str:
    """Name of the fix of a legacy back end's row; empty for MayaBook's engines."""
    return str(row["condition"]).partition(FIX)[2]
