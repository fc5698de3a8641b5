"""A small fixed part of the labelled corpus, spoken, spoilt and judged anew: the exact confusion table.

Some of it is judged again as on an older processor. CTranslate2, oneDNN, MKL, OpenBLAS and NumPy choose their code by
the processor they find; variables make them choose as if it had no AVX-512, or no AVX2 where there is no AVX-512.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from bench.defects import corpus, scores, table, thresholds
from bench.defects.corpus import Labelled, Plan
from bench.defects.scores import Examined
from mayabook.checks.recogniser import COMPUTE_TYPE
from mayabook.core.audio_files import read_flac

CLEAN, HARD = 8, 14
CELLS = {"severe": 1, "moderate": 2}
"""Spoilt takes of each class and size."""
AVX2_ALONE = {
    "CT2_USE_MKL": "0",  # as on AMD: oneDNN instead
    "CT2_FORCE_CPU_ISA": "AVX2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "OPENBLAS_CORETYPE": "Zen",
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
}
NO_AVX2 = {
    "CT2_USE_MKL": "0",
    "CT2_FORCE_CPU_ISA": "GENERIC",
    "ONEDNN_MAX_CPU_ISA": "SSE41",
    "OPENBLAS_CORETYPE": "Nehalem",
    "NPY_DISABLE_CPU_FEATURES": "X86_V3",
}
EXAMINE = """
import json, sys
from dataclasses import asdict
from pathlib import Path
from bench.defects import corpus, scores
work, formats = Path(sys.argv[1]), json.loads(sys.argv[2])
rows = corpus.read_index(work)
voices = scores.measured_voices(rows, work)
found = {
    name: [asdict(scores.examine(row, work, "", name, voices[row.voice])) for row in rows[::n]]
    for name, n in formats.items()
}
print(json.dumps(found))
"""
ONE_OF = {COMPUTE_TYPE: 6, "int8": 12}
"""Takes that are examined again, by number format."""
SAME_NATS = 0.001
"""Twenty times what float32 differs by from processor to processor; int8 differs by a hundred times as much."""


def _chosen() -> list[Plan]:
    """Of the test split. Hard lines are taken in steps, to have most kinds of them, from the second on: none of these is
    near a threshold, and what the narrator makes of them differs with the processor."""
    plans = [plan for plan in corpus.plans({"test": max(CELLS.values())}) if plan.pace in (1.0, 1.08, 0.92)]
    clean = [plan for plan in plans if plan.label == corpus.CLEAN][::5][:CLEAN]
    hard = [plan for plan in plans if plan.label == corpus.HARD][1::4][:HARD]
    spoilt = [plan for plan in plans if plan.size]
    grades = corpus.grades()
    n_takes = {plan.id: CELLS.get(grades[plan.label][plan.size], 0) for plan in spoilt}
    n_takes |= {plan.id: 1 for plan in spoilt if plan.label == corpus.MISREAD}
    kept = [plan for plan in spoilt if int(plan.id[-2:]) < n_takes[plan.id]]
    right = [plan for plan in plans if plan.label == corpus.RIGHT]
    return [*clean, *hard, *kept, *right]


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("defects")
    corpus.build(folder, _chosen(), workers=2)
    return folder


@pytest.fixture(scope="module")
def rows(work: Path) -> list[Labelled]:
    return corpus.read_index(work)


def test_every_defect_is_in_the_audio(work: Path, rows: list[Labelled]) -> None:
    for row in rows:
        audio, sample_rate = read_flac(work / row.audio)
        assert row.seconds == pytest.approx(len(audio) / sample_rate)
        assert np.isfinite(audio).all()
        if row.label == "silence" and row.size != "whole":
            loud = np.flatnonzero(np.abs(audio) > 1e-3)
            assert np.diff(loud).max() >= float(row.size.removesuffix("-s")) * sample_rate


def test_a_take_is_a_function_of_its_name(work: Path, rows: list[Labelled], tmp_path: Path) -> None:
    again = [plan for plan in _chosen() if plan.label in ("tail", "cut")][:3]
    corpus.build(tmp_path, again, workers=1)
    for row in corpus.read_index(tmp_path):
        assert row == next(known for known in rows if known.id == row.id)
        np.testing.assert_array_equal(read_flac(tmp_path / row.audio)[0], read_flac(work / row.audio)[0])


@pytest.fixture(scope="module")
def examined(work: Path, rows: list[Labelled]) -> dict[str, Examined]:
    return scores.score(work, rows, workers=2)


@pytest.fixture(scope="module")
def on_older_processor(work: Path, rows: list[Labelled]) -> dict[str, list[Examined]]:
    """By number format."""
    has = np.show_config(mode="dicts")["SIMD Extensions"]["found"]
    variables = AVX2_ALONE if "X86_V4" in has else NO_AVX2
    command = [sys.executable, "-c", EXAMINE, str(work), json.dumps(ONE_OF)]
    told = subprocess.run(command, env={**os.environ, **variables}, check=True, stdout=subprocess.PIPE, text=True)
    return {name: [Examined(**each) for each in found] for name, found in json.loads(told.stdout).items()}


def differ_by(ours: Sequence[Examined], theirs: Sequence[Examined]) -> float:
    """Nats, at most, in any log-probability of a word."""
    pairs = [(mine.log_probabilities, other.log_probabilities) for mine, other in zip(ours, theirs, strict=True)]
    return max(abs(a - b) for pair in pairs for a, b in zip(*pair, strict=True))


def test_verdicts_are_the_same_on_an_older_processor(
    rows: list[Labelled], examined: dict[str, Examined], on_older_processor: dict[str, list[Examined]]
) -> None:
    chosen, theirs = rows[:: ONE_OF[COMPUTE_TYPE]], on_older_processor[COMPUTE_TYPE]
    ours = [examined[row.id] for row in chosen]
    assert [each.transcript for each in ours] == [each.transcript for each in theirs]
    assert differ_by(ours, theirs) < SAME_NATS
    known = {each.id: each for each in theirs}
    mine, other = (thresholds.rejections(chosen, each, thresholds.current_thresholds()) for each in (examined, known))
    np.testing.assert_array_equal(mine, other)


def test_in_int8_they_would_not_be(
    work: Path, rows: list[Labelled], on_older_processor: dict[str, list[Examined]]
) -> None:
    ours = [scores.examine(row, work, compute_type="int8") for row in rows[:: ONE_OF["int8"]]]
    assert differ_by(ours, on_older_processor["int8"]) > 10 * SAME_NATS


def test_the_confusion_table(rows: list[Labelled], examined: dict[str, Examined]) -> None:
    assert table.confusion(rows, examined, thresholds.current_thresholds()) == {
        "capped": {"truncated": 2, "garbled": 1},
        "changed": {"garbled": 5},
        "clean": {"accepted": 8},
        "click": {"noisy": 4},
        "cut": {"truncated": 2, "garbled": 1, "accepted": 1},
        "drift": {"drift": 6},
        "foreign": {"garbled": 3},
        "hard": {"accepted": 14},
        "loop": {"loop": 4},
        "misread": {"misread": 11},
        "omitted": {"omitted": 5},
        "right": {"accepted": 11},
        "silence": {"silent": 3},
        "stutter": {"loop": 5},
        "tail": {"tail": 4},
    }
