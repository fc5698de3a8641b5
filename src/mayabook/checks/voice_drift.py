"""Detects a change of speaker within a take, by vocal tract length.

A Gaussian mixture over the cepstra of voiced speech gives the likelihood of a frame whose frequency axis is shifted, as
another vocal tract or a filter would shift it. One shift for the whole take is its speaker; two shifts that explain it
much better are two speakers. Intonation changes the pitch but hardly this shift: by about one semitone, at an emphatic
phrase onset. So two speakers must differ by at least `min_semitones`.

The mixture is fitted to takes of the voice itself (`measure_timbre`). Without them it is that of several other voices
(`timbre.npz`, fitted by `python -m bench.timbre`), which knows this one less well. A few of its vowels can be explained
by a shift of half an octave. So two shifts may not be further apart than two speakers are either, and each needs more
speech.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2
from scipy.fft import dct
from scipy.signal import get_window

from mayabook.checks.autocorrelation import autocorrelation, fft_length
from mayabook.checks.scoring import Score
from mayabook.checks.thresholds import DriftThresholds
from mayabook.core.take import Audio
from mayabook.core.verdict import FindingKind

HOP_SECONDS, WINDOW_SECONDS = 0.02, 0.04
N_BANDS, LOWEST, HIGHEST = 48, 150.0, 7500.0
N_CEPSTRA = 16
SHIFTS = np.arange(-4, 4.01, 0.25)
"""Shifts of the frequency axis, in bands of 1.4 semitones."""
LONGEST_PERIOD, SHORTEST_PERIOD = 1 / 70, 1 / 400
_BLOCK = 512
_ROUNDS = 25
"""Iterations of k-means."""
_LEAST_FRAMES = 20
"""Clusters with fewer frames are left out."""
_FLOOR = 0.05
"""Share of the total variance that is added to the variance of each Gaussian."""

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Timbre:
    """A Gaussian mixture with diagonal covariances. means, variances: shape (n, N_CEPSTRA). log_weights: shape (n,)."""

    means: Matrix
    variances: Matrix
    log_weights: Matrix

    def log_likelihood(self, cepstra: Matrix) -> Matrix:
        """Log-likelihood of each row, in nats."""
        precision = 1 / self.variances
        constant = (self.means**2 * precision).sum(1) + np.log(self.variances).sum(1)
        each = (
            -0.5 * (cepstra**2 @ precision.T - 2 * cepstra @ (self.means * precision).T + constant) + self.log_weights
        )
        most = each.max(1, keepdims=True)
        total: Matrix = most[:, 0] + np.log(np.exp(each - most).sum(1))
        return total


def fit_timbre(points: Matrix, n_gaussians: int) -> Timbre:
    """Fits a mixture to cepstra, shape (n, N_CEPSTRA), by k-means. The same points give the same mixture."""
    spread = points.std(0)
    _, cluster = kmeans2(points / spread, n_gaussians, iter=_ROUNDS, minit="++", rng=0, missing="warn")
    counts = np.bincount(cluster, minlength=n_gaussians)
    kept = np.flatnonzero(counts > _LEAST_FRAMES)
    means = np.stack([points[cluster == number].mean(0) for number in kept])
    variances = np.stack([points[cluster == number].var(0) for number in kept])
    return Timbre(means, variances + _FLOOR * spread**2, np.log(counts[kept] / counts[kept].sum()))


def measure_timbre(takes: Iterable[tuple[Audio, int]], figures: DriftThresholds, rejection: float) -> Timbre | None:
    """The timbre of the voice of these takes: audio and sample rate in Hz. None if they have too few voiced frames.

    Takes with a second speaker are left out by cross-validation: each take is scored by a mixture that is fitted to the
    other half of the takes, and not used if its score is `rejection` or more. So nothing needs to be known of the
    voice beforehand. A half with too few frames for a mixture rejects nothing.
    """
    spectra = [voiced_bands(audio, sample_rate, figures) for audio, sample_rate in takes]
    halves = [_fitted([bands for _, bands in spectra[half::2]], figures) for half in (1, 0)]
    sound = [
        bands
        for at, (times, bands) in enumerate(spectra)
        if (judge := halves[at % 2]) is None
        or all(score.value < rejection for score in _drift(times, bands, figures, judge))
    ]
    return _fitted(sound, figures)


def _fitted(bands: Sequence[Matrix], figures: DriftThresholds) -> Timbre | None:
    """A mixture of these frames; None if they are too few."""
    if sum(map(len, bands)) < figures.min_reference_frames:
        return None
    return fit_timbre(cepstra(np.concatenate(bands)), figures.voice_gaussians)


def drift_score(
    audio: Audio, sample_rate: int, figures: DriftThresholds, voice_timbre: Timbre | None = None
) -> list[Score]:
    """Log-likelihood gained by two vocal tracts over one, in nats, over the square root of the number of frames.

    voice_timbre: of the voice itself; without it the measure is another one, of the timbre of several other voices.
    """
    return _drift(*voiced_bands(audio, sample_rate, figures), figures, voice_timbre)


def _drift(times: Matrix, bands: Matrix, figures: DriftThresholds, voice_timbre: Timbre | None) -> list[Score]:
    """As `drift_score`, of the voiced frames: their times in seconds, and their bands."""
    known = voice_timbre is not None
    least = round((figures.voice_min_voiced_seconds if known else figures.min_voiced_seconds) / HOP_SECONDS)
    if len(bands) < 2 * least:
        return []
    timbre, matrices = voice_timbre or _common_timbre(), _matrices()
    likely = np.stack([timbre.log_likelihood(bands @ matrix.T) for matrix in matrices], axis=1)
    before = np.cumsum(likely, axis=0)
    whole, before = before[-1], before[least - 1 : len(bands) - least]
    semitones = 12 * np.log2(HIGHEST / LOWEST) / N_BANDS * (SHIFTS[1] - SHIFTS[0])
    nearest, furthest = int(np.ceil(figures.min_semitones / semitones)), int(figures.max_semitones / semitones)
    apart = before + _highest_apart(whole - before, nearest, furthest)
    gains = (apart.max(1) - whole.max()) / np.sqrt(len(bands))
    at = int(np.argmax(gains))
    first = int(apart[at].argmax())
    others = [shift for shift in range(len(SHIFTS)) if nearest <= abs(shift - first) <= furthest]
    moved = (max(others, key=lambda shift: float(whole[shift] - before[at, shift])) - first) * semitones
    seconds = float(times[least + at])
    evidence = f"the voice changes at {seconds:.1f} s, by about {moved:+.1f} semitones of its timbre"
    name = "drift_for_voice" if known else "drift"
    return [Score(name, FindingKind.DRIFT, float(gains[at]), evidence, seconds)]


def _highest_apart(values: Matrix, nearest: int, furthest: int) -> Matrix:
    """For each column, the highest value of the row in columns that are `nearest` to `furthest` away."""
    n_columns = values.shape[1]
    padded = np.pad(values, ((0, 0), (furthest, furthest)), constant_values=-np.inf)
    highest = np.lib.stride_tricks.sliding_window_view(padded, furthest - nearest + 1, axis=1).max(-1)
    found: Matrix = np.maximum(highest[:, :n_columns], highest[:, -n_columns:])
    return found


def voiced_bands(audio: Audio, sample_rate: int, figures: DriftThresholds) -> tuple[Matrix, Matrix]:
    """Times (seconds) and log band powers, shape (n, N_BANDS), of the frames with a pitch."""
    size, hop = round(WINDOW_SECONDS * sample_rate), round(HOP_SECONDS * sample_rate)
    if len(audio) < size:
        return np.zeros(0), np.zeros((0, N_BANDS))
    frames = np.lib.stride_tricks.sliding_window_view(audio, size)[::hop]
    energy = np.sqrt(np.mean(np.square(frames, dtype=np.float64), axis=1))
    loud = np.flatnonzero(energy > figures.min_voice_share * np.percentile(energy, 95))
    window, filters = get_window("hann", size), _filters(sample_rate, size)
    own = autocorrelation(np.abs(np.fft.rfft(window, fft_length(size))) ** 2)
    first, last = round(SHORTEST_PERIOD * sample_rate), round(LONGEST_PERIOD * sample_rate)
    times, bands = [], []
    for block in np.array_split(loud, max(1, len(loud) // _BLOCK)):
        part = frames[block].astype(np.float64)
        power = np.abs(np.fft.rfft((part - part.mean(1, keepdims=True)) * window, fft_length(size))) ** 2
        periodic = (autocorrelation(power) / own)[:, first:last].max(1)
        voiced = periodic > figures.min_autocorrelation
        times.append(block[voiced] * HOP_SECONDS)
        bands.append(np.log(power[voiced] @ filters + 1e-12))
    return np.concatenate(times), np.concatenate(bands)


def cepstra(bands: Matrix) -> Matrix:
    found: Matrix = bands @ _cosines().T
    return found


@cache
def _common_timbre() -> Timbre:
    """The mixture of the voices of the fit split, for a voice that is not known."""
    with files("mayabook.checks").joinpath("timbre.npz").open("rb") as file, np.load(file) as arrays:
        return Timbre(*(arrays[name].astype(np.float64) for name in ("means", "variances", "log_weights")))


@cache
def _cosines() -> Matrix:
    """Basis of the cepstra, without the first, which is the level."""
    found: Matrix = dct(np.eye(N_BANDS), axis=0, norm="ortho")[1 : N_CEPSTRA + 1]
    return found


@cache
def _matrices() -> Matrix:
    """Maps from bands to cepstra of shifted bands, shape (len(SHIFTS), N_CEPSTRA, N_BANDS)."""
    found = []
    for shift in SHIFTS:
        at = np.clip(np.arange(N_BANDS) + shift, 0, N_BANDS - 1)
        found.append(_cosines() @ np.array([np.interp(at, np.arange(N_BANDS), row) for row in np.eye(N_BANDS)]).T)
    return np.stack(found)


@cache
def _filters(sample_rate: int, size: int) -> Matrix:
    """Filter bank of equal width on a logarithmic axis, each filter of sum 1; shape (frequencies, N_BANDS)."""
    edges = np.geomspace(LOWEST, HIGHEST, N_BANDS + 1)
    frequencies = np.fft.rfftfreq(fft_length(size), 1 / sample_rate)
    inside = ((frequencies[:, None] >= edges[:-1]) & (frequencies[:, None] < edges[1:])).astype(np.float64)
    for band in np.flatnonzero(inside.sum(0) == 0):
        inside[np.argmin(np.abs(frequencies - np.sqrt(edges[band] * edges[band + 1]))), band] = 1
    found: Matrix = inside / inside.sum(0)
    return found
