"""The report of `isolate`: how many takes changed under each condition."""

from collections.abc import Sequence
from pathlib import Path

from mayabook.lab.isolate import ALONE_CONDITION, LOGITS_CONDITION, WORKAROUND_SEPARATOR
from mayabook.lab.legacy_backends import N_LOGIT_STEPS
from mayabook.lab.report import ReportSection, ReportTable, zero_events_phrase
from mayabook.lab.rows import Row
from mayabook.lab.trial_runner import rows_by_cell


def report(folder: Path, rows: Sequence[Row]) -> list[ReportSection]:
    """The sections of the report, as far as there are rows for them."""
    engines = {
        name: found
        for name, found in rows_by_cell(rows).items()
        if not any(WORKAROUND_SEPARATOR in row["condition"] for row in found)
    }
    backends = {name: found for name, found in rows_by_cell(rows).items() if name not in engines}
    sections = [_engine_section(engines)] if engines else []
    return sections + ([_legacy_section(backends)] if backends else [])


def changed_takes(rows: Sequence[Row]) -> list[tuple[Row, bool]]:
    """The takes of a cell but the first ones, each with whether its codes differ from its first take.

    The first take is that of the same prompt with the same workaround.
    """
    first = {
        (row["item"], workaround_of(row)): row["tokens"] for row in rows if row["condition"].startswith(ALONE_CONDITION)
    }
    return [
        (row, row["tokens"] != first[row["item"], workaround_of(row)])
        for row in rows
        if not row["condition"].startswith(ALONE_CONDITION) and (row["item"], workaround_of(row)) in first
    ]


def changes_by_condition(rows: Sequence[Row]) -> dict[str, tuple[int, int]]:
    """Condition -> number of takes that differ from the first one, and number of takes.

    All shuffled rounds are one condition, and so are all batch rows.
    """
    found: dict[str, tuple[int, int]] = {}
    for row, differs in changed_takes(rows):
        name = _condition(row)
        wrong, n = found.get(name, (0, 0))
        found[name] = (wrong + differs, n + 1)
    return found


def _condition(row: Row) -> str:
    """Condition of a row, without the number of the round or batch row."""
    name = str(row["condition"])
    if name.startswith("shuffled"):
        return "shuffled"
    return "in every slot" if name.startswith("in slot") else name


def _engine_section(engines: dict[str, list[Row]]) -> ReportSection:
    """The section on MayaBook's engines."""
    table = ReportTable(
        ("format", "condition", "takes", "with other codes"),
        [
            (name, condition, str(n), str(wrong))
            for name, found in engines.items()
            for condition, (wrong, n) in changes_by_condition(found).items()
        ],
    )
    differences = {
        name: max(row["difference"] for row in found if row["condition"] == LOGITS_CONDITION)
        for name, found in engines.items()
        if any(row["condition"] == LOGITS_CONDITION for row in found)
    }
    text = (
        [f"Largest difference of a logit, alone and beside busy slots: {_format_differences(differences)}."]
        if differences
        else []
    )
    return ReportSection("Takes and their neighbours: MayaBook's engines", _engine_verdict(engines), text, [table])


def _format_differences(differences: dict[str, float]) -> str:
    return ", ".join(f"{name} {difference:.3g}" for name, difference in differences.items())


def _engine_verdict(engines: dict[str, list[Row]]) -> str:
    """The formats and conditions under which takes differ, or the bound if none do."""
    every = {name: changes_by_condition(found) for name, found in engines.items()}
    leaking = [f"{name}, {condition}" for name, found in every.items() for condition, (bad, _) in found.items() if bad]
    if leaking:
        return f"Takes depend on more than their request: {'; '.join(leaking)}."
    takes = [row for found in engines.values() for row, _ in changed_takes(found)]
    return f"Takes depend on nothing but their request: {zero_events_phrase(takes, 'differ')}."


def _legacy_section(backends: dict[str, list[Row]]) -> ReportSection:
    """The section on the legacy back ends."""
    table = ReportTable(
        ("way", "condition", "takes", "with other codes", "largest logit difference"),
        [
            (name, condition, str(n), str(wrong), f"{_condition_logit_difference(found, condition):.3g}")
            for name, found in backends.items()
            for condition, (wrong, n) in changes_by_condition(found).items()
        ],
    )
    longest = max(row["n_tokens"] for found in backends.values() for row in found)
    text = [
        f"Takes are of {longest} tokens at most; logits are those of the first {N_LOGIT_STEPS} steps, as long as the "
        "same tokens were drawn.",
        "The report's Test 1 compares two takes of a chunk that were drawn with a random generator nobody had set: "
        "rows with another seed show what that gives. Rows with the same seed show what is carried over.",
    ]
    return ReportSection(
        "Takes and their neighbours: the libraries as they were called", legacy_verdict(backends), text, [table]
    )


def _condition_logit_difference(rows: Sequence[Row], condition: str) -> float:
    """Largest logit difference of a condition."""
    return max(float(row["difference"]) for row in rows if row["condition"] == condition)


def legacy_verdict(backends: dict[str, list[Row]]) -> str:
    """For each legacy back end without workaround: whether carried-over state changes takes with the same seed.

    If it does, names the workarounds with which no take differs.
    """
    parts = []
    for name, found in backends.items():
        pairs = changed_takes(found)
        seeded = [pair for pair in pairs if pair[0]["seeded"] and workaround_of(pair[0]) == "none"]
        reseeded = [differs for row, differs in pairs if not row["seeded"] and workaround_of(row) == "none"]
        wrong = [row for row, differs in seeded if differs]
        drawn = f"with another seed {sum(reseeded)} of {len(reseeded)} differ"
        if not wrong:
            same = zero_events_phrase([row for row, _ in seeded], "differ with the same seed")
            parts.append(
                f"{name} carries nothing over that changes a take ({same}; {drawn}).{logit_difference_sentence(seeded)}"
            )
            continue
        difference = largest_logit_difference(seeded)
        with_workaround = [pair for pair in pairs if pair[0]["seeded"] and workaround_of(pair[0]) != "none"]
        failed = {workaround_of(row) for row, differs in with_workaround if differs}
        effective = [
            workaround
            for workaround in dict.fromkeys(workaround_of(row) for row, _ in with_workaround)
            if workaround not in failed
        ]
        effective_note = f"; none differs with: {', '.join(effective)}" if effective else ""
        parts.append(
            f"{name}: {len(wrong)} of {len(seeded)} takes with the same seed differ, their logits by up to "
            f"{difference:.2g}{effective_note} ({drawn})."
        )
    return " ".join(parts)


def logit_difference_sentence(seeded: Sequence[tuple[Row, bool]]) -> str:
    """A sentence on how much the logits of takes with equal codes differ."""
    difference = largest_logit_difference(seeded)
    return (
        f" Their logits differ by up to {difference:.2g}."
        if difference
        else " Their logits are the same to the last bit."
    )


def largest_logit_difference(pairs: Sequence[tuple[Row, bool]]) -> float:
    """Largest absolute difference of any logit in the steps whose logits were kept."""
    return max(float(row["difference"]) for row, _ in pairs)


def workaround_of(row: Row) -> str:
    """Workaround of a legacy back end's row; empty for MayaBook's engines."""
    return str(row["condition"]).partition(WORKAROUND_SEPARATOR)[2]
