"""Candidates for the lexicon."""

from mayabook.core.settings import ScriptSettings
from mayabook.script import find_rare_names, write_script
from tests.script.script_texts import book_of


def names(*paragraphs: str) -> list[tuple[str, int]]:
    return find_rare_names(write_script(book_of(list(paragraphs)), ScriptSettings()))


def test_names_in_sentences_most_frequent_first() -> None:
    assert names(
        "The road to Llanfair was long. Siobhan knew that Siobhan’s aunt, Niamh, had left.",
        "Siobhan slept. In Llanfair it rained, but O’Neill and Jean-Luc walked.",
    ) == [("Siobhan", 3), ("Llanfair", 2), ("Jean-Luc", 1), ("Niamh", 1), ("O’Neill", 1)]


def test_words_that_only_begin_sentences_are_no_names() -> None:
    assert names("Yesterday it rained. “Nobody came,” he said. (Perhaps.) She cried, “Never!”") == []


def test_words_in_common_use_are_no_names() -> None:
    assert names("We met May in the park. It may rain. He asked if I’d met the A of Mrs. Brown.") == [("Brown", 1)]


def test_names_in_other_scripts_and_beside_tags() -> None:
    assert names("он видел <laugh> Анну и Zoë́ там.") == [("Zoë́", 1), ("Анну", 1)]
