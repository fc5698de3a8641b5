"""The worker of vLLM and what MayaBook says to it, with a stand-in for vLLM's scheduler (`stand_in_vllm.py`)."""

import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mayabook.core.errors import EngineError
from mayabook.core.settings import MayaSettings
from mayabook.core.take import StopReason, TakeRequest
from mayabook.engines import EngineContext
from mayabook.engines.gguf_decoder import GgufDecoder
from mayabook.engines.sampler import Sampler
from mayabook.engines.sampler_settings import SamplerSettings
from mayabook.engines.scheduler import DecodingRequest, SampledCodes, SlotScheduler
from mayabook.engines.vllm import start
from mayabook.engines.vllm.generator import AHEAD, WorkerGenerator
from mayabook.engines.vllm.messages import WorkerOptions
from mayabook.engines.vllm.plugin import VllmPlugin
from mayabook.models.gguf_conversion import convert
from mayabook.models.store import find
from tests.packed_checkpoints import pack_checkpoint
from tests.tiny_models import SMALL, Shape, write_checkpoint

N_SLOTS, CONTEXT = 3, 512
STAND_IN = (sys.executable, str(Path(__file__).with_name("stand_in_vllm.py")))
LOOPING = SamplerSettings(temperature=0, repetition_penalty=1, min_tokens=2000)
"""Greedy and without end: a model of two layers soon repeats itself."""


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("tiny") / "checkpoint", shape=Shape(head_scale=10))


@pytest.fixture(scope="module")
def gguf(checkpoint: Path) -> Path:
    file = checkpoint.with_name("tiny-F16.gguf")
    convert(checkpoint, file)
    return file


def open_worker(gguf: Path, *how: str, command: tuple[str, ...] = STAND_IN, version: str = "0.0") -> WorkerGenerator:
    options = WorkerOptions(str(gguf), SMALL.to_json(), N_SLOTS, CONTEXT, "float16", 0, on_gpu=False, n_threads=1)
    return WorkerGenerator([*command, *how], options, name="vllm", identity="x", device="CPU", version=version)


@pytest.fixture(scope="module")
def worker(gguf: Path) -> Iterator[WorkerGenerator]:
    opened = open_worker(gguf)
    yield opened
    opened.close()


def order(seed: int, settings: SamplerSettings, n_tokens: int = 84, budget: int | None = None) -> DecodingRequest:
    prompt = [SMALL.bos, *range(3, 13 + seed), SMALL.code_start]
    return DecodingRequest(TakeRequest(str(seed), "text", "voice", seed), prompt, settings, n_tokens, budget)


ORDERS = [
    *(order(seed, SamplerSettings(temperature=1.0, min_p=0.02, penalty_window=20)) for seed in range(6)),
    order(6, SamplerSettings(temperature=0.8, top_k=50, top_p=0.95, min_tokens=0), n_tokens=28),
    order(7, SamplerSettings(order="temperature top_p penalty", min_tokens=84), budget=42),
    order(8, LOOPING, n_tokens=490),
]


def by_seed(takes: Iterator[SampledCodes | None]) -> dict[int, SampledCodes]:
    return {take.request.seed: take for take in takes if take is not None}


def test_takes_are_those_of_our_own_scheduler(worker: WorkerGenerator, gguf: Path) -> None:
    """From the same logits, although rows move, change places and are computed anew: the same codes, the same traces
    but for rounding, the same ends."""
    decoder = GgufDecoder(gguf, N_SLOTS, CONTEXT)
    expected = by_seed(SlotScheduler(decoder, Sampler(SMALL, N_SLOTS)).run(ORDERS))
    decoder.close()
    found = by_seed(worker.run(ORDERS))
    assert set(found) == set(expected)
    for seed, take in expected.items():
        np.testing.assert_array_equal(found[seed].codes.frames, take.codes.frames)
        assert (found[seed].stop, found[seed].detail) == (take.stop, take.detail)
        assert found[seed].request is ORDERS[seed].request
        for trace in ("log_probability", "entropy", "removed", "end_probability"):
            np.testing.assert_allclose(
                getattr(found[seed].codes, trace), getattr(take.codes, trace), rtol=0.01, atol=0.01
            )
    assert {expected[7].stop, expected[8].stop} == {StopReason.BUDGET, StopReason.LOOP}


def test_requests_are_consumed_as_they_are_needed_and_abandoned_takes_do_not_come_back(
    worker: WorkerGenerator,
) -> None:
    consumed = 0

    def requests() -> Iterator[DecodingRequest]:
        nonlocal consumed
        for each in ORDERS * 10:
            consumed += 1
            yield each

    running = worker.run(requests())
    assert next(take for take in running if take is not None)
    running.close()
    assert consumed <= N_SLOTS + AHEAD + 1
    later = by_seed(worker.run(ORDERS[:2]))
    assert set(later) == {0, 1}


def test_a_worker_that_is_killed_is_one_line_and_finished_takes_are_kept(gguf: Path) -> None:
    worker = open_worker(gguf, "die")
    kept: list[SampledCodes | None] = []
    with pytest.raises(EngineError) as raised:
        for take in worker.run([order(20, SamplerSettings(min_tokens=0), n_tokens=14), *ORDERS]):
            kept += [take] if take else []
    worker.close()
    assert [take.request.seed for take in kept if take] == [20]
    assert "was killed, as happens when memory is short" in str(raised.value)
    assert "--slots" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_an_exception_in_the_worker_is_one_line_that_names_it(gguf: Path) -> None:
    worker = open_worker(gguf, "fail")
    with pytest.raises(EngineError, match=r"MemoryError: no room for another block.*run the same command again"):
        list(worker.run(ORDERS))
    worker.close()


def test_what_cannot_start_is_one_line(gguf: Path, tmp_path: Path) -> None:
    broken = (sys.executable, "-c", "raise ImportError('libgomp is not there')")
    with pytest.raises(EngineError, match=r"libgomp is not there.*mayabook engines install vllm"):
        open_worker(gguf, command=broken)
    other = (sys.executable, "-c", ANSWERS_ANOTHER_VERSION)
    with pytest.raises(EngineError, match=r"has version 9\.9, and this MayaBook needs 0\.0; run: mayabook engines"):
        open_worker(gguf, command=other)


ANSWERS_ANOTHER_VERSION = """
import sys
from mayabook.engines.vllm.messages import write_message
write_message(sys.stdout.buffer, "opened", version="9.9", platform="")
sys.stdin.buffer.read()
"""


def test_the_worker_ends_with_the_process_that_started_it(gguf: Path) -> None:
    """Killed, so that it could not say goodbye."""
    script = (
        "import sys\nfrom pathlib import Path\nfrom tests.engines.test_vllm_worker import open_worker\n"
        "print(open_worker(Path(sys.argv[1]))._process.pid, flush=True)\nsys.stdin.read()\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(
        [sys.executable, "-c", script, str(gguf)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as parent:
        worker = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
    descriptor = os.pidfd_open(worker)
    assert select.select([descriptor], [], [], 60)[0], "the worker outlives its parent"
    os.close(descriptor)


def test_the_worker_needs_no_package_of_mayabook() -> None:
    """Its modules are imported by a Python that has NumPy and torch, and none of MayaBook's other packages."""
    script = f"""
import sys
from importlib.abc import MetaPathFinder

class Absent(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("pydantic", "psutil", "platformdirs", "tokenizers", "filelock", "scipy", "regex"):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Absent())
sys.path[:] = [entry for entry in sys.path if not entry.endswith("src")]
import importlib.util
spec = importlib.util.spec_from_file_location("start", {start.__file__!r})
start = importlib.util.module_from_spec(spec)
spec.loader.exec_module(start)
start.enter_packages()
from mayabook.engines.vllm import vllm_backend, worker
print(worker.__file__)
"""
    ran = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=False)
    assert ran.stdout.strip() == str(Path(start.__file__).with_name("worker.py")), ran.stderr


class TestWithoutTheEnvironment:
    @pytest.fixture(autouse=True)
    def _nowhere(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MAYABOOK_ENVIRONMENTS", str(tmp_path / "environments"))

    def test_it_says_what_to_run(self, checkpoint: Path) -> None:
        settings = MayaSettings(model=str(checkpoint))
        reason = VllmPlugin().unavailable_reason(settings)
        assert reason is not None
        assert "mayabook engines install vllm" in reason
        with pytest.raises(EngineError, match="mayabook engines install vllm"):
            VllmPlugin().open(settings, EngineContext())
        assert "mayabook engines install vllm" in VllmPlugin().installation()["vLLM"]

    def test_a_gguf_file_is_refused_with_the_way_out(self, gguf: Path) -> None:
        with pytest.raises(EngineError, match="--engine gguf"):
            VllmPlugin().open(MayaSettings(model=str(gguf)), EngineContext())


def test_settings_of_other_engines_are_refused(checkpoint: Path) -> None:
    settings = MayaSettings(model=str(checkpoint), quantisation="nf4")
    with pytest.raises(EngineError, match="--engine transformers"):
        VllmPlugin()._weights(find(str(checkpoint)), settings, "", EngineContext())


@pytest.fixture
def gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The driver's tool is a script that knows one GPU."""
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho H100, 81559, 80995\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def test_packed_weights_on_a_cpu_are_refused(checkpoint: Path, tmp_path: Path) -> None:
    """vLLM's kernels for them need AVX-512 there, and are not in every build."""
    packed = pack_checkpoint(checkpoint, tmp_path / "packed")
    settings = MayaSettings(model=str(packed), device="cpu")
    with pytest.raises(EngineError, match="compressed-tensors on a GPU only; use --engine transformers"):
        VllmPlugin()._weights(find(str(packed)), settings, "", EngineContext())


@pytest.mark.usefixtures("gpu")
def test_packed_weights_on_a_gpu_are_read_as_they_are(checkpoint: Path, tmp_path: Path) -> None:
    shutil.copytree(checkpoint, tmp_path / "tiny" / "checkpoint")
    packed = pack_checkpoint(checkpoint, tmp_path / "tiny" / "quantised" / "GPTQ")
    files = find(str(tmp_path / "tiny"))
    settings = MayaSettings(model=str(tmp_path / "tiny"), format="GPTQ")
    assert VllmPlugin()._weights(files, settings, "", EngineContext()) == ("GPTQ bfloat16", packed)
    again = VllmPlugin()._weights(files, MayaSettings(), "GPTQ float16", EngineContext())
    assert again == ("GPTQ float16", packed)
    assert [level.name for level in VllmPlugin()._format_levels(files, settings)] == ["bfloat16", "GPTQ"]


@pytest.mark.usefixtures("gpu")
def test_takes_are_bit_exact_in_float32_on_a_cpu_and_in_batch_invariant_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VLLM_BATCH_INVARIANT", raising=False)
    assert VllmPlugin().is_deterministic(MayaSettings(device="cpu"))
    assert not VllmPlugin().is_deterministic(MayaSettings(device="cpu", dtype="bfloat16"))
    assert not VllmPlugin().is_deterministic(MayaSettings())
    monkeypatch.setenv("VLLM_BATCH_INVARIANT", "1")
    assert VllmPlugin().is_deterministic(MayaSettings())
