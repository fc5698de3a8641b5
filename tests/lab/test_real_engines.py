"""The lab on real engines with random models: prompts, teacher forcing, legacy back ends, formats, whole commands."""

import json
import os
import shutil
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest

from mayabook.core.errors import EngineError, LabError
from mayabook.core.take import TakeRequest
from mayabook.engines.transformers_decoder import TransformersDecoder
from mayabook.lab import teacher_forcing
from mayabook.lab.experiments import EXPERIMENTS, report, run
from mayabook.lab.format_comparison import ComparePlan, mean_kl_divergence, rows_by_format
from mayabook.lab.format_comparison_report import pareto_front
from mayabook.lab.isolate_report import changed_takes
from mayabook.lab.legacy_backends import N_LOGIT_STEPS, LegacyGenerate, LegacyLlama, tolerant_frames
from mayabook.lab.model_variants import LocalModelVariants, open_model_variants
from mayabook.lab.plan import Plan
from mayabook.lab.prompts import read_true_codes
from mayabook.maya.anchor import Anchor
from mayabook.maya.frames import pack
from mayabook.maya.token_layout import SAMPLES_PER_FRAME
from tests.lab.lab_engines import TEXTS, RecordingListener, SilenceChecker
from tests.runs import lines_of, mayabook_in, start
from tests.tiny_models import SMALL

TEXT = "They walked down to the water."
CAP = 42


@pytest.fixture(scope="module")
def variants(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> LocalModelVariants:
    plan = Plan.load(None, {"model": str(tiny), "slots": 2, "context": 512})
    made = open_model_variants(plan, tmp_path_factory.mktemp("formats"))
    return replace(made, sampling={**made.sampling, "max_tokens": CAP}, caches_logits=False)


def request(variants: LocalModelVariants, **sampling: float | str) -> TakeRequest:
    return TakeRequest("", TEXT, variants.voice, 5, sampling={**variants.sampling, **sampling})


def test_a_hidden_text_end_is_what_generate_makes_of_a_call_without_a_mask(variants: LocalModelVariants) -> None:
    """Compared with transformers, whose pad token is the text end, so that it masks this token of the prompt."""
    import torch
    import transformers

    engine = variants.open("fp32")
    whole, hidden = engine.prompt_ids(request(variants)), engine.prompt_ids(request(variants, text_end="hidden"))
    assert SMALL.text_end in whole
    assert SMALL.text_end not in hidden
    config = transformers.GenerationConfig(
        do_sample=False, max_new_tokens=1, pad_token_id=SMALL.text_end, eos_token_id=SMALL.code_end
    )
    assert isinstance(engine.decoder, TransformersDecoder)
    logits = {}
    for name, mask in (("none", {}), ("right", {"attention_mask": torch.ones((1, len(whole)), dtype=torch.long)})):
        output = engine.decoder.model.generate(
            torch.tensor([whole]), generation_config=config, output_logits=True, return_dict_in_generate=True, **mask
        )
        logits[name] = output.logits[0][0, SMALL.code_end : SMALL.last_code + 1].numpy()
    for name, prompt in (("none", hidden), ("right", whole)):
        engine.decoder.prefill(0, prompt)
        np.testing.assert_allclose(engine.decoder.logits[0].numpy(), logits[name], rtol=1e-3, atol=1e-3)
    assert np.abs(logits["none"] - logits["right"]).max() > 0.01
    engine.close()


def test_prompt_settings_are_of_the_request(variants: LocalModelVariants) -> None:
    engine = variants.open("Q4_K_M")
    once, twice = (engine.prompt_ids(request(variants, bos=bos)) for bos in ("once", "twice"))
    assert twice == [SMALL.bos, *once]
    takes = [next(iter(engine.generate([request(variants, bos=bos)]))) for bos in ("once", "twice", "twice")]
    sureness = [take.codes.log_probability.tolist() for take in takes]
    assert sureness[0] != sureness[1] == sureness[2]
    with pytest.raises(LabError, match="thrice"):
        engine.prompt_ids(request(variants, bos="thrice"))
    engine.close()


def test_length_description_warm_up_and_anchor_are_of_the_request(variants: LocalModelVariants) -> None:
    engine = replace(variants, other_description="Realistic male voice in the 40s age.").open("Q4_K_M")
    first, second = "They walked down.", "The boat had gone."
    pairs = {
        "kept": {}, "trimmed": {"warm_up": "trimmed"}, "joined": {"length": "sentences"}, "other": {"description": "other"},
    }  # fmt: skip
    whole = replace(request(variants), text=f"{first}\n{second}")
    asked = [replace(whole, key=name, sampling={**whole.sampling, **levels}) for name, levels in pairs.items()]
    alone = [replace(whole, key=text, text=text) for text in (first, second)]
    takes = {take.request.key: take for take in engine.generate([*asked, *alone])}
    np.testing.assert_array_equal(takes["trimmed"].audio, takes["kept"].audio[SAMPLES_PER_FRAME:])
    np.testing.assert_array_equal(
        takes["joined"].codes.frames, np.concatenate([takes[text].codes.frames for text in (first, second)])
    )
    n_samples = len(takes[first].audio) + len(takes[second].audio)
    assert len(takes["joined"].audio) == n_samples + round(0.25 * takes["joined"].sample_rate)
    assert engine.prompt_ids(asked[3]) != engine.prompt_ids(asked[0])
    engine.use_anchor(Anchor(first, takes[first].codes.frames))
    anchored = engine.prompt_ids(replace(whole, sampling={**whole.sampling, "anchor": "auto"}))
    assert len(anchored) > len(engine.prompt_ids(asked[0])) + takes[first].codes.frames.size
    assert engine.prompt_ids(whole) == engine.prompt_ids(asked[0])
    assert takes["other"].codes.log_probability.tolist() != takes["kept"].codes.log_probability.tolist()
    engine.close()


def test_divergence_is_nothing_from_itself_and_more_from_fewer_bits(variants: LocalModelVariants) -> None:
    reference = variants.open("fp32")
    frames = [np.random.Generator(np.random.Philox(1)).integers(0, 256, (n, 7)).astype(np.int32) for n in (3, 4, 5)]
    prompts = [reference.prompt_ids(request(variants))] * 3
    found = {}
    for name in ("fp32", "F16", "Q4_K_M"):
        other = variants.open(name)
        results = list(teacher_forcing.compare_decoders(reference.decoder, other.decoder, prompts, frames))
        found[name] = sum(float(result.kl_divergence.sum()) for result in results)
        assert [result.n_steps.tolist() for result in results] == [[n + 1, 2 * n, 4 * n] for n in (3, 4, 5)]
        if name == "fp32":
            assert all((result.n_agreed == result.n_steps).all() for result in results)
        other.close()
    assert found["fp32"] == 0
    assert 0 < found["F16"] < found["Q4_K_M"]
    reference.close()


def test_teacher_forcing_is_what_a_slot_says_by_itself(variants: LocalModelVariants) -> None:
    engine, other = variants.open("fp32"), variants.open("fp32")
    frames = np.random.Generator(np.random.Philox(1)).integers(0, 256, (3, 7)).astype(np.int32)
    prompts = [engine.prompt_ids(replace(request(variants), text=text)) for text in ("Come in.", TEXT)]
    result = list(teacher_forcing.compare_decoders(engine.decoder, other.decoder, prompts, [frames[:2], frames]))[1]
    logits = teacher_forcing.forced_logits(engine.decoder, 0, prompts[1], frames)
    columns = np.array([*pack(frames, SMALL), SMALL.code_end]) - SMALL.code_end
    alone = -teacher_forcing.log_softmax(logits)[np.arange(len(columns)), columns]
    assert result.nll.sum() == pytest.approx(alone.sum(), rel=1e-4)
    assert result.nll[0] == pytest.approx(alone[::7].sum(), rel=1e-4)
    engine.close()
    other.close()


def test_original_ways_speak_and_say_what_they_carry_over(tiny: Path, tmp_path: Path) -> None:
    experiment = EXPERIMENTS["isolate"]
    values = {"model": str(tiny), "takes": 2, "rounds": 1, "after": (2,), "few": 1, "originals": 1, "cap": CAP}
    plan = experiment.plan.load(None, {**values, "slots": 2, "context": 512, "formats": ("Q4_K_M",)})
    rows = run(experiment, plan, tmp_path / "i", RecordingListener(), checker=SilenceChecker())
    ways = [row for row in rows if "fix: " in row["condition"]]
    assert {row["cell"] for row in ways} == {"Llama() Q4_K_M", "generate() NF4-bf16"}
    assert len(ways) == 4 * (3 + 4)
    ours = changed_takes([row for row in rows if "fix: " not in row["condition"]])
    assert not [row["condition"] for row, differs in ours if differs]
    logits = [row["difference"] for row in rows if row["condition"] == "logits"]
    assert logits == [0.0]
    reset = [pair for pair in changed_takes(ways) if "fix: reset" in pair[0]["condition"] and pair[0]["seeded"]]
    assert reset
    assert not any(differs for _, differs in reset)
    engines, libraries = report(tmp_path / "i")
    assert "nothing but their request" in engines.verdict
    assert "generate() NF4-bf16" in libraries.verdict


@pytest.mark.parametrize("kind", [LegacyLlama, LegacyGenerate])
def test_an_original_is_an_engine(kind: type, variants: LocalModelVariants) -> None:
    engine = kind(variants, "Q4_K_M" if kind is LegacyLlama else "fp32", changes={"max_tokens": CAP})
    one, other = (next(iter(engine.generate([replace(request(variants), seed=seed)]))) for seed in (1, 1))
    assert one.codes is not None
    np.testing.assert_array_equal(one.codes.frames, other.codes.frames)
    assert len(one.audio) == len(one.codes.frames) * 2048
    assert engine.logits.shape == (N_LOGIT_STEPS, SMALL.n_audio)
    engine.close()


@pytest.mark.parametrize("kind", [LegacyLlama, LegacyGenerate])
def test_an_original_draws_by_the_settings_it_is_given(kind: type, variants: LocalModelVariants) -> None:
    changes = {"max_tokens": 35, "temperature": 0.8}
    engine = kind(variants, "Q4_K_M" if kind is LegacyLlama else "fp32", changes=changes)
    list(engine.generate([request(variants, max_tokens=70)]))
    assert len(engine.tokens) == 35
    assert engine.sampling(0)["temperature"] == 0.8
    assert engine.sampling(0)["top_p"] == 0.92
    engine.close()


def test_a_model_is_its_weights_and_its_codec(variants: LocalModelVariants, tmp_path: Path) -> None:
    assert variants.files.codec is not None
    shutil.copytree(variants.files.codec, tmp_path / "codec")
    same = replace(variants, files=replace(variants.files, codec=tmp_path / "codec"))
    assert same.identity == variants.identity
    (tmp_path / "codec" / "decoder.onnx").write_bytes(b"another way to decode")
    assert same.identity != variants.identity


@pytest.mark.parametrize("damage", ["empty", "half", "array", "other", "lengths"])
def test_an_invalid_reference_archive_is_one_line(damage: str, tiny: Path, tmp_path: Path) -> None:
    file = tmp_path / "truth.npz"
    whole = (tiny / "reference.npz").read_bytes()
    if damage == "array":
        with file.open("wb") as out:
            np.save(out, np.zeros(3))
    elif damage == "other":
        np.savez(file, texts=np.zeros(3))
    elif damage == "lengths":
        np.savez(file, texts=np.asarray(TEXTS[:3]), frames=np.zeros((4, 7)), lengths=np.asarray([2, 2]))
    else:
        file.write_bytes(b"" if damage == "empty" else whole[: len(whole) // 2])
    with pytest.raises(
        LabError, match=r"truth\.npz is not a reference archive .*; it needs texts, frames and lengths"
    ) as caught:
        read_true_codes(file)
    assert "\n" not in str(caught.value)


def test_frames_of_unmasked_tokens() -> None:
    right = [SMALL.token(slot, slot + 1) for slot in range(7)]
    frames, strays = tolerant_frames([*right, SMALL.bos, *right[::-1], SMALL.code_end, *right], SMALL)
    assert frames.tolist() == [[1, 2, 3, 4, 5, 6, 7], [7, 6, 5, 4, 3, 2, 1]]
    assert strays == 1 + 6


def test_formats_are_compared(tiny: Path, tmp_path: Path) -> None:
    experiment, listener = EXPERIMENTS["compare"], RecordingListener()
    values = {"model": str(tiny), "takes": 4, "forced": 2, "cost": 2, "slots": 2, "context": 512, "cap": CAP}
    plan = ComparePlan.load(None, {**values, "formats": ("F16", "Q4_K_M", "NF4", "GPTQ", "Q9")})
    rows = run(experiment, plan, tmp_path / "c", listener, checker=SilenceChecker())
    quantize = "it is not installed; make it: mayabook models quantize tiny GPTQ"
    assert f"Skipped GPTQ: {quantize}" in listener.messages
    assert any(line.startswith("Skipped Q9: there is no such format; choose from fp32") for line in listener.messages)
    names = ["fp32", "F16", "Q4_K_M", "NF4"]
    assert list(rows_by_format(rows, "take")) == list(rows_by_format(rows, "cost")) == names
    nats = {name: mean_kl_divergence(found)[0] for name, found in rows_by_format(rows, "forced").items()}
    assert nats["F16"] < nats["Q4_K_M"]
    assert nats["F16"] < nats["NF4"]
    assert [row["part"] for row in rows[: len(names)]] == ["cost"] * len(names)  # before any takes
    costs = {name: found[0] for name, found in rows_by_format(rows, "cost").items()}
    assert costs["fp32"]["bits"] == pytest.approx(32, abs=0.1)
    assert costs["F16"]["bits"] == pytest.approx(16, rel=0.1)
    assert costs["Q4_K_M"]["bytes"] < costs["F16"]["bytes"] < costs["fp32"]["bytes"]
    assert all(row["memory"] > 50e6 for row in costs.values())
    assert all(row["token_errors"] > 0 for row in rows if row["part"] == "take")
    speech, logits, size = report(tmp_path / "c")
    assert "on 4 pairs each" in speech.verdict
    assert logits.verdict.startswith("From nearest to farthest from full precision: F16")
    assert "both smaller and better" in size.verdict
    text = (tmp_path / "c" / "report.md").read_text()
    assert "![Size against share of wrong tokens](report/compare-pareto.svg)" in text
    assert (tmp_path / "c" / "report" / "compare-pareto.svg").read_text().startswith("<svg")
    before = [dict(row) for row in rows]
    assert run(experiment, plan, tmp_path / "c", listener, checker=SilenceChecker()) == before


def test_pareto_keeps_what_nothing_beats() -> None:
    assert pareto_front({"a": (1, 3), "b": (2, 2), "c": (3, 3), "d": (3, 1), "e": (3, 1)}) == ["a", "b", "d", "e"]


def test_a_model_without_codec_or_format_is_one_line(variants: LocalModelVariants) -> None:
    with pytest.raises(EngineError, match="AWQ of tiny is not available"):
        variants.open("AWQ")
    with pytest.raises(EngineError, match="no codec"):
        replace(variants, files=replace(variants.files, codec=None)).open("fp32")


ISOLATE = (
    "lab", "isolate", "-o", "rows", "--takes", "4", "--slots", "2", "--set", "context = 512", "--set", "originals = 0",
    "--set", "formats = ['F16']", "--set", "few = 1", "--set", "after = [3]", "--set", "cap = 42",
)  # fmt: skip


def test_the_command_stops_at_ctrl_c_and_goes_on(tiny: Path, tmp_path: Path) -> None:
    command = (*ISOLATE, "--model", str(tiny), "--set", "rounds = 40", "--json")
    process = start(*command, cwd=tmp_path)
    for line in lines_of(process):
        if json.loads(line).get("done", 0) >= 12:
            break
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "the same command resumes" in errors
    again = mayabook_in(tmp_path, *command)
    assert again.returncode == 0, again.stderr
    events = [json.loads(line) for line in again.stdout.splitlines()]
    assert events[-1] == {"event": "report", "file": "rows/report.html"}
    assert "nothing but their request" in events[-2]["verdict"]
    n_rows = len((tmp_path / "rows" / "rows.jsonl").read_text().splitlines()) - 1
    assert n_rows == 4 * (2 + 1 + 40) + 2 + 2 + 1


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (("--set", "takse = 3"), ("takse", "takes")),
        (("--set", "takes = "), ("--set",)),
        (("--model", "nothing"), ("nothing", "mayabook models pull")),
        (("--takes", "0"), ("takes",)),
        (("--truth", "nowhere.npz"), ("nowhere.npz",)),
    ],
)
def test_what_a_person_gets_wrong_is_one_line(
    arguments: tuple[str, ...], names: tuple[str, ...], tiny: Path, mayabook_here: Callable[..., CompletedProcess[str]]
) -> None:
    result = mayabook_here("lab", "sweep", "--model", tiny, *arguments)
    assert result.returncode == 2
    (line,) = result.stderr.strip().splitlines()
    for name in names:
        assert name in line
