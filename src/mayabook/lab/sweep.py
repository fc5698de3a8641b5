"""sweep: a grid of temperature and top_p, and sampler presets, compared by artifacts, word errors and length."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import Field

from mayabook.core.take import Sampling
from mayabook.engines.sampler_settings import preset, presets
from mayabook.lab.model_variants import first_available
from mayabook.lab.plan import Plan
from mayabook.lab.plots import heatmap, lines
from mayabook.lab.report import (
    ReportSection,
    ReportTable,
    all_pairs,
    artifacts,
    clips,
    discordant,
    false_alarms,
    fewest,
    median,
    p_value,
    percent,
    shown,
    token_error_rate,
    word_error_rate,
)  # fmt: skip
from mayabook.lab.rows import Row
from mayabook.lab.statistics import Rate, pairs_to_tell
from mayabook.lab.trial_runner import TrialRunner, Wanted, cells

NAME = "sweep"


class SweepPlan(Plan):
    """A grid of temperatures x top_ps; all points use the same chunks and seeds."""

    format: str = ""
    """Weight format; empty takes Q4_K_M, or the first that is here."""
    temperatures: tuple[float, ...] = (0.30, 0.45, 0.60, 0.80, 0.95)
    """Temperatures."""
    top_ps: tuple[float, ...] = (0.80, 0.92, 1.0)
    """Nuclei."""
    takes: int = Field(default=60, ge=1, le=100_000)
    """Takes of each point, and of each preset."""
    presets: tuple[str, ...] = tuple(presets())
    """Sampler presets to compare as they are."""


def run(plan: SweepPlan, bench: TrialRunner) -> None:
    """Runs the trials of every grid point and preset."""
    name = first_available(bench.opener, [plan.format] if plan.format else ["Q4_K_M", "fp32"])
    points = [(temperature, top_p) for temperature in plan.temperatures for top_p in plan.top_ps]
    own = preset(plan.preset).as_sampling()
    settings: dict[str, tuple[Sampling, dict[str, object]]] = {
        f"{t:g}, {p:g}": ({**own, "temperature": t, "top_p": p}, {"part": "point", "temperature": t, "top_p": p})
        for t, p in points
    }
    settings |= {f"preset {which}": (preset(which).as_sampling(), {"part": "preset"}) for which in plan.presets}
    wanted = [
        Wanted(f"{cell} {item.number}", cell, item, sampling, {**extra, "format": name})
        for cell, (sampling, extra) in settings.items()
        for item in bench.items()
    ]
    bench.expect(len(wanted))
    bench.speak(name, wanted)


def report(folder: Path, rows: Sequence[Row]) -> list[ReportSection]:
    """The sections of the report, as far as there are rows for them."""
    named = cells([row for row in rows if row["part"] == "preset"])
    points = [row for row in rows if row["part"] == "point"]
    sections = [_points(folder, points)] if points else []
    return sections + ([_presets(named)] if named else [])


def _presets(named: Mapping[str, Sequence[Row]]) -> ReportSection:
    """The section on the presets."""
    rates = {name: artifacts(found) for name, found in named.items()}
    best = fewest(rates)
    adjusted = _against(best[0], named)
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
                shown(rates[name]),
                percent(token_error_rate(found)),
                percent(word_error_rate(found)),
                _length(found),
                str(sum(row["stop"] == "cap" for row in found)),
                "the best" if name in best else p_value(adjusted[name]),
            )
            for name, found in named.items()
        ],
    )
    everything = [row for found in named.values() for row in found]
    return ReportSection("Presets", _verdict(best, named, rates, adjusted), false_alarms(everything), [table])


def _points(folder: Path, rows: Sequence[Row]) -> ReportSection:
    """The section on the grid of temperature and top_p."""
    points = cells(rows)
    rates = {name: artifacts(found) for name, found in points.items()}
    best = fewest(rates)
    adjusted = _against(best[0], points)
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
                shown(rates[name]),
                percent(token_error_rate(found)),
                percent(word_error_rate(found)),
                _length(found),
                str(artifacts(found, "loop").events),
                "the best" if name in best else p_value(adjusted[name]),
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
        heatmap("sweep", "Share of artifacts", grid, ("temperature", temperatures), ("top_p", nuclei)),
        lines("sweep-wer", "Word error rate", wers, ("temperature", "WER")),
    ]
    verdict = _verdict(best, points, rates, adjusted)
    return ReportSection("Temperature and top_p", verdict, false_alarms(rows), [table], figures, clips(folder, rows))


def _length(rows: Sequence[Row]) -> str:
    """Median length relative to the true codes if they are known, else in seconds."""
    ratios = [row["duration_ratio"] for row in rows if "duration_ratio" in row]
    return f"{median(ratios):.2f} of the truth" if ratios else f"{median([row['audio_seconds'] for row in rows]):.1f} s"


def _against(best: str, named: Mapping[str, Sequence[Row]]) -> dict[str, float]:
    """Cell -> p-value of its comparison with the best, adjusted for all pairs because the best is chosen post hoc."""
    pairs = all_pairs(named)
    return {name: pairs[frozenset((name, best))] for name in named if name != best}


def _verdict(
    best: Sequence[str],
    named: Mapping[str, Sequence[Row]],
    rates: Mapping[str, Rate],
    adjusted: Mapping[str, float],
) -> str:
    """The best cells, those that are significantly worse, or else the sample size that could show a difference."""
    text = f"Fewest artifacts with {'; '.join(best)}: {shown(rates[best[0]])}."
    worse = [name for name, p in adjusted.items() if p <= 0.05]
    others = [name for name in rates if name not in best]
    if worse:
        return f"{text} {len(worse)} of the other {len(others)} have more beyond chance: {'; '.join(worse)}."
    text += " No other has more beyond chance at this number of takes."
    if others:
        most = max(others, key=lambda name: rates[name].value)
        n_pairs = len(named) * (len(named) - 1) // 2
        if needed := pairs_to_tell(*discordant(named[most], named[best[0]]), n_pairs):
            text += f" About {needed} chunks would tell {most} from {best[0]}."
    return text
