import os
from pathlib import Path

import pytest

from mayabook.core.errors import EngineError
from mayabook.core.hardware import Gpu, gpus, parse_gpus
from mayabook.engines.slot_count import SPARE, MemoryNeed, choose_slots
from mayabook.engines.token_budget import token_budget, token_cap

GB = 1_000_000_000


def test_the_cap_follows_the_text() -> None:
    line = "She counted two hundred and twelve steps, and then she sat down."
    for text, seconds in ((line, 64 / 8 + 2), (f"<laugh> {line}", 64 / 8 + 6), ("No.", 3 / 8 + 2), ("x" * 350, 45.75)):
        cap = token_cap(text)
        assert cap % 7 == 0
        assert cap == pytest.approx(seconds * 82.03, abs=7)
    assert token_cap("x" * 350) > 25 * 82.03  # a whole chunk read slowly


def test_a_cap_that_was_set_stands() -> None:
    assert token_cap("No.", 2500) == 2499
    assert token_cap("x" * 5000, 2048) == 2044


def test_the_budget_is_above_slow_speech_and_below_a_spoken_description() -> None:
    line = "She counted two hundred and twelve steps, and then she sat down again."
    budget = token_budget(line)
    assert budget % 7 == 0
    assert 6.4 * len(line) < budget < 800 < token_cap(line)  # 800 is what a line of this length took with a description
    assert token_budget("x" * 350) > 25 * 82.03  # a whole chunk read slowly
    assert token_budget(f"<laugh> {line}") == pytest.approx(budget + 4 * 82.03, abs=7)
    assert token_budget(line, 4) < budget < token_budget(line, 12)


@pytest.mark.parametrize(
    ("asked", "free", "slots", "note"),
    [
        (0, 60 * GB, 16, ""),
        (0, 7 * GB, 4, ""),  # room for five, and five is no width
        (0, 4.6 * GB, 1, ""),
        (3, 60 * GB, 3, ""),
        (12, 7 * GB, 5, "12 slots do not fit into 7.0 GB of memory: using 5."),
    ],
)
def test_slots_follow_memory(asked: int, free: float, slots: int, note: str) -> None:
    need = MemoryNeed(weights=3 * GB, per_slot=GB // 2)
    assert choose_slots(asked, int(free), need, most=16) == (slots, note)


def test_too_little_memory_says_what_would_fit() -> None:
    with pytest.raises(EngineError, match=r"needs 4\.6 GB with one slot, and 4\.0 GB are free.*--context"):
        choose_slots(0, 4 * GB, MemoryNeed(3 * GB, GB // 2), most=16)
    assert SPARE == 1 << 30


def test_gpus_are_read_from_the_drivers_tool() -> None:
    answer = "NVIDIA GeForce RTX 2070, 7982, 7610\nNVIDIA H100, 80GB HBM3, 81559, 80995\nbroken line\n"
    assert parse_gpus(answer) == [
        Gpu("NVIDIA GeForce RTX 2070", 7982 << 20, 7610 << 20),
        Gpu("NVIDIA H100, 80GB HBM3", 81559 << 20, 80995 << 20),
    ]


@pytest.mark.parametrize(
    ("visible", "names"), [(None, ["A100", "H100"]), ("1", ["H100"]), ("", []), ("MIG-7c", ["A100", "H100"])]
)
def test_gpus_that_are_hidden_from_this_process_are_not_counted(
    visible: str | None, names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The driver's tool is a script that knows two GPUs and its option --id."""
    tool = tmp_path / "nvidia-smi"
    tool.write_text('#!/bin/sh\ncase "$*" in *--id=1) ;; *) echo A100, 40960, 40000;; esac\necho H100, 81559, 80995\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    if visible is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert [gpu.name for gpu in gpus()] == names
