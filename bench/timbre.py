"""Fits the voice model of the drift check to clean takes of the corpus, and prints its scores of other takes.

python -m bench.timbre --work build/defects
"""

import argparse
from importlib.resources import files
from pathlib import Path

import numpy as np
from scipy.signal import resample_poly

from bench.defects import corpus
from bench.defects.spoil import RATE
from mayabook.checks import voice_drift
from mayabook.checks.thresholds import load_thresholds
from mayabook.checks.voice_drift import Matrix
from mayabook.core.audio_files import read_flac
from mayabook.core.take import Audio

N_GAUSSIANS = 48
ROUNDS = 25
"""Iterations of k-means."""
LEAST_FRAMES = 20
"""Fewest frames that mean and variance of a Gaussian are estimated from."""
FLOOR = 0.05
"""Share of the total variance that is added to the variance of each Gaussian."""
SEED = 0
SPEAKERS = (75, 88, 100, 114, 133)
"""Lengths of the vocal tract in per cent of the voice's own. Other speakers are simulated by resampling."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("build/defects"))
    work = parser.parse_args().work
    rows = [row for row in corpus.read_index(work) if row.split != "test"]
    figures = load_thresholds().drift
    clean = [_audio(work, row) for row in rows if row.split == "fit" and row.label == corpus.CLEAN]
    bands = np.concatenate([voice_drift.voiced_bands(audio, RATE, figures)[1] for audio in clean])
    fitted = fit(voice_drift.cepstra(bands))
    target = Path(str(files("mayabook.checks"))) / "timbre.npz"
    np.savez_compressed(
        target, allow_pickle=False, **{name: value.astype(np.float32) for name, value in fitted.items()}
    )
    print(f"{len(bands):,} frames, {N_GAUSSIANS} Gaussians, {target.stat().st_size:,} bytes")
    groups = [(corpus.CLEAN, ""), (corpus.HARD, ""), *(("drift", size) for size in corpus.grades()["drift"])]
    for label, size in groups:
        takes = [_audio(work, row) for row in rows if row.label == label and row.size == size]
        for per_cent in SPEAKERS if label == corpus.CLEAN else (100,):
            values = [_value(_speaker(audio, per_cent)) for audio in takes]
            print(
                f"{label} {size} {per_cent} %: {len(values)} takes, least {min(values):.1f}, median "
                f"{np.median(values):.1f}, 99th percentile {np.percentile(values, 99):.1f}, most {max(values):.1f}"
            )


def fit(points: Matrix) -> dict[str, Matrix]:
    """Fits a Gaussian mixture by k-means: means, variances and log weights of the clusters."""
    draw = np.random.default_rng(SEED)
    spread = points.std(0)
    means = points[draw.choice(len(points), N_GAUSSIANS, replace=False)].copy()
    cell = np.zeros(len(points), np.int64)
    for _ in range(ROUNDS):
        scaled, centres = points / spread, means / spread
        cell = ((centres**2).sum(1) - 2 * scaled @ centres.T).argmin(1)
        for number in range(N_GAUSSIANS):
            if np.count_nonzero(cell == number) > LEAST_FRAMES:
                means[number] = points[cell == number].mean(0)
    count = np.bincount(cell, minlength=N_GAUSSIANS)
    variances = np.stack(
        [points[cell == number].var(0) if count[number] > LEAST_FRAMES else spread**2 for number in range(N_GAUSSIANS)]
    )
    return {
        "means": means,
        "variances": variances + FLOOR * spread**2,
        "log_weights": np.log(count / len(points) + 1e-6),
    }


def _audio(work: Path, row: corpus.Labelled) -> Audio:
    return read_flac(work / row.audio)[0]


def _speaker(audio: Audio, per_cent: int) -> Audio:
    return audio if per_cent == 100 else resample_poly(audio, per_cent, 100).astype(np.float32)


def _value(audio: Audio) -> float:
    scores = voice_drift.drift_score(audio, RATE, load_thresholds().drift)
    return scores[0].value if scores else 0.0


if __name__ == "__main__":
    main()
