"""The settings and the lexicon beside a book."""

from pathlib import Path

import pytest

from mayabook.core.errors import ScriptError, SettingsError
from mayabook.studio.book_choices import BookChoices


@pytest.fixture
def choices(tmp_path: Path) -> BookChoices:
    return BookChoices(tmp_path / "book.epub")


def test_a_book_without_choices_has_the_defaults(choices: BookChoices) -> None:
    assert choices.settings().master.loudness == -19.0
    assert choices.lexicon().entries == ()
    assert not choices.settings_file.exists()


def test_a_setting_is_written_and_taken_back(choices: BookChoices) -> None:
    choices.set("master", {"loudness": "-16"})
    assert "loudness = -16.0" in choices.settings_file.read_text()
    assert choices.settings().master.loudness == -16.0
    choices.set("master", {"loudness": None})
    assert choices.settings().master.loudness == -19.0


def test_what_a_person_wrote_by_hand_stays(choices: BookChoices) -> None:
    choices.settings_file.write_text("# louder\n[master]\nloudness = -16  # as the others\n")
    choices.set("narrator", {"voice": "george"})
    assert choices.settings_file.read_text().startswith("# louder\n[master]\nloudness = -16  # as the others\n")
    assert choices.settings().narrator.voice == "george"


def test_a_value_out_of_range_changes_nothing(choices: BookChoices) -> None:
    choices.set("master", {"loudness": -16.0})
    with pytest.raises(SettingsError, match="-40 to -5"):
        choices.set("master", {"loudness": 3.0})
    assert choices.settings().master.loudness == -16.0


def test_a_word_is_respelt_with_and_without_ipa(choices: BookChoices) -> None:
    choices.respell("Siobhan", "Shivawn")
    choices.respell("Aoife", "", "ˈiːfə")
    assert [(each.word, each.say, each.ipa) for each in choices.lexicon().entries] == [
        ("Siobhan", "Shivawn", ""),
        ("Aoife", "Aoife", "ˈiːfə"),
    ]
    choices.respell("Siobhan", "")
    assert [each.word for each in choices.lexicon().entries] == ["Aoife"]


def test_a_respelling_that_is_refused_leaves_the_lexicon_as_it_was(choices: BookChoices) -> None:
    with pytest.raises(ScriptError, match="angle bracket"):
        choices.respell("Siobhan", "<b>Shivawn</b>")
    assert not choices.lexicon_file.exists()
    choices.respell("Siobhan", "Shivawn")
    with pytest.raises(ScriptError, match="IPA"):
        choices.respell("Siobhan", "Shivawn", "9")
    assert [each.say for each in choices.lexicon().entries] == ["Shivawn"]
