"""Plots recall against false alarms as all thresholds are scaled by one factor, and for the word error rate alone."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

from bench.defects.corpus import Labelled
from bench.defects.scores import Examined
from bench.defects.table import PAGE, RECALL_GOALS
from bench.defects.thresholds import GOALS, Values, risks
from mayabook.core.files import atomic_write

COLOURS = {"severe": "#1f5f8b", "moderate": "#c2571a"}
STYLE: Any = {"svg.hashsalt": "mayabook", "svg.fonttype": "none", "font.size": 9}


def draw(rows: Sequence[Labelled], examined: Mapping[str, Examined], thresholds: Mapping[str, float]) -> None:
    """Draws docs/quality.svg from the test split."""
    tested = [row for row in rows if row.split == "test"]
    rates = np.array([examined[row.id].wer for row in tested])
    sound = np.array([not row.spoilt for row in tested])
    with rc_context(STYLE):
        canvas = Figure(figsize=(5.4, 4.2), layout="constrained")
        axes = canvas.subplots()
        for grade, colour in COLOURS.items():
            spoilt = np.array([row.grade == grade for row in tested])
            for values, name, line in (
                (risks(tested, examined, thresholds), "the checks", "-"),
                (rates, "word error rate", ":"),
            ):
                axes.plot(*_curve(values[sound], values[spoilt]), line, color=colour, label=f"{grade}, {name}")
            axes.axhline(RECALL_GOALS[grade], color=colour, linewidth=0.5)
        axes.axvline(_mixed_goal(tested), color="#888888", linewidth=0.5)
        axes.set(
            xlabel="false alarms, clean and hard takes together", ylabel="caught", xlim=(-0.005, 0.3), ylim=(0, 1.01)
        )
        axes.legend(frameon=False, loc="lower right")
        with atomic_write(PAGE.with_suffix(".svg")) as file:
            canvas.savefig(file, metadata={"Date": None, "Creator": None})


def _curve(sound: Values, spoilt: Values) -> tuple[Values, Values]:
    """False alarms and recall at every threshold."""
    steps = np.unique(np.concatenate([sound, spoilt]))[::-1]
    return (np.concatenate([[0.0], [(part >= step).mean() for step in steps]]) for part in (sound, spoilt))  # type: ignore[return-value]


def _mixed_goal(rows: Sequence[Labelled]) -> float:
    """The goal for false alarms of clean and hard takes together, weighted by their numbers."""
    counts = {label: sum(row.label == label for row in rows) for label in GOALS}
    return sum(GOALS[label] * n for label, n in counts.items()) / sum(counts.values())
