"""The shipped weights, which really speak: what random models cannot show."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest

from bench.maya1_tiny import BEGIN, CARD, END, FIGURES, FORMAT_COLUMNS, tables
from mayabook.checks import Checker
from mayabook.core.chunk import Chunk, Pause, Sentence, Span
from mayabook.core.settings import CheckSettings, load_settings
from mayabook.core.take import StopReason, Take, TakeRequest
from mayabook.engine_selection import open_engine
from mayabook.lab.prompts import REFERENCE_FILE, read_true_codes
from mayabook.models import store
from mayabook.script import script_book
from training.maya1_tiny.texts import SAMPLE_BOOK

WEIGHTS = Path(__file__).parents[2] / "training" / "maya1_tiny" / "weights"
MODEL = WEIGHTS / "maya1-tiny"
N_CHUNKS = 4


def takes_of(kind: str, **options: object) -> list[Take]:
    """Of the first chunks of the sample book, at the settings beside the weights."""
    texts, _ = read_true_codes(WEIGHTS / REFERENCE_FILE)
    maya = {"model": str(MODEL), "slots": 4, **options}
    settings = load_settings(WEIGHTS / "settings.toml", {"engine": {"kind": kind}, "maya": maya})
    engine, _ = open_engine(settings, None, lambda line: None)
    requests = [
        TakeRequest(str(number), text, engine.voice, 7, sampling=engine.sampling(0))
        for number, text in enumerate(texts[:N_CHUNKS])
    ]
    takes = sorted(engine.generate(requests), key=lambda take: int(take.request.key))
    engine.close()
    return takes


@pytest.fixture(scope="module")
def spoken() -> list[Take]:
    return takes_of("gguf", format="Q4_K_M")


def test_it_has_memorised_the_sample_book_as_its_settings_cut_it() -> None:
    texts, _ = read_true_codes(WEIGHTS / REFERENCE_FILE)
    _, script = script_book(SAMPLE_BOOK, None, load_settings(WEIGHTS / "settings.toml", {}))
    assert [chunk.spoken for chunk in script.chunks] == texts


def test_the_words_of_the_book_come_out(spoken: list[Take]) -> None:
    checker = Checker(CheckSettings(second_asr_model=""))  # has no say in the words that were heard
    errors = words = 0
    for take in spoken:
        text = " ".join(take.request.text.split())
        chunk = Chunk(0, 1, (Sentence(text, Span(0, 0, len(text))),), take.request.text, Pause.PARAGRAPH)
        verdict = checker.check(take, chunk)
        errors, words = errors + verdict.errors, words + verdict.n_words
    assert errors / words < 0.12


def test_takes_end_by_themselves_when_the_text_is_said(spoken: list[Take]) -> None:
    _, truth = read_true_codes(WEIGHTS / REFERENCE_FILE)
    assert [take.stop for take in spoken] == [StopReason.END] * N_CHUNKS
    for take, frames in zip(spoken, truth, strict=False):
        assert take.codes is not None
        assert len(take.codes.frames) == pytest.approx(len(frames), rel=0.02)


def test_most_tokens_are_the_truth(spoken: list[Take]) -> None:
    _, truth = read_true_codes(WEIGHTS / REFERENCE_FILE)
    for take, frames in zip(spoken, truth, strict=False):
        assert take.codes is not None
        n = min(len(frames), len(take.codes.frames))
        assert np.mean(take.codes.frames[:n] == frames[:n]) > 0.95


def test_the_model_is_sure_of_what_it_has_learnt(spoken: list[Take]) -> None:
    for take in spoken:
        assert take.codes is not None
        assert float(take.codes.log_probability.astype(np.float64).mean()) > -1.0
        assert float(take.codes.removed.astype(np.float64).mean()) < 0.05


def test_both_engines_say_the_same(spoken: list[Take]) -> None:
    other = takes_of("transformers", dtype="float32")
    for ours, theirs in zip(spoken, other, strict=True):
        assert ours.codes is not None
        assert theirs.codes is not None
        n = min(len(ours.codes.frames), len(theirs.codes.frames))
        assert np.mean(ours.codes.frames[:n] == theirs.codes.frames[:n]) > 0.95


def test_it_can_be_tuned_and_a_new_job_uses_the_profile(
    mayabook_here: Callable[..., CompletedProcess[str]], tmp_path: Path
) -> None:
    """A second decides nothing; for what decides, see tests/lab/test_tuning.py and bench/tuning.py."""
    shutil.copytree(MODEL, tmp_path / "tiny", ignore=shutil.ignore_patterns("checkpoint"))
    model, book = str(tmp_path / "tiny"), str(SAMPLE_BOOK)
    given = ("--settings", str(WEIGHTS / "settings.toml"), "--slots", "4", "--second-asr-model", "")
    run = mayabook_here("tune", model, "--minutes", "0.01", "--book", book, *given, "--json")
    assert run.returncode == 0, run.stderr
    result = json.loads(run.stdout.splitlines()[-1])
    assert Path(result["profile"]) == tmp_path / "tiny" / "profile.json"
    assert result["chosen"] == {"format": "Q4_K_M"}  # preset, chunk length and slots are given
    assert result["n_takes"] >= 1
    assert result["tokens_per_second"] > 0
    assert Path(tmp_path, result["report"]).is_file()
    assert "Tuning of tiny" in (tmp_path / "lab" / "tune-tiny" / "report.md").read_text(encoding="utf-8")

    settings = load_settings(None, {"engine": {"kind": "gguf"}, "maya": {"model": model, "slots": 1}})
    notes: list[str] = []
    engine, choice = open_engine(settings, None, notes.append)
    engine.close()
    assert notes[0].startswith("tiny is tuned (")
    assert choice.tuned == {"format": {"engine": {"kind": "gguf"}, "maya": {"format": "Q4_K_M"}}}
    assert mayabook_here("tune", model, "--show").stdout.startswith("tiny is tuned (")
    assert mayabook_here("tune", model, "--remove").stdout.startswith("Deleted ")
    refused = mayabook_here("tune", model, "--remove")
    assert refused.returncode == 2
    assert "has no tuning profile" in refused.stderr


def test_what_is_shipped_is_small_and_whole() -> None:
    files = store.find(str(MODEL))
    assert files.checkpoint is not None
    assert files.codec is not None
    assert "Q4_K_M" in files.ggufs
    assert sum(file.stat().st_size for file in WEIGHTS.rglob("*") if file.is_file()) < 25e6


def test_the_card_shows_what_the_bench_printed() -> None:
    kept = json.loads(FIGURES.read_text(encoding="utf-8"))
    shown = CARD.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0].strip()
    assert shown == tables(kept)
    formats = {name: row for name, row in kept.items() if set(FORMAT_COLUMNS) <= set(row)}
    assert {"fp32", "F16", "Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "NF4", "NF4, double"} <= set(formats)
    assert all(row["token_errors"] < 0.01 and row["word_errors"] < 0.1 for row in formats.values())
    assert formats["Q4_K_M"]["rate"] > 3
