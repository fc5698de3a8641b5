"""What a change costs: an inserted sentence its chunk, another voice everything, another pause nothing."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import hibari
import pytest

from tests.runs import STORY, samples_of, write_story

Run = Callable[..., CompletedProcess[str]]


def result(run: CompletedProcess[str]) -> dict[str, object]:
    assert run.returncode == 0, run.stdout + run.stderr
    facts: dict[str, object] = json.loads(run.stdout.splitlines()[-1])
    return facts


def takes(tmp_path: Path) -> set[str]:
    return {file.name for file in (tmp_path / "harbour.mayabook" / "takes").iterdir()}


def test_an_inserted_sentence_costs_its_chunk(mayabook: Run, harbour: tuple[Path, dict], tmp_path: Path) -> None:
    story, _ = harbour
    before = takes(tmp_path)
    changed = {**STORY, "The Letter": [STORY["The Letter"][0] + " The ink was green.", *STORY["The Letter"][1:]]}
    write_story(story, "The Harbour", changed)
    facts = result(mayabook("make", story, "--json", "--force"))
    assert facts["script_words"] == facts["book_words"]
    assert len(takes(tmp_path) - before) == 1


def test_another_voice_costs_everything(mayabook: Run, harbour: tuple[Path, dict], tmp_path: Path) -> None:
    """The voices outside the package cannot be fetched here: the one inside stands in for another under its name."""
    voices = tmp_path / "voices"
    voices.mkdir()
    registry = hibari.voices.VOICES
    inside = Path(hibari.voices.voice_path("heart"))
    shutil.copy(inside, voices / Path(registry["fenrir"]["file"]).name)
    story, first = harbour
    before = takes(tmp_path)
    environment = {"HIBARI_HOME": str(voices)}
    result(mayabook("make", story, "--json", "--force", "--voice", "fenrir", environment=environment))
    assert len({name.split("-")[0] for name in takes(tmp_path) - before}) == first["chunks"]


def test_pauses_format_and_chapters_cost_no_take(mayabook: Run, harbour: tuple[Path, dict], tmp_path: Path) -> None:
    story, first = harbour
    before = takes(tmp_path)
    (tmp_path / "slow.toml").write_text("[master]\npause_chapter = 5.0\n")
    slow = result(mayabook("make", story, "--json", "--force", "--settings", "slow.toml"))
    assert takes(tmp_path) == before
    assert float(str(slow["duration"])) - float(str(first["duration"])) == pytest.approx(2 * 3.0, abs=3.1)
    assert len(samples_of(story.with_suffix(".m4b"))) / 24000 == pytest.approx(float(str(slow["duration"])), abs=0.1)


def test_a_lost_take_is_made_again(mayabook: Run, harbour: tuple[Path, dict], tmp_path: Path) -> None:
    story, _ = harbour
    made = story.with_suffix(".m4b").read_bytes()
    folder = tmp_path / "harbour.mayabook" / "takes"
    victim = next(take for take in folder.iterdir() if len(list(folder.glob(f"{take.name[:32]}-*"))) == 1)
    audio = victim.read_bytes()
    victim.unlink()
    result(mayabook("make", story, "--json", "--force"))
    assert victim.read_bytes() == audio
    assert story.with_suffix(".m4b").read_bytes() == made


def test_an_existing_audiobook_is_not_replaced_unasked(mayabook_here: Run, tmp_path: Path) -> None:
    story = write_story(tmp_path / "harbour.epub", "The Harbour", STORY)
    story.with_suffix(".m4b").write_text("precious")
    run = mayabook_here("make", story)
    assert run.returncode == 2
    assert "replace it with --force" in run.stderr
    assert story.with_suffix(".m4b").read_text() == "precious"


def test_one_file_for_each_chapter(mayabook: Run, harbour: tuple[Path, dict], tmp_path: Path) -> None:
    story, _ = harbour
    (tmp_path / "harbour.mayabook").rename(tmp_path / "parts.mayabook")
    facts = result(mayabook("make", story, "-o", "parts.mp3", "--split", "--json"))
    files = sorted(file.name for file in (tmp_path / "parts").iterdir())
    assert files == ["01 The Harbour.mp3", "02 The Letter.mp3", "03 The Tide.mp3"]
    seconds = sum(len(samples_of(tmp_path / "parts" / name)) / 24000 for name in files)
    assert seconds == pytest.approx(float(str(facts["duration"])), abs=0.3)
