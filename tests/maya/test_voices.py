import json
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest
from hibari.voices import VOICES
from typer.testing import CliRunner

from mayabook.cli.voices import app
from mayabook.core.errors import EngineError
from mayabook.maya.anchor import Anchor, AnchoredVoice
from mayabook.maya.prompt import with_full_stop
from mayabook.maya.saved_voices import read_saved_voice
from mayabook.maya.voice_fields import build_description, characters_per_second, note_on_training, voice_fields
from mayabook.maya.voices import DEFAULT_VOICE, describe, descriptions, voices
from mayabook.render import Job

MAYA1_TINY = Path(__file__).parents[2] / "training" / "maya1_tiny" / "weights" / "maya1-tiny"
TRAINED_FORM = (
    "Realistic female voice in the 30s age with an american accent. Normal pitch, warm timbre, conversational pacing, "
    "neutral tone at medium intensity."
)


def test_each_description_says_who_speaks_and_how() -> None:
    for name, voice in voices().items():
        assert voice.name == name
        assert re.fullmatch("[a-z]+", name)
        assert voice.genre
        assert re.match(r"Realistic (male|female) voice in the \d0s age with an? [\w ]+ accent\. ", voice.description)
        for said in ("pitch", "timbre", "pacing", "tone", "intensity"):
            assert said in voice.description
        assert with_full_stop(voice.description) == voice.description
        assert voice.description.endswith(".")


def test_there_is_a_dozen_and_no_two_are_alike() -> None:
    known = list(voices().values())
    assert len(known) >= 12
    assert DEFAULT_VOICE in voices()
    described = [set(voice.fields.items()) for voice in known]
    for at, one in enumerate(described):
        for other in described[:at]:
            assert len(one & other) / len(one | other) < 0.6


def test_every_preset_is_what_maya1_was_trained_on() -> None:
    for voice in voices().values():
        assert note_on_training(voice.description) == ""
        for name, value in voice.fields.items():
            assert value in voice_fields()[name].values
    assert describe(DEFAULT_VOICE) == TRAINED_FORM


def test_a_voice_by_name_or_in_words() -> None:
    assert describe("detective") == voices()["detective"].description
    assert describe(" An old man, slow. ") == "An old man, slow."


@pytest.mark.parametrize("word", ["nobody", "Detective", "", "  "])
def test_an_unknown_voice_names_those_there_are(word: str) -> None:
    with pytest.raises(EngineError, match=rf"^Unknown voice {word!r}; choose one of: storyteller, .*meditation;"):
        describe(word)


@pytest.mark.parametrize(
    ("voice", "description"),
    [
        ("gender=female age=30s accent=american", TRAINED_FORM),
        (
            "gender=male, accent = Asian American, pacing=very slow; intensity=med context=podcast",
            "Realistic male voice in the 30s age with an asian_american accent. Normal pitch, warm timbre, very_slow pacing, "
            "neutral tone at medium intensity, podcast domain.",
        ),
        (
            "storyteller age=late 60s\naccent=Welsh context=told at a fireside",
            "Realistic female voice in the late 60s age with a Welsh accent. Normal pitch, warm timbre, conversational "
            "pacing, neutral tone at medium intensity, told at a fireside.",
        ),
        ("children context=", describe("children").replace(", education domain", "")),
        ("detective accent=british", describe("detective").replace("an american", "a british")),
    ],
)
def test_a_voice_in_fields(voice: str, description: str) -> None:
    assert describe(voice) == description


@pytest.mark.parametrize(
    ("voice", "message"),
    [
        ("gendr=male", "Unknown field 'gendr' of a voice; did you mean 'gender'?"),
        ("age=20s age=30s", "The voice has two values for age; leave one out."),
        ("accent= age=30s", "The voice has no value for accent; give one of: american, british,"),
        ("nobody age=30s", "Unknown voice 'nobody' before the fields; choose one of: storyteller,"),
    ],
)
def test_what_is_wrong_with_fields_is_one_line(voice: str, message: str) -> None:
    with pytest.raises(EngineError, match=f"^{re.escape(message)}") as raised:
        describe(voice)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("voice", "named"),
    [
        ("age=60s", ["age '60s'"]),
        ("accent=Welsh timbre=velvety", ["accent 'Welsh'", "timbre 'velvety'"]),
        ("age=40s pitch=high", ["a high pitch at age 40s"]),
        ("An old man with a Welsh accent.", ["in free words", "accent 'Welsh'"]),
        ("Male voice in his 40s with a british accent, low pitch.", ["in free words"]),
    ],
)
def test_what_maya1_was_not_trained_on_is_said_in_one_line(voice: str, named: list[str]) -> None:
    note = note_on_training(describe(voice))
    assert "\n" not in note
    for each in named:
        assert each in note
    assert note.count("'") == 2 * sum("'" in each for each in named)


def test_a_description_in_the_form_is_as_good_as_fields() -> None:
    assert note_on_training(TRAINED_FORM) == ""
    assert note_on_training(build_description({**voices()["children"].fields, "context": "entertainment"})) == ""


def test_slower_voices_have_shorter_chunks() -> None:
    paces = [characters_per_second(describe(f"pacing={pacing}")) for pacing in voice_fields()["pacing"].values]
    assert paces == sorted(paces)
    assert paces[0] < paces[-1]
    assert characters_per_second("An old man with slow pacing.") == characters_per_second(describe("pacing=slow"))
    assert characters_per_second("An old man.") == characters_per_second(TRAINED_FORM)


def test_a_job_of_version_0_1_keeps_its_voices() -> None:
    former = descriptions(version=1)
    assert former.keys() == voices().keys()
    assert describe("storyteller", version=1).startswith("Female voice in her 40s with a neutral American accent. ")
    assert not set(former.values()) & set(descriptions().values())


def test_a_models_own_voices_come_first() -> None:
    """maya1-tiny knows the descriptions of version 0.1 and no others."""
    own = tomllib.loads((MAYA1_TINY / "voices.toml").read_text(encoding="utf-8"))
    assert own == descriptions(version=1)
    assert describe("detective", own=own) == own["detective"] != describe("detective")
    assert describe("Anna", own={"Anna": "A voice of its own."}) == "A voice of its own."


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, arguments, env={"COLUMNS": "120"})
    assert result.exit_code == 0, result.output
    return result.output


def test_the_command_lists_all_voices_and_fields_as_json() -> None:
    rows = [json.loads(line) for line in run("--json").splitlines()]
    fields = {row["field"]: tuple(row["values"]) for row in rows if "field" in row}
    assert fields == {name: field.values for name, field in voice_fields().items()}
    rows = [row for row in rows if "field" not in row]
    maya = {row["name"]: row for row in rows if row["engine"] == "maya1"}
    assert {name: (row["genre"], row["description"]) for name, row in maya.items()} == {
        name: (voice.genre, voice.description) for name, voice in voices().items()
    }
    assert {row["name"] for row in rows if row["engine"] == "narrator"} == set(VOICES)


def test_the_command_prints_a_table() -> None:
    shown = run()
    for name in (*voices(), *VOICES):
        assert re.search(rf"^(maya1|narrator) +{name} ", shown, re.MULTILINE)
    assert "gravelly" in shown
    for name, field in voice_fields().items():
        assert re.search(rf"^{name} +{' '.join(field.values)[:60]}", shown, re.MULTILINE)


def test_the_voice_of_a_job_is_saved_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAYABOOK_VOICES", str(tmp_path / "voices"))
    with Job(tmp_path / "book.mayabook"):
        pass
    voice = AnchoredVoice("A calm old man.", "snac 0", Anchor("Here I am.", np.ones((3, 7), np.int32)))
    (tmp_path / "book.mayabook" / "anchor.json").write_text(voice.to_json())
    told = run("save", "marian", str(tmp_path / "book.m4b"))
    assert str(tmp_path / "voices" / "marian.json") in told
    assert "--voice marian" in told
    rows = [json.loads(line) for line in run("--json").splitlines()]
    assert {"engine": "maya1", "name": "marian", "genre": "saved", "description": "A calm old man."} in rows
    saved = read_saved_voice("marian")
    assert saved is not None
    assert (saved.codec, saved.anchor.digest) == ("snac 0", voice.anchor.digest)
    with pytest.raises(EngineError, match=r"choose one of: storyteller, .*, marian; or describe"):
        describe("nobody")
