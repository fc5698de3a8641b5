"""Normalises text and transcript: splits them into units, each with its possible verbalisations.

A verbalisation is a tuple of tokens, a token one spoken word in lower case. Text and transcript are normalised alike,
so that "1897" matches "eighteen ninety-seven" whichever side has which.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, product

import regex
from whisper_normalizer.basic import remove_symbols_and_diacritics
from whisper_normalizer.english import EnglishSpellingNormalizer, EnglishTextNormalizer

from mayabook.checks.abbreviations import SHORT, SIGNS
from mayabook.checks.colloquial import COLLOQUIAL
from mayabook.checks.number_normalisation import (
    MAGNITUDES,
    MONTHS,
    Verbalisation,
    roman_value,
    verbalise_amount,
    verbalise_number,
)
from mayabook.core.emotion_tags import without_tags
from mayabook.core.language import ENGLISH, Language
from mayabook.script.expected_words import ExpectedWords


@dataclass(frozen=True, slots=True)
class TextUnit:
    """Words of a text that are verbalised together: mostly one, "$20 million" is two.

    words: indices of the whitespace-separated words that it covers; no word is in two units, and what is not spoken
    (emotion tags, bare punctuation) is in none. verbalisations: at least one, the plainest first. name: whether it is
    capitalised.
    """

    words: tuple[int, ...]
    verbalisations: tuple[Verbalisation, ...]
    name: bool = False


MAX_VERBALISATIONS = 40
"""Most verbalisations of a group of units."""
_BRITISH: dict[str, str] = EnglishSpellingNormalizer().mapping
_CONTRACTIONS = [(regex.compile(short), full) for short, full in EnglishTextNormalizer().replacers.items()]
_MINUS = regex.compile(r"^[-−](?=[$£€¥]?[.\d])")
_EDGES = regex.compile(r"^[^\w$£€¥&%+=@½¼¾°]+|[^\w$£€¥¢&%+=@½¼¾°]+$")
_TOKEN = regex.compile(r"[\p{L}\p{N}\p{M}]+(?:'[\p{L}\p{N}\p{M}]+)*")
_BEFORE_ROMAN = frozenset(
    "act appendix article book canto chapter part phase psalm scene section verse volume war".split()
)


def text_units(words: Sequence[str], language: Language = ENGLISH) -> list[TextUnit]:
    """Units of a text, in order. words: as `str.split()` gives them."""
    bare = [_bare(without_tags(word)) for word in words]
    found: list[TextUnit] = []
    at = 0
    while at < len(words):
        before, after = (bare[at - 1] if at else ""), (bare[at + 1] if at + 1 < len(words) else "")
        n_words = 1
        if not language.has_text_normalisation:
            readings = [plain_tokens(bare[at])]
        elif after.lower() in MAGNITUDES and (money := verbalise_amount(f"{bare[at]} {after.lower()}")):
            n_words, readings = 2, money
        else:
            shortened = "." in words[at] or before[-1:].isdecimal()
            readings = [*_verbalise_word(bare[at], shortened), *_verbalise_in_context(bare[at], before, after)]
        if distinct := _distinct(readings):
            found.append(TextUnit(tuple(range(at, at + n_words)), distinct, bare[at][:1].isupper()))
        at += n_words
    return found


def _bare(word: str) -> str:
    """A word without the punctuation around it, but with a minus before its number."""
    outside = word.lstrip("(“”‘’\"'[—")
    edged = _EDGES.sub("", word)
    return f"-{edged}" if _MINUS.match(outside) else edged


def expected_units(expected: Sequence[ExpectedWords], language: Language = ENGLISH) -> list[TextUnit]:
    """Units of the spoken form of a text; their `words` are indices of written words. Words that are only respelt for
    the engine may be verbalised as they are written, too."""
    owners = [number for number, each in enumerate(expected) for _ in each.spoken]
    grouped: list[tuple[int, int, list[TextUnit]]] = []
    for unit in text_units([word for each in expected for word in each.spoken], language):
        first, last = owners[unit.words[0]], owners[unit.words[-1]]
        if grouped and first <= grouped[-1][1]:
            start, _, before = grouped.pop()
            grouped.append((start, last, [*before, unit]))
        else:
            grouped.append((first, last, [unit]))
    return [_merged(expected[first : last + 1], members, language) for first, last, members in grouped]


def _merged(expected: Sequence[ExpectedWords], units: Sequence[TextUnit], language: Language) -> TextUnit:
    """One unit for all units of some expected words."""
    readings = joined_verbalisations(units)
    for each in expected:
        if each.is_respelt:
            as_written = text_units(each.text.split(), language)
            readings += joined_verbalisations(as_written) if len(expected) == 1 else []
    covered = tuple(at for each in expected for at in each.written)
    return TextUnit(covered, _distinct(readings), any(unit.name for unit in units))


def joined_verbalisations(units: Sequence[TextUnit]) -> list[Verbalisation]:
    """Verbalisations of neighbouring units as a whole."""
    combinations = islice(product(*(unit.verbalisations for unit in units)), MAX_VERBALISATIONS)
    return [tuple(token for part in parts for token in part) for parts in combinations]


def plain_tokens(text: str) -> Verbalisation:
    """Words of a text in lower case, without punctuation."""
    return tuple(_TOKEN.findall(unicodedata.normalize("NFC", text).replace("’", "'").lower()))


@lru_cache(maxsize=20_000)
def _verbalise_word(word: str, shortened: bool) -> tuple[Verbalisation, ...]:
    """English verbalisations of a single word. shortened: whether it may abbreviate a common word."""
    if any(char.isdecimal() for char in word):
        return _distinct(verbalise_number(word))
    key = word.lower().replace(".", "").replace("’", "'")
    table = COLLOQUIAL | SIGNS | SHORT if shortened else COLLOQUIAL | SIGNS
    known = [tuple(full.split()) for full in table.get(key, "").split("|")]
    if not word.isascii() and not any(char.isalpha() for char in word):
        return _distinct(known)
    full = word.lower().replace("’", "'")
    for pattern, replacement in _CONTRACTIONS:
        full = pattern.sub(replacement, full)
    return _distinct([_english_tokens(word), *known, _english_tokens(full)])


def _verbalise_in_context(word: str, before: str, after: str) -> list[Verbalisation]:
    """Verbalisations that the neighbours suggest: days of a month and Roman numerals."""
    if word.isdecimal() and len(word) < 3 and 1 <= int(word) <= 31:
        if {before.lower(), after.lower().rstrip(".")} & MONTHS:
            ordinal = verbalise_number(f"{int(word)}th")[0]
            return [ordinal, ("the", *ordinal), ("the", *ordinal, "of")]
        return []
    value = roman_value(word)
    numbered = before.lower() in _BEFORE_ROMAN
    if not value or not (len(word) > 1 or numbered or (before.istitle() and word in "IVX")):
        return []
    ordinal = verbalise_number(f"{value}th")[0]
    # "Then I went": only a king's I is "the first", only a chapter's is "one".
    return [*(verbalise_number(str(value)) if numbered or word != "I" else []), ordinal, ("the", *ordinal)]


def _english_tokens(text: str) -> Verbalisation:
    """Tokens without accents, in American spelling."""
    folded = remove_symbols_and_diacritics(text.replace("’", "'"), keep="'").lower()
    return tuple(_BRITISH.get(token, token) for token in _TOKEN.findall(folded))


def _distinct(readings: Iterable[Verbalisation]) -> tuple[Verbalisation, ...]:
    return tuple(dict.fromkeys(reading for reading in readings if reading))
