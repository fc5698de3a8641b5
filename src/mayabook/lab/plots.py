"""Plots as SVG source for pages and files. Requires matplotlib, which the extra `lab` installs."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mayabook.core.errors import LabError
from mayabook.core.take import Audio
from mayabook.lab.report import ReportFigure
from mayabook.lab.statistics import Interval

WIDTH, HEIGHT = 6.4, 3.4
"""Size of a plot in inches."""
_STYLE: Any = {
    "svg.hashsalt": "mayabook",  # makes the SVG deterministic
    "svg.fonttype": "none",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def _axes(height: float = HEIGHT) -> tuple[Any, Any]:
    """A matplotlib figure and its axes. height: inches. Raises LabError if matplotlib is not installed."""
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure as Canvas
    except ImportError as error:
        raise LabError("matplotlib is not installed, and reports need it; run: pip install 'mayabook[lab]'") from error
    with rc_context(_STYLE):
        canvas = Canvas(figsize=(WIDTH, height), layout="constrained")
        return canvas, canvas.subplots()


def _svg(canvas: Any) -> str:
    """SVG source of a matplotlib figure, without XML header, date and creator."""
    from matplotlib import rc_context

    out = io.StringIO()
    with rc_context(_STYLE):
        canvas.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    text = out.getvalue()
    return text[text.index("<svg") :]


def plot_intervals(
    name: str, caption: str, found: Mapping[str, tuple[float, Interval]], label: str, *, zero: bool = False
) -> ReportFigure:
    """Plots values with their intervals, one row each. zero: draws a line at 0, which is no effect."""
    canvas, axes = _axes(0.9 + 0.28 * len(found))
    values = [value for value, _ in found.values()]
    low = [value - interval.low for value, interval in found.values()]
    high = [interval.high - value for value, interval in found.values()]
    positions = np.arange(len(found))[::-1]
    axes.errorbar(values, positions, xerr=np.abs([low, high]), fmt="o", color="#1f5f8b", ecolor="#9db8c9", elinewidth=3)
    if zero:
        axes.axvline(0, color="#888888", linewidth=1)
    axes.set_yticks(positions, list(found))
    axes.set_xlabel(label)
    return ReportFigure(name, caption, _svg(canvas))


def plot_lines(
    name: str, caption: str, found: Mapping[str, Sequence[tuple[float, float]]], labels: tuple[str, str]
) -> ReportFigure:
    """Plots one line per name through its (x, y) points. labels: of the x and y axes."""
    canvas, axes = _axes()
    for label, points in found.items():
        axes.plot(*zip(*points, strict=True), marker="o", markersize=3, linewidth=1, label=label)
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
    if len(found) > 1:
        axes.legend(frameon=False)
    return ReportFigure(name, caption, _svg(canvas))


def plot_heatmap(
    name: str,
    caption: str,
    grid: Sequence[Sequence[float | None]],
    rows: tuple[str, Sequence[float]],
    columns: tuple[str, Sequence[float]],
) -> ReportFigure:
    """Plots a grid of shares, each written into its cell. None leaves a cell empty.

    rows, columns: label of the axis, and values of its ticks.
    """
    canvas, axes = _axes()
    values = np.array([[np.nan if value is None else value for value in row] for row in grid], float)
    axes.imshow(values, cmap="YlOrRd", vmin=0, vmax=max(0.05, float(np.nanmax(values))), aspect="auto")
    for (at, across), value in np.ndenumerate(values):
        if not np.isnan(value):
            axes.text(across, at, f"{value:.0%}", ha="center", va="center")
    axes.set_yticks(range(len(rows[1])), [f"{value:g}" for value in rows[1]])
    axes.set_xticks(range(len(columns[1])), [f"{value:g}" for value in columns[1]])
    axes.set_ylabel(rows[0])
    axes.set_xlabel(columns[0])
    return ReportFigure(name, caption, _svg(canvas))


def plot_scatter(
    name: str, caption: str, points: Mapping[str, tuple[float, float]], best: Sequence[str], labels: tuple[str, str]
) -> ReportFigure:
    """Plots named (x, y) points; those of `best` are coloured and joined by a line. labels: of the x and y axes."""
    canvas, axes = _axes(4.0)
    for label, (x, y) in points.items():
        colour = "#b3341f" if label in best else "#888888"
        axes.plot(x, y, "o", color=colour)
        axes.annotate(label, (x, y), xytext=(4, 4), textcoords="offset points", fontsize=8, color=colour)
    joined = sorted(points[label] for label in best)
    axes.plot([x for x, _ in joined], [y for _, y in joined], color="#b3341f", linewidth=1, alpha=0.5)
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
    axes.margins(0.12)
    return ReportFigure(name, caption, _svg(canvas))


def spectrogram_png(audio: Audio, sample_rate: int) -> bytes:
    """A small spectrogram as PNG, 0 to 8 kHz, with a dynamic range of 80 dB."""
    from scipy.signal import spectrogram as power

    canvas, axes = _axes(1.6)
    frequencies, times, density = power(audio, sample_rate, nperseg=512, noverlap=256)
    level = 10 * np.log10(density[frequencies <= 8000] + 1e-12)
    top = max(-60.0, float(level.max()))  # silence stays dark
    extent = (0.0, float(times[-1]), 0.0, 8.0)
    axes.imshow(level, origin="lower", aspect="auto", cmap="magma", vmin=top - 80, vmax=top, extent=extent)
    axes.set_xlabel("s")
    axes.set_ylabel("kHz")
    out = io.BytesIO()
    canvas.savefig(out, format="png", dpi=72)
    return out.getvalue()
