"""Fits the mixture that the drift check uses for voices that it does not know, and prints its scores of all voices.

It is fitted to good takes of the voices of the fit split. python -m bench.timbre --work build/defects
"""

import argparse
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path

import numpy as np

from bench.defects import corpus
from mayabook.checks import voice_drift
from mayabook.checks.thresholds import load_thresholds
from mayabook.core.audio_files import read_flac

N_GAUSSIANS = 128
FRAMES_OF_A_VOICE = 6_000
"""Most frames of each voice, drawn at random."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("build/defects"))
    work = parser.parse_args().work
    rows = [row for row in corpus.read_index(work) if row.label in (corpus.CLEAN, corpus.HARD, "drift")]
    sound = [row for row in rows if not row.spoilt]
    draw, points = np.random.default_rng(0), []
    for voice in dict.fromkeys(row.voice for row in sound if row.split == "fit"):
        of_voice = [_bands(work, row) for row in sound if (row.voice, row.split) == (voice, "fit")]
        points.append(draw.permutation(np.concatenate(of_voice))[:FRAMES_OF_A_VOICE])
    fitted = asdict(voice_drift.fit_timbre(voice_drift.cepstra(np.concatenate(points)), N_GAUSSIANS))
    target = Path(str(files("mayabook.checks"))) / "timbre.npz"
    np.savez_compressed(
        target, allow_pickle=False, **{name: value.astype(np.float32) for name, value in fitted.items()}
    )
    print(f"{sum(map(len, points)):,} frames, {len(fitted['means'])} Gaussians, {target.stat().st_size:,} bytes")
    for split, voice in dict.fromkeys((row.split, row.voice) for row in sound):
        _print_scores(work, f"{split} {voice}", [row for row in sound if (row.split, row.voice) == (split, voice)])
    for size in corpus.grades()["drift"]:
        _print_scores(work, f"drift {size}", [row for row in rows if (row.label, row.size) == ("drift", size)])


def _bands(work: Path, row: corpus.Labelled) -> voice_drift.Matrix:
    return voice_drift.voiced_bands(*read_flac(work / row.audio), load_thresholds().drift)[1]


def _print_scores(work: Path, name: str, rows: list[corpus.Labelled]) -> None:
    thresholds = load_thresholds()
    scores = [voice_drift.drift_score(*read_flac(work / row.audio), thresholds.drift) for row in rows]
    values = [score.value for each in scores for score in each]
    rejected = sum(value >= thresholds.rejection["drift"] for value in values)
    print(f"{name}: {rejected} of {len(rows)} rejected; median {np.median(values):.1f}, most {max(values):.1f}")


if __name__ == "__main__":
    main()
