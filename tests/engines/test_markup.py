"""Emotion tags and IPA: an engine gets only what its plugin declares, in whatever way it is reached."""

import pytest
from hibari.g2p import G2P

from mayabook.core.emotion_tags import EMOTION_TAGS, only_tags
from mayabook.core.ipa import without_ipa
from mayabook.core.settings import NarratorSettings
from mayabook.core.take import TakeRequest
from mayabook.engines.misaki_phonemes import from_ipa
from mayabook.engines.narrator import Narrator
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


def test_the_narrator_never_says_a_tag() -> None:
    narrator = Narrator(NarratorSettings(workers=1))
    texts = ("Yes, he said.", "<laugh> Yes, he said.", "Yes, <whisper> he said.")
    requests = [TakeRequest(text, text, "heart", 1, 0, narrator.sampling(0)) for text in texts]
    takes = {take.request.text: take.audio for take in narrator.generate(requests)}
    narrator.close()
    assert len({takes[text].tobytes() for text in texts}) == 1
