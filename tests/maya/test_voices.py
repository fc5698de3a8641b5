import json
import re

import pytest
import typer
from hibari.voices import VOICES
from typer.testing import CliRunner

from mayabook.cli.voices import voices as command
from mayabook.core.errors import EngineError
from mayabook.maya.prompt import with_full_stop
from mayabook.maya.voices import DEFAULT_VOICE, describe, voices


def test_each_description_says_who_speaks_and_how() -> None:
    for name, voice in voices().items():
        assert voice.name == name
        assert re.fullmatch("[a-z]+", name)
        assert voice.genre
        assert re.match(r"(Male|Female) voice in (his|her) \d0s with an? [\w ]+ accent\. ", voice.description)
        for said in ("pitch", "timbre", "pacing", "tone"):
            assert said in voice.description
        assert with_full_stop(voice.description) == voice.description
        assert voice.description.endswith(".")


def test_there_is_a_dozen_and_no_two_are_alike() -> None:
    known = list(voices().values())
    assert len(known) >= 12
    assert DEFAULT_VOICE in voices()
    described = [set(re.findall(r"[\w-]+", voice.description.lower())) for voice in known]
    for at, one in enumerate(described):
        for other in described[:at]:
            assert len(one & other) / len(one | other) < 0.6


def test_a_voice_by_name_or_in_words() -> None:
    assert describe("detective") == voices()["detective"].description
    assert describe(" An old man, slow. ") == "An old man, slow."


@pytest.mark.parametrize("word", ["nobody", "Detective", "", "  "])
def test_an_unknown_voice_names_those_there_are(word: str) -> None:
    with pytest.raises(EngineError, match=rf"^Unknown voice {word!r}; choose one of: storyteller, .*meditation;"):
        describe(word)


def run(*arguments: str) -> str:
    app = typer.Typer()
    app.command()(command)
    result = CliRunner().invoke(app, arguments, env={"COLUMNS": "120"})
    assert result.exit_code == 0, result.output
    return result.output


def test_the_command_lists_all_voices_as_json() -> None:
    rows = [json.loads(line) for line in run("--json").splitlines()]
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
