"""The stages of the smoke recipe: MayaBook can use their results."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from mayabook.core.errors import ModelError
from mayabook.core.settings import NarratorSettings, Settings
from mayabook.core.take import TakeRequest
from mayabook.engines.narrator import Narrator
from mayabook.lab.prompts import REFERENCE_FILE, read_true_codes
from mayabook.maya.codec import open_codec
from mayabook.maya.codec_config import CodecConfig
from mayabook.maya.codec_torch import TorchCodec
from mayabook.maya.frames import pack
from mayabook.maya.token_layout import SAMPLES_PER_FRAME, Layout
from mayabook.maya.tokenizer import CheckpointTokenizer
from mayabook.models import store
from mayabook.script import script_book
from training.maya1_tiny import codec, corpus, figures, lm, texts
from training.maya1_tiny.batches import Sequences
from training.maya1_tiny.corpus import BOOK, HELD_OUT, TRAIN, Corpus
from training.maya1_tiny.recipe import recipe
from training.maya1_tiny.training_loop import Machine, load

ROOT = Path(__file__).parents[2]
SMOKE = recipe("smoke")


def test_the_corpus_begins_with_the_sample_books_chunks_as_make_cuts_them(work: Path) -> None:
    _, script = script_book(texts.SAMPLE_BOOK, None, Settings())
    here = Corpus(work)
    assert [here.utterances[number].text for number in here.numbers(BOOK)] == [c.spoken for c in script.chunks[:3]]
    assert all(here.utterances[number].speed == 1.0 for number in here.numbers(BOOK))


def test_the_speech_is_the_narrators(work: Path) -> None:
    here = Corpus(work)
    number = here.numbers(BOOK)[0]
    utterance = here.utterances[number]
    narrator = Narrator(NarratorSettings())
    request = TakeRequest("", utterance.text, narrator.voice, utterance.seed, sampling={"speed": 1.0})
    take = next(narrator.generate([request]))
    narrator.close()
    assert np.abs(here.audio(number) - take.audio).max() < 1e-4


def test_what_is_held_out_is_decided_by_the_text_alone() -> None:
    few = corpus.choose(SMOKE.corpus, [texts.OWN_TEXTS], debian=False)
    more = SMOKE.corpus.model_copy(update={"hours": 0.05})
    many = {each.text: each.split for each in corpus.choose(more, [texts.OWN_TEXTS], debian=False)}
    assert len(many) > len(few)
    assert {HELD_OUT, TRAIN, BOOK} == set(many.values())
    assert all(many[each.text] == each.split for each in few)


def test_speech_that_is_there_is_not_made_again(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {file: file.stat().st_mtime_ns for file in (work / "corpus").iterdir()}
    corpus.make(work, SMOKE.corpus, [texts.OWN_TEXTS], debian=False)
    assert {file: file.stat().st_mtime_ns for file in (work / "corpus").iterdir()} == before
    assert "shard" not in capsys.readouterr().out


def test_a_folder_of_texts_is_read_and_odd_paragraphs_are_left_out(tmp_path: Path) -> None:
    good = "The lamp burned low, and nobody spoke for a while."
    (tmp_path / "a.txt").write_text(f"{good}\n\nsee http://x.y for more of this\n\nДобрый день, господа.\n")
    (tmp_path / "b.txt").write_text(good)
    found = list(texts.chunks(texts.paragraphs([tmp_path], debian=False), Settings().script))
    assert found == [("a", good)]


def test_the_codes_stand_for_whole_utterances(work: Path) -> None:
    here, coded = Corpus(work), codec.read_frames(work)
    assert len(coded) == len(here.utterances)
    for number, frames in enumerate(coded):
        assert frames.shape == (-(-len(here.samples(number)) // SAMPLES_PER_FRAME), 7)
        assert 0 <= frames.min() <= frames.max() < SMOKE.codec.codebook_size


def test_the_codes_are_those_that_the_published_codec_gives(work: Path) -> None:
    from snac import SNAC

    from mayabook.maya.frames import from_levels

    snac = SNAC.from_pretrained(str(work / "codec" / "published"))
    here, coded = Corpus(work), codec.read_frames(work)
    with torch.no_grad():
        levels = snac.encode(torch.from_numpy(here.audio(1))[None, None])
    assert np.mean(from_levels([level[0].numpy() for level in levels]) == coded[1]) > 0.99


def test_the_exported_folder_is_a_model(work: Path) -> None:
    files = store.find(str(work / "weights" / SMOKE.model))
    assert files.checkpoint is not None
    assert files.codec is not None
    assert set(files.ggufs) == {"F16", "Q4_K_M"}
    layout = Layout.read(files.checkpoint)
    layout.check(CheckpointTokenizer(files.checkpoint), "")
    frames = codec.read_frames(work)[0][None]
    on_torch = TorchCodec(files.codec / "pytorch_model.bin", CodecConfig.read(files.codec))
    ours, exported = (decoder.decode(frames, [0]) for decoder in (on_torch, open_codec(files.codec, layout)))
    assert ours.shape == (1, frames.shape[1] * SAMPLES_PER_FRAME)
    assert ours.std() > 1e-4
    assert np.abs(ours - exported).max() < 1e-3 * np.abs(ours).max()


def test_the_export_tells_no_path_and_carries_the_truth(work: Path) -> None:
    weights = work / "weights"
    assert not [file for file in weights.rglob("*.json") if str(work) in file.read_text(encoding="utf-8")]
    told, truth = read_true_codes(weights / REFERENCE_FILE)
    here, coded = Corpus(work), codec.read_frames(work)
    numbers = here.numbers(BOOK)
    assert told == [here.utterances[number].text for number in numbers]
    assert all(np.array_equal(frames, coded[number]) for frames, number in zip(truth, numbers, strict=True))


def test_both_engines_give_the_exported_model_the_same_logits(work: Path) -> None:
    from mayabook.engines.gguf_decoder import GgufDecoder
    from mayabook.engines.transformers_decoder import TransformersDecoder

    files = store.find(str(work / "weights" / SMOKE.model))
    assert files.checkpoint is not None
    prompt, _ = Sequences(work, SMOKE.lm).reference(0)
    rows = []
    for decoder in (
        GgufDecoder(files.ggufs["F16"], 1, 1024),
        TransformersDecoder(files.checkpoint, 1, 1024, dtype="float32"),
    ):
        decoder.prefill(0, prompt)
        rows.append(np.array(decoder.logits[0]))
        decoder.close()
    assert np.linalg.norm(rows[0] - rows[1]) < 1e-2 * np.linalg.norm(rows[1])


def test_figures_are_kept(work: Path) -> None:
    made = figures.codec(work, most=1)
    said = figures.lm(work, SMOKE.lm, most=1)
    kept = json.loads((work / "figures.json").read_text())
    assert kept == {**made, **said}
    assert made["codec, book: WER of the teacher"] < 0.5 < made["codec, book: WER"]
    assert said["lm, greedy: token error rate"] > 0.1


def test_an_interrupted_codec_ends_as_one_that_was_not(work: Path, tmp_path: Path) -> None:
    shutil.copytree(work / "corpus", tmp_path / "corpus")
    machine = Machine.choose("cpu")
    for phase in codec.PHASES:
        codec.train(tmp_path, SMOKE.codec, machine, until=phase)
    ours, theirs = (load(folder / "codec" / "training.pt") for folder in (work, tmp_path))
    assert ours["step"] == theirs["step"] == 18
    assert all(torch.equal(value, theirs["average"][name]) for name, value in ours["average"].items())


def test_a_finished_codec_learns_on_with_the_codes_it_has(work: Path, tmp_path: Path) -> None:
    shutil.copytree(work / "corpus", tmp_path / "corpus")
    before = work / "codec" / "published"
    codec.train(tmp_path, SMOKE.codec, Machine.choose("cpu"), until="decoder", published=before)
    assert load(tmp_path / "codec" / "training.pt")["step"] == 16  # 12 before the decoder phase and 4 in it
    one, other = (load(folder / "pytorch_model.bin") for folder in (before, tmp_path / "codec" / "published"))
    changed = {name.split(".")[0] for name, value in one.items() if not torch.equal(value, other[name])}
    assert changed == {"decoder"}
    for ours, theirs in zip(codec.read_frames(tmp_path), codec.read_frames(work), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_recipe_without_the_first_phase_trains_encoder_and_codebooks_further(work: Path, tmp_path: Path) -> None:
    shutil.copytree(work / "corpus", tmp_path / "corpus")
    further = SMOKE.codec.model_copy(update={"continuous_steps": 0, "adversarial_steps": 0, "learning_rate": 1e-5})
    published = work / "codec" / "published"
    codec.train(tmp_path, further, Machine.choose("cpu"), published=published)
    before, after = (load(folder / "pytorch_model.bin") for folder in (published, tmp_path / "codec" / "published"))
    moved = {name: float((after[name] - value).norm() / value.norm()) for name, value in before.items()}
    assert all(0 < moved[name] < 0.05 for name in moved if name.startswith("encoder") and "original1" in name)
    codebooks = [moved[name] for name in moved if "codebook" in name]
    assert any(codebooks)
    assert max(codebooks) < 0.9  # codes that are not used here are restarted; anew, all are other ones


def test_a_codec_of_other_dimensions_is_not_gone_on_from(work: Path, tmp_path: Path) -> None:
    shutil.copytree(work / "corpus", tmp_path / "corpus")
    larger = SMOKE.codec.model_copy(update={"decoder_dim": 96})
    with pytest.raises(ModelError, match="other dimensions"):
        codec.train(tmp_path, larger, Machine.choose("cpu"), published=work / "codec" / "published")
    with pytest.raises(ModelError, match="no codec"):
        codec.train(tmp_path, SMOKE.codec, Machine.choose("cpu"), published=tmp_path)


def test_an_interrupted_model_ends_as_one_that_was_not(work: Path, tmp_path: Path) -> None:
    for part in ("corpus", "codec", "tokenizer"):
        shutil.copytree(work / part, tmp_path / part)
    sequences = Sequences(tmp_path, SMOKE.lm)
    for first in (2, 6):
        training = lm.Training(tmp_path, SMOKE.lm, sequences.layout, Machine.choose("cpu"))
        training.restore()
        for batch in training.batches(sequences):
            if training.step == first:
                break
            lm.take_step(training, training.model.model, batch)
        training.save()
    ours, theirs = (load(folder / "lm" / "training.pt")["model"] for folder in (work, tmp_path))
    assert all(torch.equal(value, theirs[name]) for name, value in ours.items())


def test_sigterm_leaves_a_checkpoint_that_goes_on(work: Path, tmp_path: Path) -> None:
    for part in ("corpus", "codec", "tokenizer"):
        shutil.copytree(work / part, tmp_path / part)
    command = [sys.executable, "-m", "training.maya1_tiny", "lm", "--recipe", "smoke", "--work", str(tmp_path)]
    process = subprocess.Popen([*command, "--steps", "1000000"], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert "step 0" in process.stdout.readline()
    time.sleep(2)
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(60) == 0
    state = load(tmp_path / "lm" / "training.pt")
    assert state["at"][0] > 0
    assert (tmp_path / "lm" / "checkpoint" / "model.safetensors").is_file()


@pytest.mark.parametrize("stage", ["corpus", "codec", "tokenizer", "lm", "export", "figures"])
def test_every_stage_has_help(stage: str) -> None:
    from typer.testing import CliRunner

    from training.maya1_tiny.__main__ import app

    result = CliRunner().invoke(app, [stage, "--help"])
    assert result.exit_code == 0
    assert "--work" in result.output


def test_an_unknown_recipe_is_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "training.maya1_tiny", "corpus", "--recipe", "nothing", "--work", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert done.stderr.count("\n") == 1
    assert "by-heart" in done.stderr


def test_prompts_hold_the_text_and_targets_the_frames(work: Path) -> None:
    sequences, coded = Sequences(work, SMOKE.lm), codec.read_frames(work)
    layout = sequences.layout
    prompt, speech = sequences.reference(1)
    assert prompt[:3] == [layout.bos, layout.human_start, layout.bos]
    assert prompt[-1] == layout.code_start
    assert speech == [*pack(coded[1], layout), layout.code_end]
