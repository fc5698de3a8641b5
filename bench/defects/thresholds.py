"""Stage 3: fits the thresholds from which on detectors reject a take, on the fit split.

Thresholds are lowered greedily by recall gained per false alarm, as long as the false alarms stay within a budget. Then
each threshold is given a margin to the nearest takes on either side. The validation split decides the budget.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.defects.corpus import CLEAN, HARD, RIGHT, Labelled
from bench.defects.scores import Examined, matrix
from mayabook.checks.thresholds import load_thresholds
from mayabook.core.files import write_text

Values = NDArray[np.float64]
GOALS = {CLEAN: 0.01, HARD: 0.04, RIGHT: 0.01}
"""Most false alarms, as shares of the takes with that label."""
TARGETS = {
    "silent": {"silence"},
    "pause": {"silence"},
    "clipped": {"clipping"},
    "noise": {"hiss", "hum"},
    "click": {"click"},
    "drift": set(),  # not measured in the corpus, where the timbre of each voice is known
    "drift_for_voice": {"drift"},
    "other_voice": set(),  # measured by bench.speaker
    "repeat": {"stutter"},
    "slow": set(),  # not measured in the corpus, likewise for its pace
    "fast": set(),
    "slow_for_voice": {"pace"},
    "fast_for_voice": {"pace"},
    "truncated": {"cut", "capped"},
    "omitted": {"omitted", "foreign"},
    "garbled": {"changed", "foreign", "stutter"},
    "inserted": {"loop", "foreign", "stutter"},
    "loop": {"loop", "stutter"},
    "said_twice": {"loop"},
    "tail": {"tail", "loop", "foreign"},
    "misread": {"misread"},
    "capped": {"capped"},
    "code_loop": {"stutter"},
}
"""By measure: the labels that its threshold is fitted to, though it may catch others too. Thresholds of measures
without labels are set by hand."""
SET_BY_HAND = frozenset({"click", "drift_for_voice", "garbled", "said_twice", "slow_for_voice", "tail"})
"""Measures with labels whose thresholds are nevertheless set by hand, for the reasons in docs/quality.md. What `fit`
gives for them is printed, and not taken."""
WORTH = {"severe": 3.0, "moderate": 1.0, "other": 0.1, "none": 0.0}
"""Weight of a caught take by grade."""
ALLOWED = (0.5, 0.25, 0.0)
"""False-alarm budgets to try, as shares of the goals; at least half is left for sampling error."""
WIDE, MARGIN = 4.0, 1.3
"""Ratio from which a gap between takes is wide, and ratio of a threshold to either edge of a wide gap."""
ACCEPTED = "accepted"
"""What `rejected_as` gives for accepted takes."""
STEPS = 4
"""Most clean or hard takes that one step of a threshold may reject."""
OUTLIERS = 0.05
"""Share of the takes that only this detector catches, the lowest ones, that its margin ignores."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """Fitted thresholds, and their result on the validation split."""

    thresholds: dict[str, float]
    """By measure."""
    allowed: float
    """False-alarm budget, as a share of the goals."""
    caught: float
    """Share of the defects caught, weighted by WORTH."""
    alarms: float
    """False alarms as a share of their goal, for the label with the highest share."""

    @property
    def taken(self) -> dict[str, float]:
        return {name: value for name, value in self.thresholds.items() if name not in SET_BY_HAND}


def fit(rows: Sequence[Labelled], examined: Mapping[str, Examined], detectors: Mapping[str, float]) -> Fitted:
    """Fits thresholds for each budget and returns the best by the validation split.

    detectors: measures with their current thresholds, which those without labels keep.
    """
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
    aimed = np.array([[row.label in TARGETS.get(name, ()) for name in detectors] for row in rows])
    lowered = _greedy_thresholds(values, sound, worth[:, None] * aimed, price, allowed)
    rejected = values >= lowered
    fitted = {}
    for at, (name, current) in enumerate(detectors.items()):
        if not TARGETS.get(name):
            fitted[name] = current
            continue
        column = values[:, at]
        below = _highest(column[sound & ~rejected[:, at]])
        others = np.delete(rejected, at, axis=1).any(axis=1)
        own = np.sort(column[aimed[:, at] & ~others & (column > below)])
        above = float(own[int(OUTLIERS * len(own))]) if len(own) else np.inf
        fitted[name] = _with_margin(current, max(below, 0.0), above)
    return fitted


def _with_margin(current: float, below: float, above: float) -> float:
    """The current threshold if it has a ratio of MARGIN to both edges of its gap; else the nearest that has.

    In a narrow gap, its geometric middle. below: highest value of clean and hard takes. above: lowest value of the
    takes that only this detector catches, without OUTLIERS.
    """
    low, high = below * MARGIN, above / MARGIN
    if low <= current <= high:
        return current
    return _rounded(float(np.sqrt(below * above) if above <= WIDE * below else np.clip(current, low, high)))


def _greedy_thresholds(
    values: Values, sound: NDArray[np.bool_], worth: Values, price: Values, allowed: float
) -> Values:
    """A threshold for each detector, such that the prices of falsely rejected takes add up to `allowed` at most.

    worth: of catching each take by each detector, shape (n_takes, n_detectors).
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
    """Thresholds just above each of the next lower values of clean and hard takes."""
    lower = np.unique(sound[(sound < threshold) & np.isfinite(sound)])[::-1][: STEPS + 1]
    return [float(np.nextafter(value, np.inf)) for value in lower[1:]]


def _prices(rows: Sequence[Labelled]) -> Values:
    """Share of each goal that a false alarm on the take uses up, shape (n_takes, n_goals)."""
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
    """Highest value of each take as a share of its threshold."""
    values = matrix([examined[row.id] for row in rows], list(thresholds))
    highest: Values = (values / np.array(list(thresholds.values()))).max(axis=1)
    return highest


def rejected_as(examined: Examined, thresholds: Mapping[str, float]) -> str:
    """The kind of a take's finding that exceeds its threshold most, or ACCEPTED."""
    weight, detector = max(
        ((value / thresholds[name], name) for name, value in examined.values.items()), default=(0.0, "")
    )
    return examined.kinds[detector] if weight >= 1.0 else ACCEPTED


def fit_wer(rows: Sequence[Labelled], examined: Mapping[str, Examined]) -> float:
    """The lowest threshold on word error rate alone that keeps the false alarms of the fit split within the goals."""
    chosen = [row for row in rows if row.split == "fit"]
    rates = np.array([examined[row.id].wer for row in chosen])
    price = _prices(chosen)
    candidates = np.unique(rates[rates > 0])
    return float(next(rate for rate in candidates if (price[rates >= rate].sum(axis=0) <= 1 + 1e-9).all()))


def write_thresholds(thresholds: Mapping[str, float]) -> Path:
    """Writes the thresholds to thresholds.toml of `mayabook.checks`, and returns its path."""
    path = Path(str(files("mayabook.checks").joinpath("thresholds.toml")))
    before, table, after = re.split(
        r"(?s)(?<=\[rejection\]\n)(.*?)(?=\n\[)", path.read_text(encoding="utf-8"), maxsplit=1
    )
    for name, threshold in thresholds.items():
        table = re.sub(rf"(?m)^{name} = [0-9.e+-]+", f"{name} = {float(threshold)}", table)
    write_text(path, before + table + after)
    return path


def current_thresholds() -> Mapping[str, float]:
    return load_thresholds().rejection


def _highest(values: Values) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.max()) if len(finite) else 0.0


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")
