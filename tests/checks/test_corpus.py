"""A small fixed part of the labelled corpus, spoken, spoilt and judged anew: the exact confusion table."""

from pathlib import Path

import numpy as np
import pytest

from bench.defects import corpus, limits, scores, table
from bench.defects.corpus import Labelled, Plan
from mayabook.core.audio_files import read_flac

CLEAN, HARD = 8, 14
CELLS = {"severe": 1, "moderate": 2}
"""Spoilt takes of each class and size."""


def _chosen() -> list[Plan]:
    """Of the test split. Hard lines are taken in steps, to have most kinds of them."""
    plans = [plan for plan in corpus.plans({"test": max(CELLS.values())}) if plan.pace in (1.0, 1.08, 0.92)]
    clean = [plan for plan in plans if plan.label == corpus.CLEAN][::5][:CLEAN]
    hard = [plan for plan in plans if plan.label == corpus.HARD][::4][:HARD]
    spoilt = [plan for plan in plans if plan.size]
    grades = corpus.grades()
    kept = [plan for plan in spoilt if int(plan.id[-2:]) < CELLS.get(grades[plan.label][plan.size], 0)]
    return [*clean, *hard, *kept]


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


def test_the_confusion_table(work: Path, rows: list[Labelled]) -> None:
    examined = scores.score(work, rows, workers=2)
    assert table.confusion(rows, examined, limits.present()) == {
        "capped": {"truncated": 3},
        "changed": {"garbled": 5},
        "clean": {"accepted": 8},
        "click": {"noisy": 4},
        "cut": {"truncated": 3, "accepted": 1},
        "drift": {"drift": 6},
        "foreign": {"garbled": 3},
        "hard": {"accepted": 14},
        "loop": {"loop": 3, "tail": 1},
        "omitted": {"omitted": 4, "garbled": 1},
        "silence": {"silent": 2, "truncated": 1},
        "stutter": {"loop": 5},
        "tail": {"tail": 4},
    }
