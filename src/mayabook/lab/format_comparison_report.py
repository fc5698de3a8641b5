"""The report of `compare`: artifacts, KL divergence and cost of each weight format."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from mayabook.lab import plots
from mayabook.lab.format_comparison import mean_kl_divergence, rows_by_format
from mayabook.lab.report import (
    ReportSection,
    ReportTable,
    artifact_clips,
    artifact_rate,
    discordant_pairs,
    false_alarm_paragraphs,
    finding_kinds,
    format_p_value,
    format_percent,
    format_rate,
    paired_differences,
    token_error_rate,
    word_error_rate,
)  # fmt: skip
from mayabook.lab.rows import Row
from mayabook.lab.statistics import holm, paired_test, required_pairs
from mayabook.lab.teacher_forcing import LEVEL_NAMES


def report(folder: Path, rows: Sequence[Row]) -> list[ReportSection]:
    """The sections of the report, as far as there are rows for them."""
    takes, read, costs = rows_by_format(rows, "take"), rows_by_format(rows, "forced"), rows_by_format(rows, "cost")
    sections = []
    if takes:
        sections.append(_speech_section(folder, takes))
    if read:
        sections.append(_logits_section(read))
    if costs:
        sections.append(_cost_section(costs, takes, read))
    return sections


def against_reference(takes: Mapping[str, Sequence[Row]]) -> dict[str, float]:
    """Format -> p-value of its paired comparison with the reference, adjusted by Holm's method."""
    reference = next(iter(takes.values()))[0]["reference"]
    names = [name for name in takes if name != reference]
    tests = [paired_test(paired_differences(takes[name], takes[reference])) for name in names]
    return dict(zip(names, holm(tests), strict=True))


def _speech_section(folder: Path, takes: Mapping[str, Sequence[Row]]) -> ReportSection:
    """The section on artifacts, word errors and wrong tokens by format."""
    reference = next(iter(takes.values()))[0]["reference"]
    adjusted = against_reference(takes)
    table = ReportTable(
        ("format", "artifacts", "WER", "wrong tokens", f"only it / only {reference}", "p"),
        [
            (
                name,
                format_rate(artifact_rate(found)),
                format_percent(word_error_rate(found)),
                format_percent(token_error_rate(found)),
                "" if name == reference else "{} / {}".format(*discordant_pairs(found, takes[reference])[:2]),
                "" if name == reference else format_p_value(adjusted[name]),
            )
            for name, found in takes.items()
        ],
    )
    everything = [row for found in takes.values() for row in found]
    by_kind = ReportTable(
        ("format", *finding_kinds(everything)),
        [
            (name, *(format_rate(artifact_rate(found, kind)) for kind in finding_kinds(everything)))
            for name, found in takes.items()
        ],
    )
    rates = {name: artifact_rate(found) for name, found in takes.items()}
    figure = plots.plot_intervals(
        "compare-artifacts",
        "Rejected takes by format, with 95 % intervals",
        {name: (found.value, found.interval) for name, found in rates.items()},
        "share of takes",
    )
    tables = [table, by_kind] if finding_kinds(everything) else [table]
    return ReportSection(
        "Speech by format",
        _verdict(takes, reference, adjusted),
        false_alarm_paragraphs(everything),
        tables,
        [figure],
        artifact_clips(folder, everything),
    )


def _verdict(takes: Mapping[str, Sequence[Row]], reference: str, adjusted: Mapping[str, float]) -> str:
    """The formats that differ significantly from the reference, and the sample sizes that could settle the others."""
    worse = [
        name for name, p in adjusted.items() if p <= 0.05 and sum(paired_differences(takes[name], takes[reference])) > 0
    ]
    better = [name for name, p in adjusted.items() if p <= 0.05 and name not in worse]
    n = len(takes[reference])
    text = (
        f"More artifacts than {reference}, beyond chance: {', '.join(worse)}."
        if worse
        else f"No format has more artifacts than {reference} beyond chance, on {n} pairs each."
    )
    if better:
        text += f" Fewer: {', '.join(better)}."
    open_ones = {
        name: required_pairs(*discordant_pairs(takes[name], takes[reference]), len(adjusted))
        for name in adjusted
        if name not in worse and name not in better
    }
    needed = [f"{name} {count}" for name, count in open_ones.items() if count]
    if needed:
        text += f" Chunks that would settle differences as large as those seen: {', '.join(needed)}."
    return text


def _logits_section(read: Mapping[str, Sequence[Row]]) -> ReportSection:
    """The section on KL divergence and top-1 agreement under teacher forcing."""
    found = {name: [mean_kl_divergence(rows, level) for level in (None, 0, 1, 2)] for name, rows in read.items()}
    table = ReportTable(
        (
            "format",
            "KL, nats a token",
            *(f"KL {level}" for level in LEVEL_NAMES),
            "same likeliest",
            *(f"{level}" for level in LEVEL_NAMES),
        ),
        [
            (
                name,
                f"{values[0][0]:.5f} ± {values[0][1]:.5f}",
                *(f"{value[0]:.5f}" for value in values[1:]),
                *(format_percent(value[2]) for value in values),
            )
            for name, values in found.items()
        ],
    )
    ordered = sorted(found, key=lambda name: found[name][0][0])
    steps = sum(sum(row["steps"]) for row in next(iter(read.values())))
    verdict = f"From nearest to farthest from full precision: {', '.join(ordered)} ({steps:,} tokens each)."
    return ReportSection("Next-token distributions under teacher forcing", verdict, (), [table])


def _cost_section(
    costs: Mapping[str, Sequence[Row]], takes: Mapping[str, Sequence[Row]], read: Mapping[str, Sequence[Row]]
) -> ReportSection:
    """The section on size, speed and memory, with the Pareto front of size and quality."""
    rows = {name: found[0] for name, found in costs.items()}
    table = ReportTable(
        ("format", "MB", "bits a weight", "tokens/s", "peak memory, MB"),
        [
            (
                name,
                f"{row['bytes'] / 1e6:.1f}",
                "" if row["bits"] is None else f"{row['bits']:.2f}",
                f"{row['tokens_per_second']:.0f}",
                f"{row['memory'] / 1e6:.0f}",
            )
            for name, row in rows.items()
        ],
    )
    label, quality = _quality_measure(takes, read)
    points = {name: (rows[name]["bytes"] / 1e6, value) for name, value in quality.items() if name in rows}
    if not points:
        return ReportSection("Size, speed and memory", "Measured on this machine; see the table.", (), [table])
    best = pareto_front(points)
    figure = plots.plot_scatter("compare-pareto", f"Size against {label}", points, best, ("MB", label))
    verdict = f"No other format is both smaller and better than: {', '.join(best)}."
    return ReportSection("Size, speed and memory", verdict, (), [table], [figure])


def _quality_measure(
    takes: Mapping[str, Sequence[Row]], read: Mapping[str, Sequence[Row]]
) -> tuple[str, dict[str, float]]:
    """The measure that formats are ranked by, and its values.

    Wrong tokens if the true codes are known, else KL divergence, else artifacts.
    """
    errors = {name: token_error_rate(found) for name, found in takes.items()}
    known = {name: value for name, value in errors.items() if value is not None}
    if known:
        return "share of wrong tokens", known
    if read:
        return "KL, nats a token", {name: mean_kl_divergence(found)[0] for name, found in read.items()}
    return "share of artifacts", {name: artifact_rate(found).value for name, found in takes.items()}


def pareto_front(points: Mapping[str, tuple[float, float]]) -> list[str]:
    """The Pareto front: names of the points that no other point dominates; lower is better in both coordinates."""
    return [
        name
        for name, (x, y) in points.items()
        if not any(a <= x and b <= y and (a, b) != (x, y) for a, b in points.values())
    ]
