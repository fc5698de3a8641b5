"""The experiment `sweep`: a grid of temperature and top_p, and presets, by artifacts, word errors and length."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import Field

from mayabook.core.take import Sampling
from mayabook.engines.sampler_settings import preset, presets
from mayabook.lab.model_variants import first_available
from mayabook.lab.plan import Plan
from mayabook.lab.plots import plot_heatmap, plot_lines
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
    lowest_rate_cells,
    median,
    pairwise_p_values,
    token_error_rate,
    word_error_rate,
)  # fmt: skip
from mayabook.lab.rows import Row
from mayabook.lab.statistics import Rate, required_pairs
from mayabook.lab.trial_runner import Trial, TrialRunner, rows_by_cell

NAME = "sweep"


class SweepPlan(Plan):
    """A grid of temperatures x top_ps; all points use the same chunks and seeds."""

    format: str = ""
    """Weight format; empty uses Q4_K_M, or fp32 if that is unavailable."""
    temperatures: tuple[float, ...] = (0.30, 0.45, 0.60, 0.80, 0.95)
    """Temperatures of the grid."""
    top_ps: tuple[float, ...] = (0.80, 0.92, 1.0)
    """Nuclei (top_p) of the grid."""
    takes: int = Field(default=60, ge=1, le=100_000)
    """Takes of each grid point and of each preset."""
    presets: tuple[str, ...] = tuple(presets())
    """Sampler presets to compare, with all their settings."""


def run(plan: SweepPlan, runner: TrialRunner) -> None:
    """Runs the trials of every grid point and preset."""
    name = first_available(runner.variants, [plan.format] if plan.format else ["Q4_K_M", "fp32"])
    points = [(temperature, top_p) for temperature in plan.temperatures for top_p in plan.top_ps]
    own = preset(plan.preset).as_sampling()
    settings: dict[str, tuple[Sampling, dict[str, object]]] = {
        f"{t:g}, {p:g}": ({**own, "temperature": t, "top_p": p}, {"part": "point", "temperature": t, "top_p": p})
        for t, p in points
    }
    settings |= {f"preset {which}": (preset(which).as_sampling(), {"part": "preset"}) for which in plan.presets}
    trials = [
        Trial(f"{cell} {prompt.number}", cell, prompt, sampling, {**extra, "format": name})
        for cell, (sampling, extra) in settings.items()
        for prompt in runner.prompts()
    ]
    runner.expect_takes(len(trials))
    runner.run_format(name, trials)


def report(folder: Path, rows: Sequence[Row]) -> list[ReportSection]:
    """The sections of the report, as far as there are rows for them."""
    named = rows_by_cell([row for row in rows if row["part"] == "preset"])
    points = [row for row in rows if row["part"] == "point"]
    sections = [_grid_section(folder, points)] if points else []
    return sections + ([_preset_section(named)] if named else [])


def _preset_section(named: Mapping[str, Sequence[Row]]) -> ReportSection:
    """The section on the presets."""
    rates = {name: artifact_rate(found) for name, found in named.items()}
    best = lowest_rate_cells(rates)
    adjusted = _p_values_against(best[0], named)
    table = ReportTable(
        (
            "preset",
            "artifacts",
            "wrong tokens",
            "WER",
            "median length",
            "cut by the cap",
            "other than the best, p",
        ),
        [
            (
                name.removeprefix("preset "),
                format_rate(rates[name]),
                format_percent(token_error_rate(found)),
                format_percent(word_error_rate(found)),
                _median_length(found),
                str(sum(row["stop"] == "cap" for row in found)),
                "the best" if name in best else format_p_value(adjusted[name]),
            )
            for name, found in named.items()
        ],
    )
    everything = [row for found in named.values() for row in found]
    return ReportSection("Presets", _verdict(best, named, rates, adjusted), false_alarm_paragraphs(everything), [table])


def _grid_section(folder: Path, rows: Sequence[Row]) -> ReportSection:
    """The section on the grid of temperature and top_p."""
    points = rows_by_cell(rows)
    rates = {name: artifact_rate(found) for name, found in points.items()}
    best = lowest_rate_cells(rates)
    adjusted = _p_values_against(best[0], points)
    table = ReportTable(
        (
            "temperature",
            "top_p",
            "artifacts",
            "wrong tokens",
            "WER",
            "median length",
            "loops",
            "other than the best, p",
        ),
        [
            (
                f"{found[0]['temperature']:g}",
                f"{found[0]['top_p']:g}",
                format_rate(rates[name]),
                format_percent(token_error_rate(found)),
                format_percent(word_error_rate(found)),
                _median_length(found),
                str(artifact_rate(found, "loop").events),
                "the best" if name in best else format_p_value(adjusted[name]),
            )
            for name, found in points.items()
        ],
    )
    temperatures = sorted({row["temperature"] for row in rows})
    nuclei = sorted({row["top_p"] for row in rows})
    grid = [[rates[f"{t:g}, {p:g}"].value if f"{t:g}, {p:g}" in rates else None for p in nuclei] for t in temperatures]
    wers = {
        f"top_p {nucleus:g}": [
            (t, word_error_rate(points[f"{t:g}, {nucleus:g}"])) for t in temperatures if f"{t:g}, {nucleus:g}" in points
        ]
        for nucleus in nuclei
    }
    figures = [
        plot_heatmap("sweep", "Share of artifacts", grid, ("temperature", temperatures), ("top_p", nuclei)),
        plot_lines("sweep-wer", "Word error rate", wers, ("temperature", "WER")),
    ]
    verdict = _verdict(best, points, rates, adjusted)
    return ReportSection(
        "Temperature and top_p", verdict, false_alarm_paragraphs(rows), [table], figures, artifact_clips(folder, rows)
    )


def _median_length(rows: Sequence[Row]) -> str:
    """Median length relative to the true codes if they are known, else in seconds."""
    ratios = [row["duration_ratio"] for row in rows if "duration_ratio" in row]
    return f"{median(ratios):.2f} of the truth" if ratios else f"{median([row['audio_seconds'] for row in rows]):.1f} s"


def _p_values_against(best: str, named: Mapping[str, Sequence[Row]]) -> dict[str, float]:
    """Cell -> p-value of its comparison with the best, adjusted for all pairs because the best is chosen post hoc."""
    pairs = pairwise_p_values(named)
    return {name: pairs[frozenset((name, best))] for name in named if name != best}


def _verdict(
    best: Sequence[str],
    named: Mapping[str, Sequence[Row]],
    rates: Mapping[str, Rate],
    adjusted: Mapping[str, float],
) -> str:
    """The best cells, those that are significantly worse, or else the sample size that could show a difference."""
    text = f"Fewest artifacts with {'; '.join(best)}: {format_rate(rates[best[0]])}."
    worse = [name for name, p in adjusted.items() if p <= 0.05]
    others = [name for name in rates if name not in best]
    if worse:
        return f"{text} {len(worse)} of the other {len(others)} have more beyond chance: {'; '.join(worse)}."
    text += " No other has more beyond chance at this number of takes."
    if others:
        most = max(others, key=lambda name: rates[name].value)
        n_pairs = len(named) * (len(named) - 1) // 2
        if needed := required_pairs(*discordant_pairs(named[most], named[best[0]]), n_pairs):
            text += f" About {needed} chunks would tell {most} from {best[0]}."
    return text
