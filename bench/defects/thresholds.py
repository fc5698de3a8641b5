"""Stage 3: from which value on each detector rejects a take, from the takes of the fit split.

Thresholds are lowered greedily by recall gained per false alarm, while the false alarms are within what is allowed;
then each threshold keeps a margin from the edges of the gap that it lies in. The validation split decides how much of
the goals' false alarms to allow.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.defects.corpus import CLEAN, HARD, Labelled
from bench.defects.scores import Examined, matrix
from mayabook.checks.thresholds import load_thresholds
from mayabook.core.files import write_text

Values = NDArray[np.float64]
GOALS = {CLEAN: 0.01, HARD: 0.05}
"""False alarms, as shares of the takes."""
AIMS = {
    "silent": {"silence"},
    "pause": {"silence"},
    "clipped": {"clipping"},
    "noise": {"hiss", "hum"},
    "click": {"click"},
    "drift": {"drift"},
    "repeat": {"stutter"},
    "slow": set(),  # set by hand: other voices than the corpus's one have other paces
    "fast": set(),
    "truncated": {"cut", "capped"},
    "omitted": {"omitted", "foreign"},
    "garbled": {"changed", "foreign", "stutter"},
    "inserted": {"loop", "foreign", "stutter"},
    "loop": {"loop", "stutter"},
    "tail": {"tail", "loop", "foreign"},
    "capped": {"capped"},
    "code_loop": {"stutter"},
}
"""By measure, the labels that it is to catch. That it also catches others is no reason to fit its threshold to them.
The threshold of a measure with no labels, or not listed, is set by hand."""
WORTH = {"severe": 3.0, "moderate": 1.0, "other": 0.1, "none": 0.0}
ALLOWED = (0.5, 0.25, 0.0)
"""Shares of the goals that are tried; half is left for chance."""
WIDE, MARGIN = 4.0, 1.3
"""Ratio of the edges of a wide gap, and of a threshold to either edge of it."""
ACCEPTED = "accepted"
STEPS = 4
"""Sound takes that a step may cost."""
STRAYS = 0.05
"""Share of what a detector alone catches that does not decide on its threshold."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """caught: share of the worth. alarms: shares of the goals."""

    thresholds: dict[str, float]
    allowed: float
    caught: float
    alarms: float


def fit(rows: Sequence[Labelled], examined: Mapping[str, Examined], detectors: Mapping[str, float]) -> Fitted:
    """detectors: with their present thresholds, which those keep that have nothing to go by."""
    split = {name: [row for row in rows if row.split == name] for name in ("fit", "validation")}
    tried = []
    for allowed in ALLOWED:
        thresholds = _thresholds(split["fit"], examined, detectors, allowed)
        tried.append(Fitted(thresholds, allowed, *_outcome(split["validation"], examined, thresholds)))
    return min(tried, key=lambda fitted: (max(1.0, fitted.alarms), -fitted.caught, fitted.allowed))


def _thresholds(
    rows: Sequence[Labelled], examined: Mapping[str, Examined], detectors: Mapping[str, float], allowed: float
) -> dict[str, float]:
    values = matrix([examined[row.id] for row in rows], list(detectors))
    sound = np.array([not row.spoilt for row in rows])
    worth = np.array([WORTH[row.grade] for row in rows])
    price = _prices(rows)
    aimed = np.array([[row.label in AIMS.get(name, ()) for name in detectors] for row in rows])
    lowered = _lowered(values, sound, worth[:, None] * aimed, price, allowed)
    rejected = values >= lowered
    settled = {}
    for at, (name, present) in enumerate(detectors.items()):
        if not AIMS.get(name):
            settled[name] = present
            continue
        column = values[:, at]
        below = _highest(column[sound & ~rejected[:, at]])
        others = np.delete(rejected, at, axis=1).any(axis=1)
        own = np.sort(column[aimed[:, at] & ~others & (column > below)])
        above = float(own[int(STRAYS * len(own))]) if len(own) else np.inf
        settled[name] = _settled(present, max(below, 0.0), above)
    return settled


def _settled(present: float, below: float, above: float) -> float:
    """The present threshold, if it keeps MARGIN from the highest of the sound takes and from the lowest that this
    detector alone catches, but for strays; otherwise the nearest that does, or in a narrow gap the middle, by ratio."""
    low, high = below * MARGIN, above / MARGIN
    if low <= present <= high:
        return present
    return _rounded(float(np.sqrt(below * above) if above <= WIDE * below else np.clip(present, low, high)))


def _lowered(values: Values, sound: NDArray[np.bool_], worth: Values, price: Values, allowed: float) -> Values:
    """A threshold for each detector, so that the prices of the sound takes rejected add up to no more than `allowed`.

    worth: of each take to each detector.
    """
    n_detectors = values.shape[1]
    thresholds = np.array([np.nextafter(_highest(values[sound, at]), np.inf) for at in range(n_detectors)])
    while True:
        best: tuple[float, int, float] | None = None
        rejected = (values >= thresholds).any(axis=1)
        for at in range(n_detectors):
            for threshold in _steps(values[sound, at], thresholds[at]):
                more = (values[:, at] >= threshold) & ~rejected
                cost = price[rejected | more].sum(axis=0)
                gain = worth[more, at].sum()
                if gain <= 0 or (cost > allowed + 1e-9).any():
                    continue
                rate = gain / max(1e-3, price[more].sum())
                if best is None or rate > best[0]:
                    best = (rate, at, threshold)
        if best is None:
            return thresholds
        thresholds[best[1]] = best[2]


def _steps(sound: Values, threshold: float) -> list[float]:
    """The thresholds just above each of the next values of sound takes below this one."""
    lower = np.unique(sound[(sound < threshold) & np.isfinite(sound)])[::-1][: STEPS + 1]
    return [float(np.nextafter(value, np.inf)) for value in lower[1:]]


def _prices(rows: Sequence[Labelled]) -> Values:
    """What a false alarm costs of the goal of its kind; shape (n_takes, 2)."""
    labels = np.array([row.label for row in rows])
    return np.stack(
        [(labels == label) / max(1e-9, share * (labels == label).sum()) for label, share in GOALS.items()], 1
    )


def _outcome(
    rows: Sequence[Labelled], examined: Mapping[str, Examined], thresholds: Mapping[str, float]
) -> tuple[float, float]:
    rejected = rejections(rows, examined, thresholds)
    worth = np.array([WORTH[row.grade] for row in rows])
    alarms = _prices(rows)[rejected].sum(axis=0)
    return float(worth[rejected].sum() / worth.sum()), float(alarms.max())


def rejections(
    rows: Sequence[Labelled], examined: Mapping[str, Examined], thresholds: Mapping[str, float]
) -> NDArray[np.bool_]:
    """Whether each take is rejected."""
    return risks(rows, examined, thresholds) >= 1.0


def risks(rows: Sequence[Labelled], examined: Mapping[str, Examined], thresholds: Mapping[str, float]) -> Values:
    """Of each take, its highest value as a share of the threshold."""
    values = matrix([examined[row.id] for row in rows], list(thresholds))
    highest: Values = (values / np.array(list(thresholds.values()))).max(axis=1)
    return highest


def named(examined: Examined, thresholds: Mapping[str, float]) -> str:
    """What a take is rejected as: the kind of its weightiest finding, or ACCEPTED."""
    weight, detector = max(
        ((value / thresholds[name], name) for name, value in examined.values.items()), default=(0.0, "")
    )
    return examined.kinds[detector] if weight >= 1.0 else ACCEPTED


def fit_wer(rows: Sequence[Labelled], examined: Mapping[str, Examined]) -> float:
    """The lowest word error rate at which a gate of nothing else keeps to the goals on the fit split."""
    chosen = [row for row in rows if row.split == "fit"]
    rates = np.array([examined[row.id].wer for row in chosen])
    price = _prices(chosen)
    candidates = np.unique(rates[rates > 0])
    return float(next(rate for rate in candidates if (price[rates >= rate].sum(axis=0) <= 1 + 1e-9).all()))


def write_thresholds(thresholds: Mapping[str, float]) -> Path:
    """Into the table of `mayabook.checks`."""
    path = Path(str(files("mayabook.checks").joinpath("thresholds.toml")))
    before, table, after = re.split(
        r"(?s)(?<=\[rejection\]\n)(.*?)(?=\n\[)", path.read_text(encoding="utf-8"), maxsplit=1
    )
    for name, threshold in thresholds.items():
        table = re.sub(rf"(?m)^{name} = [0-9.e+-]+", f"{name} = {float(threshold)}", table)
    write_text(path, before + table + after)
    return path


def present() -> Mapping[str, float]:
    return load_thresholds().rejection


def _highest(values: Values) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.max()) if len(finite) else 0.0


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")
