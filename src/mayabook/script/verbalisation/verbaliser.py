"""Verbalisation, written -> spoken form: which parts of a sentence are said otherwise than they are written.

Every rule sees the sentence as it is written. Where two want the same characters, the one that comes first here wins;
the lexicon comes before them all.
"""

from collections.abc import Collection, Iterable, Iterator

import regex

from mayabook.core.emotion_tags import without_tags
from mayabook.core.language import Language
from mayabook.core.spoken_form import Replacement, WordClass
from mayabook.script.lexicon import Lexicon
from mayabook.script.verbalisation import (
    abbreviations,
    addresses,
    capitals,
    censored,
    currency,
    dates,
    dialect,
    digit_strings,
    drawn_out,
    emphasis,
    fractions,
    homographs,
    interjections,
    keyboard,
    numbers,
    places,
    powers,
    ranges,
    references,
    roman_numerals,
    scripture,
    signs,
    symbols,
    times,
    titles,
    units,
)
from mayabook.script.verbalisation.rules import Context, Family, Rule

_FAMILIES = (
    addresses.FAMILY,
    signs.STARRED_GRADES,
    keyboard.FAMILY,
    censored.FAMILY,
    emphasis.FAMILY,
    scripture.FAMILY,
    digit_strings.FAMILY,
    dates.FAMILY,
    ranges.RATIOS,
    times.FAMILY,
    currency.FAMILY,
    units.FAMILY,
    powers.FAMILY,
    fractions.FAMILY,
    roman_numerals.FAMILY,
    references.FAMILY,
    abbreviations.FAMILY,
    places.FAMILY,
    titles.FAMILY,
    signs.FAMILY,
    interjections.FAMILY,
    drawn_out.FAMILY,
    drawn_out.DOUBLED_VOWELS,
    dialect.FAMILY,
    ranges.FAMILY,
    numbers.FAMILY,
    capitals.FAMILY,
    homographs.FAMILY,
    symbols.FAMILY,
)
_USUAL_MARKS = str.maketrans("‑‒ʼ", "-–’")
"""Marks that differ from the usual ones only in how lines break."""
_NOT_IN_NUMBERS = regex.compile(r"(?<!\d)[\u00a0\u2009\u202f]|[\u00a0\u2009\u202f](?!\d{3})")
"""Spaces at which a line does not break, but not those that group digits."""
_BRITISH = frozenset("gb uk ie au nz za in".split())


class Verbaliser:
    """Verbalises the sentences of one book."""

    def __init__(self, language: str, lexicon: Lexicon | None = None, as_written: Collection[WordClass] = ()) -> None:
        """language: BCP 47 tag; in other languages than English only the lexicon applies. as_written: classes that are
        not verbalised."""
        self._lexicon = lexicon or Lexicon()
        self._as_written = frozenset(as_written)
        self._is_english = Language.of(language).has_text_normalisation
        subtags = language.replace("_", "-").lower().split("-")[1:]
        self._british = not _BRITISH.isdisjoint(subtags)

    def verbalise(self, text: str, *, heading: bool = False) -> tuple[Replacement, ...]:
        """The replacements of a sentence, in order; they do not overlap."""
        found = self._lexicon.replacements(text)
        if self._is_english:
            plain = _NOT_IN_NUMBERS.sub(" ", without_tags(text).translate(_USUAL_MARKS))
            context = Context(self._british, heading)
            families = _FAMILIES if any(char.isalnum() for char in plain) else (symbols.FAMILY,)
            taken = bytearray(len(plain))
            for each in found:
                _take(taken, each.start, each.end)
            for rule in _rules(plain, families):
                said = _apply(rule, plain, context, taken)
                found += said if rule.word_class not in self._as_written else ()
        return tuple(sorted(found, key=lambda each: each.start))


def _rules(text: str, families: Iterable[Family]) -> Iterator[Rule]:
    for family in families:
        if family.needs.search(text):
            yield from family.rules


def _take(taken: bytearray, start: int, end: int) -> None:
    taken[start:end] = b"\1" * (end - start)


def _apply(rule: Rule, text: str, context: Context, taken: bytearray) -> list[Replacement]:
    """What a rule says. taken: 1 for each character that a rule has taken, also where it is left as it is written."""
    found = []
    for match in rule.pattern.finditer(text):
        start, end = match.span()
        if start == end or any(taken[start:end]):
            continue
        said = rule.say(match, context)
        if said is not None and said != match[0]:
            found.append(Replacement(start, end, _apart(text, start, end, said), rule.word_class))
            _take(taken, start, end)
    return found


def _apart(text: str, start: int, end: int, said: str) -> str:
    """What is said, with a space where it would run into the words beside it, none before a mark, and no second full
    stop."""
    if regex.match(r"[.,;:!?)](?!\d)|$", text[end : end + 2]):
        said = said.rstrip()
    if said[:1].isalnum() and start and (text[start - 1].isalnum() or text[start - 1] in ".,;:!?"):
        said = f" {said}"
    if said.endswith(".") and text[end : end + 1] == ".":
        said = said[:-1]
    if said[-1:].isalnum() and text[end : end + 1].isalnum():
        said = f"{said} "
    return said
