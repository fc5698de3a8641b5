"""What the pipeline can do with a text in a given language."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Language:
    """A language, and which of the rules that are written for one language apply to it.

    code: primary subtag of BCP 47 in lower case ("en"), which sentence splitter and speech recogniser go by.
    has_text_normalisation: numbers, abbreviations, signs and contractions are verbalised, and spellings unified, before
    a text is compared with a transcript; otherwise words are compared as they are written.
    has_phonetics: words are compared by their phonemes; otherwise by their letters.
    """

    code: str
    has_text_normalisation: bool = False
    has_phonetics: bool = False

    @classmethod
    def of(cls, tag: str) -> Self:
        """tag: BCP 47, such as "en-GB" or "zh-Hant-TW"."""
        code = tag.replace("_", "-").partition("-")[0].lower()
        return cls(code, has_text_normalisation=code == "en", has_phonetics=code == "en")

    @property
    def iso_639_2(self) -> str:
        """The three-letter code that MP4 and ID3 ask for; `und` where there is none."""
        import langcodes
        from langcodes.tag_parser import LanguageTagError

        try:
            return langcodes.Language.get(self.code).to_alpha3()
        except (LookupError, LanguageTagError):
            return "und"


ENGLISH = Language.of("en")
