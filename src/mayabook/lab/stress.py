"""The experiment `stress`: many chunks in book order and shuffled, to test metrics for a trend by position."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from mayabook.lab.model_variants import first_available
from mayabook.lab.plan import Plan
from mayabook.lab.plots import plot_lines
from mayabook.lab.report import (
    ReportSection,
    ReportTable,
    artifact_clips,
    artifact_rate,
    false_alarm_paragraphs,
    format_p_value,
    format_rate,
    is_artifact,
    zero_events_phrase,
)
from mayabook.lab.rows import Row
from mayabook.lab.statistics import Trend, detectable_tau, holm, mann_kendall
from mayabook.lab.trial_runner import Trial, TrialRunner, rows_by_cell

NAME = "stress"
ORDERS = ("in order", "shuffled")
"""Cells: the order of the book, and a random order."""
_WINDOW = 20
"""Takes averaged by each point of a plot, and the fewest takes after which an order may be stopped."""


class StressPlan(Plan):
    """The same takes are synthesised in two orders, which separates the effect of position from that of the text."""

    memoises: ClassVar[bool] = False
    """Off, because memory and time are measured."""
    caches_logits: ClassVar[bool] = False
    """Off, because memory and time are measured."""

    format: str = ""
    """Weight format; empty uses Q4_K_M, or fp32 if that is unavailable."""
    takes: int = Field(default=100, ge=3, le=100_000)
    """Consecutive chunks of each order."""
    shuffled: bool = True
    """Whether to synthesise them again in random order."""
    stop_above: float = Field(default=0.0, ge=0, le=1)
    """Stop an order, after 20 takes at least, once the lower bound of its artifact rate exceeds this; 0 never stops."""


def run(plan: StressPlan, runner: TrialRunner) -> None:
    """Runs the trials of each order; stops an order early if the plan says so."""
    name = first_available(runner.variants, [plan.format] if plan.format else ["Q4_K_M", "fp32"])
    orders = ORDERS if plan.shuffled else ORDERS[:1]
    prompts = runner.prompts()
    mixed = np.random.Generator(np.random.Philox(plan.seed)).permutation(len(prompts))
    runner.expect_takes(len(prompts) * len(orders))
    for order in orders:
        sequence = prompts if order == ORDERS[0] else [prompts[at] for at in mixed]
        trials = [
            Trial(f"{order} {prompt.number}", order, prompt, extra={"position": position, "format": name})
            for position, prompt in enumerate(sequence)
        ]
        stop = partial(_exceeds_limit, plan, runner, order) if plan.stop_above else None
        runner.run_format(name, trials, stop)


def _exceeds_limit(plan: StressPlan, runner: TrialRunner, order: str) -> bool:
    """Whether the lower bound of an order's artifact rate exceeds the plan's limit."""
    rows = [row for row in runner.rows if row["cell"] == order and "accepted" in row]
    if len(rows) < _WINDOW or artifact_rate(rows).interval.low <= plan.stop_above:
        return False
    runner.listener.on_message(f"Stopped {order}: {format_rate(artifact_rate(rows))} of takes are artifacts")
    return True


METRICS: dict[str, Callable[[Row], Any]] = {
    "artifacts": lambda row: float(is_artifact(row)),
    "word errors": lambda row: row["errors"] / max(1, row["n_words"]),
    "length of the truth": lambda row: row.get("duration_ratio"),
    "seconds a token": lambda row: row["seconds"] / max(1, row.get("n_tokens", 0)),
    "memory": lambda row: row["memory"] / 1e6,
}
"""Metrics tested for a trend by position. `length of the truth` is None without true codes; memory is in MB."""
QUALITY_METRICS = ("artifacts", "word errors", "length of the truth")
"""Metrics of quality; the others are metrics of cost."""
_WARM_UP = 20
"""First takes, excluded from trends of cost: the checks do not run beside them yet, and buffers still grow."""


def report(folder: Path, rows: Sequence[Row]) -> list[ReportSection]:
    """The report: artifact rates, Mann-Kendall trends of every figure, and whether codes depend on the position."""
    orders = {name: sorted(found, key=lambda row: row["position"]) for name, found in rows_by_cell(rows).items()}
    trends = {
        (order, name): mann_kendall(values)
        for order, found in orders.items()
        for name in METRICS
        if None not in (values := _values(found, name))
    }
    adjusted = dict(zip(trends, holm([trend.p for trend in trends.values()]), strict=True))
    table = ReportTable(
        ("order", "figure", "Kendall's tau", "slope for 100 takes", "p", "p, all considered"),
        [(*which, *_format_trend(trend), format_p_value(adjusted[which])) for which, trend in trends.items()],
    )
    rates = ReportTable(
        ("order", "artifacts"), [(name, format_rate(artifact_rate(found))) for name, found in orders.items()]
    )
    sure = {which: trend for which, trend in trends.items() if adjusted[which] <= 0.05}
    paragraphs = [_memory(orders), *false_alarm_paragraphs(rows)]
    same = _same_tokens(orders)
    if same is not None:
        paragraphs.insert(0, same)
    figures = [
        plot_lines(
            f"stress-{name.split()[0]}",
            f"{name.capitalize()}, mean of {_WINDOW} takes",
            _window_means(orders, name),
            ("position", name),
        )
        for name in ("artifacts", "seconds a token", "memory")
    ]
    verdict = _verdict(orders, sure, len(trends))
    return [
        ReportSection(
            "Position in a long run", verdict, paragraphs, [rates, table], figures, artifact_clips(folder, rows)
        )
    ]


def _values(rows: Sequence[Row], name: str) -> list[Any]:
    """Values of a figure by position; costs without the first takes, if enough others remain."""
    values = [METRICS[name](row) for row in rows]
    return values if name in QUALITY_METRICS or len(values) < 2 * _WARM_UP else values[_WARM_UP:]


def _format_trend(trend: Trend) -> tuple[str, str, str]:
    """Tau, slope per 100 takes, and p-value, formatted."""
    return f"{trend.tau:+.2f}", f"{100 * trend.slope:+.3g}", format_p_value(trend.p)


def _verdict(orders: dict[str, list[Row]], sure: dict[tuple[str, str], Trend], n_trends: int) -> str:
    """Which figures depend on the position. sure: significant trends by order and figure. n_trends: trends tested."""
    n = max(len(found) for found in orders.values())
    if ORDERS[1] not in orders:
        bent = sorted(name for _, name in sure)
        trend = f"Trends: {', '.join(bent)}." if bent else "No figure has a trend beyond chance."
        return f"{trend} One order alone cannot tell the effect of position from that of the text."
    in_order, shuffled = (
        sorted(name for order, name in sure if order == which and name in QUALITY_METRICS) for which in ORDERS
    )
    costs = [
        f"{name} {'rises' if trend.tau > 0 else 'falls'} ({order})"
        for (order, name), trend in sure.items()
        if name not in QUALITY_METRICS
    ]
    cost = f" Of the costs, {', '.join(costs)}." if costs else ""
    if shuffled:
        return f"Over {n} takes, {', '.join(shuffled)} depend on the position, whatever the text.{cost}"
    because = (
        f" {', '.join(in_order)}: a trend in the order of the book that shuffled takes do not show." if in_order else ""
    )
    found = f"a tau of {detectable_tau(n, n_trends):.2f} would have been found in four runs of five"
    return f"Over {n} shuffled takes no figure of quality has a trend beyond chance; {found}.{because}{cost}"


def _same_tokens(orders: dict[str, list[Row]]) -> str | None:
    """A sentence on whether items got the same codes in both orders; None if that cannot be compared."""
    if len(orders) < 2:
        return None
    one, other = ({row["item"]: row.get("tokens") for row in found} for found in orders.values())
    both = [row for row in orders[ORDERS[0]] if row["item"] in other and row.get("tokens") is not None]
    if not both:
        return None
    different = sum(one[row["item"]] != other[row["item"]] for row in both)
    if different:
        return f"{different} of {len(both)} takes got other codes at another position: the engine keeps state."
    return f"Each take got the same codes at both of its positions: {zero_events_phrase(both, 'differ')}."


def _memory(orders: dict[str, list[Row]]) -> str:
    """A sentence on the memory after the first and the last take of each order."""
    ends = {name: (found[0]["memory"] / 1e6, found[-1]["memory"] / 1e6) for name, found in orders.items()}
    parts = [
        f"{name} from {a:.0f} MB after the first take to {b:.0f} MB after the last" for name, (a, b) in ends.items()
    ]
    return f"Memory: {'; '.join(parts)}."


def _window_means(orders: dict[str, list[Row]], name: str) -> dict[str, list[tuple[float, float]]]:
    """By order: the means of a figure over stretches of takes, each with the position of its middle."""
    curves = {}
    for order, found in orders.items():
        values = [METRICS[name](row) for row in found]
        curves[order] = [
            (float(at + len(part) / 2), float(np.mean(part)))
            for at in range(0, len(values), _WINDOW)
            if (part := values[at : at + _WINDOW])
        ]
    return curves
