"""The report of `ablation`: factors ranked by their effect, and artifacts that a single change prevents."""

import math
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

from mayabook.lab import plots
from mayabook.lab.ablation import GGUF_BASELINE, TRANSFORMERS_BASELINE, factorial_outcome, unfinished_reason
from mayabook.lab.factorial import Effect, effects
from mayabook.lab.report import (
    ReportSection,
    ReportTable,
    artifact_clips,
    artifact_rate,
    discordant_pairs,
    false_alarm_paragraphs,
    format_p_value,
    format_percent,
    format_rate,
    is_artifact,
    paired_differences,
    token_error_rate,
)
from mayabook.lab.rows import Row
from mayabook.lab.statistics import bound_without_events, holm, paired_test
from mayabook.lab.trial_runner import rows_by_cell

SIGNIFICANCE_LEVEL = 0.05
"""Significance level of adjusted p-values."""
_TITLE = "Causes, all varied at once"
_PAIRS_SHOWN = 6
"""Most interactions that the table of effects lists."""
_EXAMPLES, _TEXT_SHOWN = 3, 60
"""Most examples for each change, and most characters of their text."""


def report(folder: Path, rows: Sequence[Row]) -> list[ReportSection]:
    """The sections of the report, as far as there are rows for them."""
    names = ("factorial", "one", "alike", "ladder", "library")
    parts = {part: [row for row in rows if row["part"] == part] for part in names}
    sections = []
    if parts["factorial"]:
        sections.append(_factorial(parts["factorial"]))
    one = rows_by_cell(parts["one"])
    if TRANSFORMERS_BASELINE in one and GGUF_BASELINE in one:
        changed = rows_by_cell([*parts["one"], *parts["alike"]])
        sections.append(_single_changes(folder, changed, rows_by_cell(parts["ladder"])))
    if parts["library"]:
        sections.append(_legacy_section(folder, rows_by_cell(parts["library"]), one))
    return sections


def ranked_effects(rows: Sequence[Row]) -> list[Effect]:
    """Effects of the factorial design by ascending p-value; empty while the design is unfinished."""
    own = [row for row in rows if row["part"] == "factorial"]
    return [] if not own or unfinished_reason(own) else effects(*factorial_outcome(own))


def _factorial(rows: Sequence[Row]) -> ReportSection:
    """The section on the factorial design."""
    found = ranked_effects(rows)
    if not found:
        return ReportSection(_TITLE, f"The plan is unfinished, and says nothing yet: {unfinished_reason(rows)}.")
    mains, pairs = [e for e in found if e.is_main], [e for e in found if not e.is_main]
    table = ReportTable(
        ("factor", "change in artifacts", "95 % interval", "p", "p, all considered", "would have been found from"),
        [_row(effect) for effect in (*mains, *pairs[:_PAIRS_SHOWN])],
    )
    figure = plots.plot_intervals(
        "ablation-effects",
        "Main effects on the share of artifacts, with 95 % intervals",
        {effect.name: (effect.value, effect.interval) for effect in mains},
        "change from the first level to the second",
        zero=True,
    )
    n_cells = len({row["cell"] for row in rows})
    text = (
        f"{n_cells} cells, each on the same {found[0].n_chunks} chunks and seeds. Levels are llama-cpp-python's of "
        "November 2025 (first) and transformers' (second). Effects of pairs that share a row cannot be told apart."
    )
    return ReportSection(_TITLE, _verdict(found), [text, *false_alarm_paragraphs(rows)], [table], [figure])


def _row(effect: Effect) -> tuple[str, ...]:
    """An effect as a row of the table."""
    points = f"{effect.interval.low:+.1%} to {effect.interval.high:+.1%}"
    return (
        effect.name, f"{effect.value:+.1%}", points, format_p_value(effect.p), format_p_value(effect.adjusted),
        f"{effect.detectable:.1%}",
    )  # fmt: skip


def _verdict(found: Sequence[Effect]) -> str:
    """The significant effects, and how large an effect the others may still have."""
    causes = [effect for effect in found if effect.adjusted <= SIGNIFICANCE_LEVEL]
    bound = _bound(found, [effect for effect in found if effect.is_main and effect not in causes])
    if not causes:
        return f"No factor changes the share of artifacts beyond chance; {bound}."
    named = "; ".join(f"{effect.name} ({effect.value:+.1%})" for effect in causes)
    return f"Beyond chance, the surest first: {named}. Of the others, {bound}."


def _bound(found: Sequence[Effect], others: Sequence[Effect]) -> str:
    """The smallest effect of the other factors that would have been detected.

    The exact test on n chunks gives no p-value below 2 / 2^n, so few chunks cannot show any effect.
    """
    n = found[0].n_chunks
    if 2 * 0.5**n * len(found) > SIGNIFICANCE_LEVEL:
        needed = math.ceil(math.log2(2 * len(found) / SIGNIFICANCE_LEVEL))
        return f"{n} chunks cannot show any at this level, {needed} could"
    limit = max((effect.detectable for effect in others), default=0.0)
    if not limit:
        return (
            f"no chunk of {n} tells any two levels apart: more than {bound_without_events(n):.1%} of chunks is excluded"
        )
    return f"an effect of {limit:.1%} would have been found in four plans of five"


def _single_changes(
    folder: Path, one: Mapping[str, Sequence[Row]], ladder: Mapping[str, Sequence[Row]]
) -> ReportSection:
    """The section on single changes, each compared with the unchanged cell that it starts from."""
    bad, good = one[TRANSFORMERS_BASELINE], one[GGUF_BASELINE]
    changed = {
        name: (found, good if name.startswith(GGUF_BASELINE) else bad)
        for name, found in one.items()
        if name not in (GGUF_BASELINE, TRANSFORMERS_BASELINE)
    }
    changed |= {name: (found, bad) for name, found in ladder.items()}
    p_values = dict(
        zip(changed, holm([paired_test(paired_differences(*pair)) for pair in changed.values()]), strict=True)
    )
    rows = [
        (name, format_rate(artifact_rate(found)), _wrong_tokens(found), "", "", "")
        for name, found in ((TRANSFORMERS_BASELINE, bad), (GGUF_BASELINE, good))
    ]
    for name, (found, base) in changed.items():
        broken, healed, _ = discordant_pairs(found, base)
        p = format_p_value(p_values[name])
        rows.append((name, format_rate(artifact_rate(found)), _wrong_tokens(found), str(healed), str(broken), p))
    table = ReportTable(("cell", "artifacts", "wrong tokens", "healed", "spoilt", "p, all considered"), rows)
    rates = {name: artifact_rate(found) for name, found in {**one, **ladder}.items()}
    figure = plots.plot_intervals(
        "ablation-cells",
        "Artifacts with one thing changed, with 95 % intervals",
        {name: (found.value, found.interval) for name, found in rates.items()},
        "share of takes",
    )
    healing = [
        name
        for name, (found, base) in changed.items()
        if p_values[name] <= SIGNIFICANCE_LEVEL and sum(paired_differences(found, base)) < 0
    ]
    spoiling = [name for name in changed if p_values[name] <= SIGNIFICANCE_LEVEL and name not in healing]
    return ReportSection(
        "Causes, one removed at a time",
        _single_changes_verdict(bad, good, healing, spoiling),
        [
            "All cells have the same chunks and seeds. Healed: an artifact before the change; spoilt: after it.",
            *false_alarm_paragraphs([row for found in one.values() for row in found]),
            *(_repaired_examples(name, *changed[name]) for name in healing),
        ],
        [table],
        [figure],
        artifact_clips(folder, bad),
    )


def _repaired_examples(name: str, found: Sequence[Row], base: Sequence[Row]) -> str:
    """Examples of artifacts that a change prevents. found: takes with the change; base: takes without it."""
    spoilt = {row["item"]: row for row in base if is_artifact(row)}
    healed = [(spoilt[row["item"]], row) for row in found if not is_artifact(row) and row["item"] in spoilt]
    examples = [
        f"“{textwrap.shorten(before['text'], _TEXT_SHOWN, placeholder=' …')}”: {'; '.join(before['evidence'][:1])}; "
        f"{before['errors']} word errors, then {after['errors']}"
        for before, after in healed[:_EXAMPLES]
    ]
    return f"Healed by {name}, for example: {' / '.join(examples)}."


def _wrong_tokens(rows: Sequence[Row]) -> str:
    """Share of wrong tokens, empty if the true codes are not known."""
    return format_percent(token_error_rate(rows))


def _legacy_section(
    folder: Path, backends: Mapping[str, Sequence[Row]], one: Mapping[str, Sequence[Row]]
) -> ReportSection:
    """The section on the legacy back ends, each compared with its settings on MayaBook's engines on common chunks."""
    beside = {name: GGUF_BASELINE if name.startswith("Llama()") else TRANSFORMERS_BASELINE for name in backends}
    both = [name for name, ours in beside.items() if ours in one]
    tests = [paired_test(paired_differences(backends[name], one[beside[name]])) for name in both]
    adjusted = dict(zip(both, holm(tests), strict=True))
    rows = []
    for name, found in backends.items():
        ours = beside[name]
        strays = sum("not the code" in row["detail"] for row in found)
        p = format_p_value(adjusted[name]) if name in adjusted else ""
        rows.append((name, format_rate(artifact_rate(found)), _wrong_tokens(found), str(strays), ours if p else "", p))
    head = (
        "called as in 2025",
        "artifacts",
        "wrong tokens",
        "takes with tokens out of place",
        "beside the cell",
        "p",
    )
    rates = "; ".join(f"{name} {format_percent(artifact_rate(found).value)}" for name, found in backends.items())
    verdict = f"Artifacts of the libraries themselves, which may draw any token at any place: {rates}."
    everything = [row for found in backends.values() for row in found]
    return ReportSection(
        "The libraries as they were called",
        verdict,
        (),
        [ReportTable(head, rows)],
        (),
        artifact_clips(folder, everything),
    )


def _single_changes_verdict(
    bad: Sequence[Row], good: Sequence[Row], healing: Sequence[str], spoiling: Sequence[str]
) -> str:
    """The artifact rates of the two unchanged cells, and the single changes with a significant effect."""
    p = paired_test(paired_differences(bad, good))
    text = (
        f"The transformers way has artifacts in {format_percent(artifact_rate(bad).value)} of takes and the llama.cpp "
        f"way in {format_percent(artifact_rate(good).value)} (paired p {format_p_value(p)}, {len(bad)} takes each)."
    )
    if healing:
        text += f" What heals beyond chance: {'; '.join(healing)}."
    if spoiling:
        text += f" What spoils beyond chance: {'; '.join(spoiling)}."
    if not healing and not spoiling:
        text += " No single change matters beyond chance at this number of takes."
    return text
