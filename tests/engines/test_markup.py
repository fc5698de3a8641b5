"""Emotion tags and IPA: an engine gets only what its plugin declares, in whatever way it is reached."""

import re
import sys

import pytest
from hibari.g2p import G2P

from mayabook.core.emotion_tags import EMOTION_TAGS, only_tags
from mayabook.core.ipa import without_ipa
from mayabook.core.settings import NarratorSettings
from mayabook.core.take import TakeRequest
from mayabook.engines.misaki_phonemes import from_ipa, phonemiser_text, to_ipa
from mayabook.engines.narrator import Narrator, pronunciations
from mayabook.engines.registry import understood_text

TEXT = "<laugh> No, [Aoife](/ˈiːfə/) <sigh> said."


@pytest.mark.parametrize(
    ("engine", "text"),
    [
        ("narrator", "No, [Aoife](/ˈiːfə/) said."),
        ("gguf", "<laugh> No, Aoife <sigh> said."),
        ("transformers", "<laugh> No, Aoife <sigh> said."),
        ("an engine that nobody installed", "No, Aoife said."),
    ],
)
def test_an_engine_gets_what_it_declares(engine: str, text: str) -> None:
    assert understood_text(engine, TEXT) == text


def test_tags_that_are_not_wanted_leave_no_gap() -> None:
    assert only_tags("He <laugh> ran <sing>.", ()) == "He ran ."
    assert only_tags("He <laugh> ran.", ("laugh",)) == "He <laugh> ran."
    assert only_tags("<laugh_harder>Yes", EMOTION_TAGS - {"laugh_harder"}) == "Yes"
    assert without_ipa("no [link](https://example.com) here") == "no [link](https://example.com) here"


@pytest.mark.parametrize(
    ("ipa", "phonemes"),
    [("ʃɪˈvɔːn", "ʃɪvˈɔn"), ("ˈiːfə", "ˈifə"), ("ˈtʃʌmli", "ʧˈʌmli"), ("ˈwʊstəʃə", "wˈʊstəʃə"), ("ˈdʒoʊnz", "ʤˈOnz")],
)
def test_ipa_in_the_narrators_alphabet(ipa: str, phonemes: str) -> None:
    assert from_ipa(ipa) == phonemes
    assert G2P()(f"[word](/{phonemes}/)") == phonemes


@pytest.mark.parametrize(
    ("ipa", "phonemes"),
    [("ˈʃɒn", "ʃˈɒn"), ("ˈdʒoʊnz", "ʤˈQnz"), ("ˈkærəl", "kˈaɹəl"), ("ˈlɜːɹnɪd", "lˈɜːnɪd"), ("ˈmɑːɹkɚ", "mˈɑːkə")],
)
def test_ipa_in_the_alphabet_of_british_voices(ipa: str, phonemes: str) -> None:
    assert from_ipa(ipa, british=True) == phonemes
    assert G2P(british=True)(f"[word](/{phonemes}/)") == phonemes
    assert phonemiser_text(f"[word](/{ipa}/)", british=True) == f"[word](/{phonemes}/)"


@pytest.mark.parametrize(
    ("written", "taken"),
    [
        ("10⁻⁹ m", "10 minus 9 m"),
        ("10⁹ and 2²⁰5", "10 9 and 2 20 5"),
        ("H₂O, x², 5³, ⁻², m⁻²", "H2O, x², 5³, minus 2, m minus 2"),
        ("[see](below) [Aoife](/ˈiːfə/)", "see (below) [Aoife](/ˈifə/)"),
    ],
)
def test_text_for_the_phonemiser(written: str, taken: str) -> None:
    assert phonemiser_text(written) == taken


def test_no_digit_of_unicode_stops_the_phonemiser() -> None:
    phonemise = G2P()
    digits = [char for char in map(chr, range(sys.maxunicode + 1)) if char.isdigit() and not char.isdecimal()]
    assert len(digits) > 100
    for digit in digits:
        for text in (f"10⁻{digit}", f"10−{digit}", f"10{digit}", f"{digit}{digit}"):
            assert phonemise(phonemiser_text(text))


def test_the_narrator_speaks_raised_digits() -> None:
    narrator = Narrator(NarratorSettings(workers=1))
    texts = ("It weighs 10⁻⁹ grams.", "It weighs 10 minus 9 grams.")
    takes = narrator.generate(TakeRequest(text, text, "heart", 1, 0, narrator.sampling(0)) for text in texts)
    raised, plain = (take.audio for take in takes)
    narrator.close()
    assert raised.tobytes() == plain.tobytes()


def test_how_the_narrator_says_a_word() -> None:
    assert pronunciations(["Clara", "Jean-Luc"], "heart") == ["klˈɑɹɹə", "dʒˈin lˈʌk"]
    assert pronunciations(["bath"], "heart") != pronunciations(["bath"], "emma")
    assert from_ipa(to_ipa("ʤˈAIWYOʧ")) == "ʤˈAIWYOʧ"


def test_the_narrator_never_says_a_tag() -> None:
    narrator = Narrator(NarratorSettings(workers=1))
    texts = ("Yes, he said.", "<laugh> Yes, he said.", "Yes, <whisper> he said.")
    requests = [TakeRequest(text, text, "heart", 1, 0, narrator.sampling(0)) for text in texts]
    takes = {take.request.text: take.audio for take in narrator.generate(requests)}
    narrator.close()
    assert len({takes[text].tobytes() for text in texts}) == 1


@pytest.mark.parametrize("name", ["Charles", "Louis", "Victoria", "Innocent", "Xerxes", "Lear", "Ivory"])
@pytest.mark.parametrize("title", ["King", "Queen", "Pope", "Chapter", "Book", "Act"])
def test_a_name_after_a_title_is_not_a_numeral(title: str, name: str) -> None:
    """hibari-tts 0.2 alone says "King the zeroth Charles"."""
    phonemise = G2P()
    assert phonemise(phonemiser_text(f"{title} {name}")) == f"{phonemise(title)} {phonemise(name)}"


@pytest.mark.parametrize("word", ["Now", "Then", "Once", "Very", "Have", "This", "They", "Yes", "Shall", "Only"])
@pytest.mark.parametrize(
    "text",
    [
        "“{},” he said.",
        '"{}" he said.',
        "He said, “‘{}’”—then left.",
        "He said [{}] again.",
        "«{}», he said.",
        "He said, »‹{}›«.",
    ],
)
def test_a_word_in_quotation_marks_sounds_as_it_does_without(text: str, word: str) -> None:
    """hibari-tts 0.2 alone says "no" for “Now” and "annce" for “Once”."""
    phonemise = G2P()
    plain = re.sub('[“”‘’«»‹›"\\[\\]]', "", text).format(word)
    sounds, expected = (phonemise(each).replace(" ", "") for each in (phonemiser_text(text.format(word)), plain))
    assert sounds == expected


def test_a_numeral_after_a_title_is_one() -> None:
    phonemise = G2P()
    assert phonemise(phonemiser_text("Charles VIII")) == phonemise("Charles the eighth")
    assert phonemise(phonemiser_text("Chapter IV")) == phonemise("Chapter four")
