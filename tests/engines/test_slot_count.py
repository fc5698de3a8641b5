"""Takes of slot engines depend on nothing but their request: tokens and traces, bit for bit."""

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from mayabook.core.take import Codes, Take
from mayabook.models.store import ModelFiles
from tests.engines.maya_engines import DECODERS, SHORT, ask, maya_engine

TEXT = "The forest was eerily quiet. <whisper> Something was watching from the shadows."
OTHERS = [f"Neighbour number {n}{' says a good deal more than that' * (n % 5)}." for n in range(100)]
WIDTHS = (1, 5)
"""Five is no multiple of what matrix kernels take at once."""


def codes_of(takes: Iterable[Take], text: str = TEXT) -> list[Codes]:
    found = [take.codes for take in takes if take.request.text == text]
    assert all(codes is not None for codes in found)
    return [codes for codes in found if codes is not None]


def assert_same(one: Codes, other: Codes) -> None:
    np.testing.assert_array_equal(one.frames, other.frames)
    for name in ("log_probability", "entropy", "removed", "end_probability"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("kind", DECODERS)
def test_any_slot_any_neighbours_any_order(kind: str, width: int, tiny: ModelFiles) -> None:
    engine = maya_engine(kind, tiny, width)
    [alone] = codes_of(engine.generate([ask(engine, TEXT)]))
    assert len(alone.frames) == SHORT.max_tokens // 7
    others = [ask(engine, text, seed) for seed, text in enumerate(OTHERS[: width + 2])]
    placed = []
    places = sorted({0, width // 2, width - 1})
    for place in places:  # first, middle and last slot, beside others of other lengths
        requests = [*others[:place], ask(engine, TEXT), *others[place:]]
        placed += codes_of(engine.generate(requests))
    engine.close()
    assert len(placed) == len(places)
    for codes in placed:
        assert_same(codes, alone)


@pytest.mark.parametrize("kind", ["gguf Q4_K_M", "transformers fp32"])
def test_after_a_hundred_others(kind: str, tiny: ModelFiles) -> None:
    engine = maya_engine(kind, tiny, 4)
    [first] = codes_of(engine.generate([ask(engine, TEXT)]))
    requests = [ask(engine, text, seed, max_tokens=28 if seed % 3 else 35) for seed, text in enumerate(OTHERS)]
    [later] = codes_of(engine.generate([*requests, ask(engine, TEXT)]))
    engine.close()
    assert_same(first, later)


@pytest.mark.parametrize("kind", ["gguf Q4_K_M", "transformers fp32"])
def test_in_a_fresh_process(kind: str, tiny: ModelFiles, tmp_path: Path) -> None:
    engine = maya_engine(kind, tiny, 4)
    [here] = codes_of(engine.generate([ask(engine, TEXT)]))
    engine.close()
    script = (
        "import json, sys\n"
        "from pathlib import Path\n"
        "from engines.maya_engines import ask, maya_engine\n"
        "from mayabook.models.store import ModelFiles\n"
        "kind, checkpoint, ggufs, codec, text = json.loads(sys.argv[1])\n"
        "files = ModelFiles('tiny', Path(checkpoint), {k: Path(v) for k, v in ggufs.items()}, Path(codec))\n"
        "engine = maya_engine(kind, files, 4)\n"
        "take = next(engine.generate([ask(engine, text)]))\n"
        "engine.close()\n"
        "print(json.dumps([take.codes.frames.tolist(), take.audio.tobytes().hex()[:4000]]))\n"
    )
    ggufs = {name: str(file) for name, file in tiny.ggufs.items()}
    facts = json.dumps([kind, str(tiny.checkpoint), ggufs, str(tiny.codec), TEXT])
    tests = str(Path(__file__).parent.parent)
    run = subprocess.run(
        [sys.executable, "-c", script, facts], capture_output=True, text=True, cwd=tests, check=False, timeout=200
    )
    assert run.returncode == 0, run.stderr
    frames, _ = json.loads(run.stdout.splitlines()[-1])
    assert frames == here.frames.tolist()


def test_formats_and_seeds_differ(tiny: ModelFiles) -> None:
    """The tests above would hold for an engine that always says the same."""
    seen = []
    for kind in ("gguf F16", "gguf Q4_K_M"):
        engine = maya_engine(kind, tiny, 4)
        for seed in (7, 8):
            seen += codes_of(engine.generate([ask(engine, TEXT, seed)]))
        engine.close()
    different = {codes.frames.tobytes() for codes in seen}
    assert len(different) == 4
