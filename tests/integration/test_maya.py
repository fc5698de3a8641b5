"""Whole runs with Maya1 engines on random models: noise is flagged, and the audiobook is made all the same."""

import json
import os
import re
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from subprocess import CompletedProcess

import av
import numpy as np
import pytest

from mayabook.core.audio_files import read_flac
from mayabook.core.code_files import read_codes
from mayabook.core.settings import EngineSettings, MayaSettings, Settings
from mayabook.engine_selection import open_engine
from mayabook.engines.engine import HasFormerIdentities
from mayabook.maya.anchor import Anchor, AnchoredVoice
from mayabook.maya.codec import open_codec
from mayabook.maya.saved_voices import save_voice
from mayabook.maya.voices import descriptions
from mayabook.models.gguf_conversion import convert
from mayabook.models.gguf_quantisation import quantize
from mayabook.render import Job, former_keys
from mayabook.render.job_facts import ENGINE
from tests.runs import STORY, mayabook_in, start, write_story
from tests.tiny_models import SMALL, Shape, edit_json, write_checkpoint, write_codec

Run = Callable[..., CompletedProcess[str]]
SAMPLE = next((Path(__file__).parents[2] / "examples").glob("*.epub"))
NOISE = ("--max-tokens", "84", "--settings", Path(__file__).with_name("once.toml"))
"""A second of noise a chunk, and no second attempt: no attempt at noise is better than another."""


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models with one in it, `tiny`."""
    folder = tmp_path_factory.mktemp("models")
    model = folder / "tiny"
    write_checkpoint(model / "checkpoint", shape=Shape(head_scale=10))
    write_codec(model / "codec")
    (model / "gguf").mkdir()
    convert(model / "checkpoint", model / "gguf" / "tiny-F16.gguf")
    quantize(model / "gguf" / "tiny-F16.gguf", model / "gguf" / "tiny-Q4_K_M.gguf", "Q4_K_M")
    return folder


@pytest.fixture
def with_tiny(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAYABOOK_MODELS", str(store))


@pytest.fixture
def story(tmp_path: Path) -> Path:
    return write_story(tmp_path / "harbour.epub", "The Harbour", STORY)


def made(run: CompletedProcess[str], code: int = 3) -> dict:
    assert run.returncode == code, run.stdout[-3000:] + run.stderr
    return json.loads(run.stdout.splitlines()[-1])


def said(run: CompletedProcess[str]) -> str:
    events = [json.loads(line) for line in run.stdout.splitlines()]
    return "\n".join(event["text"] for event in events if event["event"] == "message")


@pytest.mark.parametrize("engine", ["gguf", "transformers"])
@pytest.mark.usefixtures("with_tiny")
def test_the_sample_book_from_end_to_end(engine: str, mayabook: Run, tmp_path: Path) -> None:
    facts = made(mayabook("make", SAMPLE, "-o", "noise.m4b", "--engine", engine, *NOISE, "--json"))
    assert facts["chunks"] > 50
    assert facts["flagged"] == list(range(1, facts["chunks"] + 1))
    assert facts["sentences"]["missing"] + facts["sentences"]["in doubt"] == sum(facts["sentences"].values())
    with av.open(str(tmp_path / "noise.m4b")) as container:
        assert len(container.chapters()) == 4
        assert container.metadata["composer"] == "storyteller (tiny)"
        duration = float(container.duration or 0) / av.time_base
    assert duration == pytest.approx(facts["duration"], abs=0.2)
    coverage = json.loads((tmp_path / "noise.mayabook" / "coverage.json").read_text())
    assert all(not row["accepted"] for row in coverage["rows"])
    assert any("did not end within 84 tokens" in finding for finding in coverage["rows"][0]["findings"])


@pytest.mark.usefixtures("with_tiny")
def test_codes_and_traces_are_kept_and_are_what_is_heard(
    mayabook_here: Run, story: Path, tmp_path: Path, store: Path
) -> None:
    made(mayabook_here("make", story, "--engine", "gguf", *NOISE, "--json"))
    codec = open_codec(store / "tiny" / "codec", SMALL)
    with Job(tmp_path / "harbour.mayabook") as job:
        plan = job.ledger.plan()
        takes = [take for item in plan for take in job.ledger.takes(item.key, "")]
    assert len(takes) == len(plan)
    for take in takes[:3]:
        codes = read_codes(take.codes_file)
        assert codes.frames.shape == (12, 7)
        assert len(codes.entropy) == len(codes.removed) == 84
        assert ((codes.removed >= 0) & (codes.removed <= 1)).all()
        audio, _ = read_flac(take.file)
        np.testing.assert_allclose(codec.decode(codes.frames[None], [take.seed])[0], audio, atol=1e-6)


@pytest.mark.usefixtures("with_tiny")
def test_a_killed_run_goes_on_with_the_same_takes(mayabook: Run, tmp_path: Path) -> None:
    """Killed after a few takes, then finished by the same command: the files are those of an undisturbed run."""
    write_story(tmp_path / "killed.epub", "The Harbour", STORY)
    options = ("--max-words", "12", "--engine", "gguf", "--slots", "2", *NOISE, "--json")
    process = start("make", "killed.epub", *options, cwd=tmp_path)
    while len(list((tmp_path / "killed.mayabook" / "takes").glob("*.flac"))) < 3:
        assert process.poll() is None
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "killed.m4b").exists()
    made(mayabook("make", "killed.epub", *options))
    write_story(tmp_path / "whole.epub", "The Harbour", STORY)
    made(mayabook("make", "whole.epub", *options))
    killed, whole = (
        {file.name: file.read_bytes() for file in (tmp_path / f"{name}.mayabook" / "takes").iterdir()}
        for name in ("killed", "whole")
    )
    assert {name: data for name, data in killed.items() if name.endswith("flac")} == {
        name: data for name, data in whole.items() if name.endswith("flac")
    }
    assert killed.keys() == whole.keys()


@pytest.mark.usefixtures("with_tiny")
def test_auto_takes_the_model_that_is_here_and_stays_with_it(mayabook_here: Run, story: Path, store: Path) -> None:
    first = mayabook_here("make", story, *NOISE, "--slots", "4", "--json")
    facts = made(first)
    assert "Engine: gguf, storyteller (tiny): " in said(first)
    assert "x real time on this machine" in said(first)
    again = mayabook_here("make", story, *NOISE, "--force", "--json")
    made(again)  # slots are a part of what a take is, and are kept
    resumed = [json.loads(line) for line in again.stdout.splitlines() if '"rendering"' in line]
    assert resumed[0]["resumed_chunks"] == facts["chunks"]


@pytest.mark.usefixtures("with_tiny")
def test_a_job_keeps_the_dtype_it_began_with(mayabook_here: Run, story: Path, tmp_path: Path) -> None:
    """As where it began on a GPU that computes bfloat16, and continues on a CPU, for which `auto` is float32."""
    made(mayabook_here("make", story, "--engine", "transformers", "--dtype", "bfloat16", *NOISE, "--json"))
    takes = {file.name for file in (tmp_path / "harbour.mayabook" / "takes").iterdir()}
    made(mayabook_here("make", story, "--engine", "transformers", *NOISE, "--force", "--json"))
    assert {file.name for file in (tmp_path / "harbour.mayabook" / "takes").iterdir()} == takes


@pytest.mark.usefixtures("with_tiny")
def test_a_job_of_version_0_1_goes_on_as_it_began(mayabook: Run, story: Path, tmp_path: Path) -> None:
    """With its voice, its sampling and its chunks; a new job has today's."""
    once = tmp_path / "once.toml"
    once.write_text("[retry]\ntrim = false\nattempts = 1\npatch = 0\nsplit = 0\n")
    options = ("--engine", "gguf", "--slots", "2", "--max-tokens", "84", "--settings", once, "--force", "--json")
    former = descriptions(version=1)["storyteller"]
    old = made(mayabook("make", story, *options, "--preset", "mayabook", "--max-words", "70", "--voice", former))
    with Job(tmp_path / "harbour.mayabook") as job:
        chosen = json.loads(job.ledger.fact(ENGINE) or "")
        known = {name: chosen[name] for name in ("kind", "model", "format", "slots", "reason")}
        job.ledger.set_fact(ENGINE, json.dumps(known))
    takes = {file.name for file in (tmp_path / "harbour.mayabook" / "takes").iterdir()}
    for _ in range(2):
        again = made(mayabook("make", story, *options))
        assert again["chunks"] == old["chunks"]
        assert {file.name for file in (tmp_path / "harbour.mayabook" / "takes").iterdir()} == takes
    new = made(mayabook("make", story, "-o", "new.m4b", *options))
    assert new["chunks"] > old["chunks"]
    with Job(tmp_path / "new.mayabook") as job:
        assert max(len(item.chunk.spoken) for item in job.ledger.plan()) <= 14 * 14
        chosen = json.loads(job.ledger.fact(ENGINE) or "")
    assert (chosen["preset"], chosen["voice_presets"], chosen["max_seconds"]) == ("maya-official", 2, 14)


@pytest.mark.usefixtures("with_tiny")
def test_a_job_that_moves_to_another_processor_speaks_nothing_again(
    mayabook: Run, story: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PyTorch is told to compute without vector instructions, as on a processor that has none. What is spoken there is
    marked with it."""
    options = ("--engine", "transformers", "--slots", "2", *NOISE, "--json")
    made(mayabook("make", story, *options))
    here = made_on(tmp_path / "harbour.mayabook")
    monkeypatch.setenv("ATEN_CPU_CAPABILITY", "default")
    write_story(story, "The Harbour", STORY | {"The Lamp": ["Nobody had seen it go out."]})
    made(mayabook("make", story, "--force", *options))
    there = made_on(tmp_path / "harbour.mayabook")
    assert there[: len(here)] == here
    assert len(there) > len(here)
    assert " DEFAULT " not in here[0]
    assert all(" DEFAULT " in platform for platform in there[len(here) :])


def made_on(job_folder: Path) -> list[str]:
    """Platform of each take of a job, in the order in which they were made."""
    with closing(sqlite3.connect(job_folder / "ledger.sqlite")) as database:
        return [platform for (platform,) in database.execute("SELECT made_on FROM takes ORDER BY id")]


@pytest.mark.usefixtures("with_tiny")
def test_a_saved_voice_reads_a_book_which_goes_on_with_it_on_another_machine(
    mayabook: Run, story: Path, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a voice is chosen, none of the random model's is fit: the book is read without."""
    codec = open_codec(store / "tiny" / "codec", SMALL)
    frames = np.random.default_rng(1).integers(0, 256, (20, 7)).astype(np.int32)
    voice = AnchoredVoice("An old man, slow and kind.", codec.identity, Anchor("Here I am.", frames))
    monkeypatch.setenv("MAYABOOK_VOICES", str(tmp_path / "voices"))
    save_voice("marian", voice)
    options = ("--engine", "gguf", "--slots", "2", "--anchor", "auto", *NOISE, "--json")
    made(mayabook("make", story, "--voice", "marian", *options))
    takes = {file.name for file in (tmp_path / "harbour.mayabook" / "takes").iterdir()}
    monkeypatch.setenv("MAYABOOK_VOICES", str(tmp_path / "elsewhere"))
    made(mayabook("make", story, "--voice", "marian", *options, "--force"))
    assert {file.name for file in (tmp_path / "harbour.mayabook" / "takes").iterdir()} == takes
    chosen = mayabook("make", story, "-o", "other.m4b", "--voice", voice.description, *options)
    made(chosen)
    assert "Voice 8 of 8: rejected" in said(chosen)
    assert "accepted none of these voices" in said(chosen)
    assert not takes & {file.name for file in (tmp_path / "other.mayabook" / "takes").iterdir()}


_CODEC = r"; snac \w{16} torch \S+ cpu \d+ threads; bos twice; rules 1"
FORMER_IDENTITIES = {
    "gguf": rf"gguf \w{{16}} llama\.cpp \S+ CPU slots 2 kv f16 flash 0{_CODEC}",
    "transformers": rf"transformers \w{{16}} float32 torch \S+ transformers \S+ cpu .+ \d+ threads slots 2{_CODEC}",
}


@pytest.mark.parametrize("engine", ["gguf", "transformers"])
@pytest.mark.usefixtures("with_tiny")
def test_takes_that_were_stored_when_their_keys_named_the_processor_are_found(
    engine: str, mayabook_here: Run, story: Path, tmp_path: Path
) -> None:
    options = ("--engine", engine, "--slots", "2", *NOISE, "--json")
    made(mayabook_here("make", story, *options))
    with Job(tmp_path / "harbour.mayabook") as job:
        keys = [item.key for item in job.ledger.plan()]
        chunks = [item.chunk for item in job.ledger.plan()]
        settings = Settings(engine=EngineSettings(kind=engine), maya=MayaSettings(model="tiny", slots=2, max_tokens=84))
        with closing(open_engine(settings, None, print)[0]) as opened:
            assert isinstance(opened, HasFormerIdentities)
            assert re.fullmatch(FORMER_IDENTITIES[engine], opened.former_identities[0])
            new_to_old = {new: old for old, new in former_keys(opened, chunks).items()}
        job.ledger.rename_keys({key: new_to_old[key] for key in keys})
        assert not any(job.ledger.takes(key, "") for key in keys)
    made(mayabook_here("make", story, "--force", *options))
    with Job(tmp_path / "harbour.mayabook") as job:
        assert [len(job.ledger.takes(key, "")) for key in keys] == [1] * len(keys)
        assert len(list(job.takes.glob("*.flac"))) == len(keys)


@pytest.mark.usefixtures("with_tiny")
def test_a_model_named_by_its_path_is_found_again_by_review(
    mayabook_here: Run, story: Path, store: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine").symlink_to(store / "tiny")
    made(mayabook_here("make", story, "--engine", "gguf", "--model", "./mine", *NOISE, "--json"))
    (tmp_path / "elsewhere").mkdir()
    run = mayabook_in(tmp_path / "elsewhere", "review", "../harbour.mayabook", "--accept", "1", "--json")
    assert 1 not in made(run)["flagged"]


def test_auto_without_a_model_says_why_the_narrator_reads(mayabook: Run, tmp_path: Path) -> None:
    short = write_story(tmp_path / "short.epub", "Short", {"One": ["The boat came in at dawn, with nobody aboard."]})
    run = mayabook("make", short, "--json")
    assert run.returncode == 0, run.stderr
    assert "narrator, heart (narrator): no Maya1 model is installed; get one: mayabook models pull" in said(run)


def refused(run: CompletedProcess[str], *names: str) -> None:
    assert run.returncode == 2, run.stdout + run.stderr
    lines = [line for line in run.stderr.strip().splitlines() if "Warning" not in line and "warn(" not in line]
    assert len(lines) == 1, run.stderr
    assert "Traceback" not in run.stderr
    for name in names:
        assert name in lines[0]


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (("--engine", "gguf", "--model", "nothing"), ("nothing", "tiny")),
        (("--engine", "gguf", "--format", "Q5_K_M"), ("F16, Q4_K_M", "mayabook models quantize tiny Q5_K_M")),
        (("--engine", "gguf", "--voice", "nobody"), ("nobody", "storyteller")),
        (("--engine", "gguf", "--preset", "wild"), ("wild", "maya-official")),
        (("--engine", "gguf", "--temperature", "9"), ("maya.temperature",)),
        (("--engine", "gguf", "--anchor", "me.wav"), ("There is no recording", "me.wav")),
        (("--engine", "gguf", "--context", "256"), ("--context", "256")),
        (("--engine", "gguf", "--voice", "A voice " + "that goes on and on " * 400), ("--context", "description")),
        (("--engine", "transformers", "--device", "cuda"), ("CUDA", "--device cpu")),
        (("--engine", "llamafile"), ("engine.kind",)),
        (("--engine", "gguf", "--slots", "none"), ("maya.slots",)),
    ],
)
@pytest.mark.usefixtures("with_tiny")
def test_what_cannot_be_had_is_one_line(
    options: tuple[str, ...], names: tuple[str, ...], mayabook_here: Run, story: Path
) -> None:
    refused(mayabook_here("make", story, *options), *names)


def test_without_a_model_an_engine_says_how_to_get_one(mayabook_here: Run, story: Path) -> None:
    refused(mayabook_here("make", story, "--engine", "gguf"), "mayabook models pull")


def test_damaged_and_foreign_models(mayabook: Run, story: Path, store: Path, tmp_path: Path) -> None:
    """--model may name a folder or a file; each of these has something wrong."""
    whole = (store / "tiny" / "gguf" / "tiny-F16.gguf").read_bytes()
    (tmp_path / "cut.gguf").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "codec").symlink_to(store / "tiny" / "codec")
    refused(mayabook("make", story, "--engine", "gguf", "--model", tmp_path / "cut.gguf"), "cut.gguf")
    (tmp_path / "junk.gguf").write_bytes(b"GGUF but not really")
    refused(mayabook("make", story, "--engine", "gguf", "--model", tmp_path / "junk.gguf"), "junk.gguf")
    other = write_checkpoint(tmp_path / "other")
    edit_json(other / "config.json", architectures=["GPT2LMHeadModel"], model_type="gpt2")
    refused(mayabook("make", story, "--engine", "transformers", "--model", other), "gpt2")


def test_a_codec_that_does_not_fit(mayabook_here: Run, story: Path, tmp_path: Path) -> None:
    model = tmp_path / "odd"
    write_checkpoint(model / "checkpoint")
    write_codec(model / "codec", codebook_size=128)
    refused(mayabook_here("make", story, "--engine", "transformers", "--model", model), "128", "256")


def test_doctor_says_what_would_read_a_book(mayabook: Run, monkeypatch: pytest.MonkeyPatch, store: Path) -> None:
    bare = json.loads(mayabook("doctor", "--json").stdout)
    assert bare["engine chosen"].startswith("narrator, heart (narrator): no Maya1 model is installed")
    assert "float32" in bare["torch"]
    assert "llama-cpp-python" in bare["llama.cpp"]
    monkeypatch.setenv("MAYABOOK_MODELS", str(store))
    ready = json.loads(mayabook("doctor", "--json").stdout)
    assert "tiny (checkpoint, F16, Q4_K_M, codec)" in ready["Maya1 models"]
    assert ready["engine chosen"].startswith("gguf, storyteller (tiny): ")


@pytest.mark.usefixtures("with_tiny")
def test_a_gpu_that_this_llama_cannot_use_is_pointed_out(mayabook: Run, story: Path, tmp_path: Path) -> None:
    """The driver's tool stands in for the card; the build of llama.cpp is the real one."""
    import llama_cpp

    if llama_cpp.llama_supports_gpu_offload():
        pytest.skip("this llama.cpp can use a GPU")
    tool = tmp_path / "bin" / "nvidia-smi"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\necho 'NVIDIA GeForce RTX 2070, 7982, 7610'\n")
    tool.chmod(0o755)
    path = {"PATH": f"{tool.parent}{os.pathsep}{os.environ['PATH']}"}
    run = mayabook("make", story, "--engine", "gguf", *NOISE, "--json", environment=path)
    made(run)
    assert "This llama.cpp was built for the CPU only and does not use the GPU (NVIDIA GeForce RTX 2070)" in said(run)
    assert "-DGGML_CUDA=on" in said(run)
