"""Fits the mixture that the drift check uses for voices that it does not know, and prints its scores of other takes.

python -m bench.timbre --work build/defects
"""

import argparse
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path

import numpy as np
from scipy.signal import resample_poly

from bench.defects import corpus
from bench.defects.spoil import RATE
from mayabook.checks import voice_drift
from mayabook.checks.thresholds import load_thresholds
from mayabook.core.audio_files import read_flac
from mayabook.core.take import Audio

N_GAUSSIANS = 48
SPEAKERS = (75, 88, 100, 114, 133)
"""Lengths of the vocal tract in per cent of the voice's own. Other speakers are simulated by resampling."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("build/defects"))
    work = parser.parse_args().work
    rows = [row for row in corpus.read_index(work) if row.split != "test" and row.voice == corpus.NARRATOR]
    figures = load_thresholds().drift
    clean = [_audio(work, row) for row in rows if row.split == "fit" and row.label == corpus.CLEAN]
    bands = np.concatenate([voice_drift.voiced_bands(audio, RATE, figures)[1] for audio in clean])
    fitted = asdict(voice_drift.fit_timbre(voice_drift.cepstra(bands), N_GAUSSIANS))
    target = Path(str(files("mayabook.checks"))) / "timbre.npz"
    np.savez_compressed(
        target, allow_pickle=False, **{name: value.astype(np.float32) for name, value in fitted.items()}
    )
    print(f"{len(bands):,} frames, {len(fitted['means'])} Gaussians, {target.stat().st_size:,} bytes")
    groups = [(corpus.CLEAN, ""), (corpus.HARD, ""), *(("drift", size) for size in corpus.grades()["drift"])]
    for label, size in groups:
        takes = [_audio(work, row) for row in rows if row.label == label and row.size == size]
        for per_cent in SPEAKERS if label == corpus.CLEAN else (100,):
            values = [_value(_speaker(audio, per_cent)) for audio in takes]
            print(
                f"{label} {size} {per_cent} %: {len(values)} takes, least {min(values):.1f}, median "
                f"{np.median(values):.1f}, 99th percentile {np.percentile(values, 99):.1f}, most {max(values):.1f}"
            )


def _audio(work: Path, row: corpus.Labelled) -> Audio:
    return read_flac(work / row.audio)[0]


def _speaker(audio: Audio, per_cent: int) -> Audio:
    return audio if per_cent == 100 else resample_poly(audio, per_cent, 100).astype(np.float32)


def _value(audio: Audio) -> float:
    scores = voice_drift.drift_score(audio, RATE, load_thresholds().drift)
    return scores[0].value if scores else 0.0


if __name__ == "__main__":
    main()
