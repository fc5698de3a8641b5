"""Candidates for the lexicon."""

from pathlib import Path

import pytest

from mayabook.core.errors import ScriptError
from mayabook.core.settings import ScriptSettings
from mayabook.script import (
    Lexicon,
    RareName,
    Respelling,
    find_rare_names,
    read_lexicon,
    write_lexicon_template,
    write_script,
)
from tests.script.script_texts import book_of


def names(*paragraphs: str) -> list[tuple[str, int]]:
    found = find_rare_names(write_script(book_of(list(paragraphs)), ScriptSettings()))
    return [(each.name, each.count) for each in found]


def test_names_in_sentences_most_frequent_first() -> None:
    assert names(
        "The road to Llanfair was long. Siobhan knew that Siobhan’s aunt, Niamh, had left.",
        "Siobhan slept. In Llanfair it rained, but O’Neill and Jean-Luc walked. SIOBHAN’S HOUSE WAS EMPTY.",
    ) == [("Siobhan", 4), ("Llanfair", 2), ("Jean-Luc", 1), ("Niamh", 1), ("O’Neill", 1)]


def test_words_that_only_begin_sentences_are_no_names() -> None:
    assert names("Yesterday it rained. “Nobody came,” he said. (Perhaps.) She cried, “Never!”") == []


def test_words_in_common_use_are_no_names() -> None:
    assert names("We met May in the park. It may rain. He asked if I’d met the A of Mrs. Brownlow.") == [
        ("Brownlow", 1)
    ]


def test_names_that_a_dictionary_has_are_not_rare() -> None:
    assert (
        names("In March the Queen, God bless her, met Thomas, Mary-Thomas, an FBI man and Mr. Wilson in London.") == []
    )


def test_a_plural_is_listed_only_without_its_singular() -> None:
    assert names("He saw Bingley and the Bingleys, and the Gouldings.") == [("Bingley", 1), ("Gouldings", 1)]


def test_names_of_the_lexicon_are_known() -> None:
    book = book_of(["He met Siobhan and Niamh."])
    lexicon = Lexicon((Respelling("Siobhan", "Shivawn", case=True),))
    assert find_rare_names(write_script(book, ScriptSettings(), lexicon)) == [
        RareName("Niamh", 1, "He met Siobhan and Niamh.")
    ]


def test_names_in_other_scripts_and_beside_tags() -> None:
    assert names("он видел <laugh> Анну и Zoë́ там.") == [("Zoë́", 1), ("Анну", 1)]


def test_the_context_is_cut_between_words() -> None:
    text = "It was a long way from the old stone pier by the harbour to the Siobhan, which was tied to a tree at the bend of the river."
    (name,) = find_rare_names(write_script(book_of([text]), ScriptSettings()))
    assert name.context == "… old stone pier by the harbour to the Siobhan, which was tied to a tree at the bend …"


def test_the_lexicon_that_is_written_changes_nothing_until_it_is_edited(tmp_path: Path) -> None:
    file = tmp_path / "names.toml"
    found = [RareName("O’Neill", 2, "He said “No” to O’Neill.\x85\x1b"), RareName("Zoë́", 1, "Zoë́")]
    write_lexicon_template(file, found, ["ˈoʊ nˈeɪl", "zˈɑɛ"])
    assert read_lexicon(file) == Lexicon()
    text = file.read_text("utf-8")
    assert "# 2 times, said ˈoʊ nˈeɪl: He said “No” to O’Neill.\n" in text
    file.write_text(text.replace('# "O’Neill" = "O’Neill"', '"O’Neill" = "Oh Neel"'), "utf-8")
    assert read_lexicon(file).respell("O’Neill’s house") == "Oh Neel’s house"
    file.write_text(text.replace('# "', '"'), "utf-8")
    assert {entry.word for entry in read_lexicon(file).entries} >= {"O’Neill", "Zoë́"}


def test_a_lexicon_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "names.toml"
    file.write_text("mine", "utf-8")
    with pytest.raises(ScriptError, match=r"There is a file .*names\.toml already; name another"):
        write_lexicon_template(file, [], [])
    assert file.read_text("utf-8") == "mine"
    with pytest.raises(ScriptError, match=r"Cannot write the lexicon .* \(No such file or directory\)"):
        write_lexicon_template(tmp_path / "absent" / "names.toml", [], [])
