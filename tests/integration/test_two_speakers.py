"""One description, two speakers: without an anchor a book mixes them, and the checks say so; with one it does not."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from bench.two_speakers import (
    BEGIN,
    CARD,
    END,
    FIGURES,
    FOLDER,
    MODEL,
    NOBODY,
    Speech,
    Truth,
    anchors,
    noticed,
    open_model,
    read_truth,
    speak,
    tables,
    who_speaks,
)
from mayabook.checks import Checker
from mayabook.core.code_files import read_codes
from mayabook.core.settings import CheckSettings, load_settings
from mayabook.core.take import StopReason
from mayabook.core.verdict import FindingKind
from mayabook.engines.engine import Anchored
from mayabook.render import Job
from mayabook.render.anchor_choice import ANCHOR_TEXT
from mayabook.script import script_book
from training.maya1_tiny.recipe import recipe
from training.maya1_tiny.texts import OWN_TEXTS

LETTERS = OWN_TEXTS / "letters.txt"
SPEAKERS = set(recipe("two-speakers").corpus.speakers)


@pytest.fixture(scope="module")
def truth() -> Truth:
    return read_truth()


@pytest.fixture(scope="module")
def engine() -> Iterator[Anchored]:
    opened = open_model()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def texts(truth: Truth) -> list[str]:
    return [text for text in truth if text != ANCHOR_TEXT]


@pytest.fixture(scope="module")
def unanchored(engine: Anchored, texts: list[str], truth: Truth) -> Speech:
    engine.use_anchor(None)
    return speak(engine, texts, range(1), truth)


def test_it_has_memorised_the_letters_as_its_settings_cut_them(texts: list[str], truth: Truth) -> None:
    _, script = script_book(LETTERS, None, load_settings(FOLDER / "settings.toml", {}))
    assert [chunk.spoken for chunk in script.chunks] == texts
    assert all(set(truth[text]) == SPEAKERS for text in [*texts, ANCHOR_TEXT])


def test_without_an_anchor_the_book_mixes_two_speakers(unanchored: Speech) -> None:
    counts = Counter(unanchored.speakers)
    assert counts[NOBODY] <= 1
    assert all(counts[speaker] > len(unanchored.takes) / 5 for speaker in SPEAKERS)


def test_the_checks_notice_the_other_speaker(unanchored: Speech, checker: Checker) -> None:
    speaker, flagged = noticed(unanchored, checker)
    others = [flag for flag, who in zip(flagged, unanchored.speakers, strict=True) if who != speaker]
    same = [flag for flag, who in zip(flagged, unanchored.speakers, strict=True) if who == speaker]
    assert sum(others) >= 0.95 * len(others)
    assert sum(same) <= 1


def test_with_an_anchor_every_take_is_by_its_speaker(engine: Anchored, texts: list[str], truth: Truth) -> None:
    found = anchors(engine, truth)
    assert set(found) == SPEAKERS
    for speaker, anchor in found.items():
        engine.use_anchor(anchor)
        speech = speak(engine, texts, range(1), truth)
        assert speech.speakers == [speaker] * len(texts)
        assert all(take.stop == StopReason.END for take in speech.takes)
    engine.use_anchor(None)


Make = Callable[[str], tuple[list[str], list[set[FindingKind]]]]


@pytest.fixture
def make_letters(mayabook_here: Callable[..., CompletedProcess[str]], truth: Truth, tmp_path: Path) -> Make:
    """Makes an audiobook of the first letters. Returns who speaks each kept take, and what was found in each take."""
    checks = Checker(CheckSettings(second_asr_model="")).identity

    def make(anchor: str) -> tuple[list[str], list[set[FindingKind]]]:
        book = tmp_path / f"{anchor}.txt"
        book.write_text("\n\n".join(LETTERS.read_text(encoding="utf-8").split("\n\n")[:2]), encoding="utf-8")
        model = ("--engine", "gguf", "--model", MODEL, "--settings", FOLDER / "settings.toml", "--slots", "8")
        run = mayabook_here("make", book, *model, "--anchor", anchor, "--second-asr-model", "")
        assert run.returncode in (0, 3), run.stderr
        with Job(tmp_path / f"{anchor}.mayabook") as job:
            plan = job.ledger.plan()
            kept = {item.chunk.spoken: take for item in plan if (take := job.ledger.kept(item.key, checks)) is not None}
            assert len(kept) == len(plan)
            found = [
                {finding.kind for finding in verdict.findings}
                for item in plan
                for take in job.ledger.takes(item.key, checks)
                if (verdict := job.ledger.verdict(take, checks)) is not None
            ]
        codes = {text: read_codes(take.file.with_suffix(".npz")).frames for text, take in kept.items()}
        return [who_speaks(text, frames, truth) for text, frames in codes.items()], found

    return make


def test_a_book_has_one_speaker(make_letters: Make) -> None:
    speakers, found = make_letters("auto")
    assert len(set(speakers)) == 1
    assert set(speakers) < SPEAKERS
    assert not any(FindingKind.OTHER_VOICE in findings for findings in found)


def test_without_an_anchor_takes_of_the_other_speaker_are_made_again(make_letters: Make) -> None:
    speakers, found = make_letters("none")
    assert any(FindingKind.OTHER_VOICE in findings for findings in found)
    assert Counter(speakers).most_common(1)[0][1] >= len(speakers) - 1


def test_the_card_shows_what_the_bench_printed() -> None:
    kept = json.loads(FIGURES.read_text(encoding="utf-8"))
    assert CARD.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0].strip() == tables(kept)
    anchored = {name: row for name, row in kept.items() if name != "none"}
    assert set(anchored) == SPEAKERS
    assert sum(row["takes"] for row in anchored.values()) >= 200
    assert all(row[name] >= 0.99 * row["takes"] for name, row in anchored.items())
