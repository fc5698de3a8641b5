"""The pronunciation lexicon: a TOML table of respellings that a person writes.

    [words]
    "Siobhan" = "Shivawn"                      # a capital in the word: this case only
    "gaol" = "jail"                            # lower case: any case
    "US" = { say = "you ess", case = true }    # or say it
    "Aoife" = { say = "Eefa", ipa = "ˈiːfə" }  # an engine that speaks phonemes is given the IPA

Entries match whole words and phrases, also in capitals throughout, in the plural, before a possessive 's and, if they
have three letters or more, beside a digit ("COVID19"). The longest matching entry wins, and its respelling is not
looked up again.
"""

import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import regex

from mayabook.core.errors import ScriptError
from mayabook.core.ipa import IPA_SYMBOLS, with_ipa
from mayabook.core.spoken_form import Replacement, WordClass, spoken_form

_POSSESSIVE = regex.compile(r"['’][sS]\b")


@dataclass(frozen=True, slots=True)
class Respelling:
    """One entry. case: whether `word` matches in this spelling only; otherwise upper and lower case are equal."""

    word: str
    say: str
    case: bool
    ipa: str = ""
    """Its pronunciation; empty where only the respelling is known."""

    @property
    def matches_capitals(self) -> bool:
        """Whether it is meant in capitals, too: a word with a capital and small letters."""
        return self.case and self.word != self.word.upper() and self.word != self.word.lower()

    @property
    def has_plural(self) -> bool:
        return len(self.word) > 2 and self.word[-1].isalpha() and self.word[-1] not in "sxzSXZ"

    @property
    def matches_beside_digits(self) -> bool:
        """Whether digits beside it are a word of their own, as in "COVID19". Shorter entries do not: "1st", "1950s"."""
        return len(self.word) > 2 and self.word.isalpha()


@dataclass(frozen=True)
class Lexicon:
    entries: tuple[Respelling, ...] = ()

    @cached_property
    def _by_precedence(self) -> list[Respelling]:
        """The entries, longer ones first; of two of equal length, the case-sensitive one."""
        return sorted(self.entries, key=lambda entry: (-len(entry.word), not entry.case, entry.word))

    @cached_property
    def _pattern(self) -> regex.Pattern[str]:
        """With one group for each entry, in order of precedence."""
        groups = []
        in_any_case = {entry.word.lower() for entry in self.entries if not entry.case}
        for entry in self._by_precedence:
            word = "['’]".join(regex.escape(part) for part in regex.split("['’]", entry.word))
            if entry.matches_capitals and entry.word.lower() not in in_any_case:
                word = f"{word}|{regex.escape(entry.word.upper())}"
            word = word if entry.matches_beside_digits else rf"(?<!\d)(?:{word})(?!\d)"
            groups.append(f"({word})" if entry.case else f"((?i:{word}))")
        # Not inside a longer word or an emotion tag; not "don" in "don't", but "Siobhan" in "Siobhan's" and "Siobhans".
        return regex.compile(
            rf"(?<![^\W\d]|<)(?:{'|'.join(groups)})(?P<plural>[sS](?=['’]?(?!\w)))?(?![^\W\d]|['’](?![sS]\b)\w)"
        )

    def replacements(self, text: str) -> list[Replacement]:
        """What the entries change in a text, in order."""
        if not self.entries:
            return []
        found = []
        for match in self._pattern.finditer(text):
            entry = self._by_precedence[
                next(place for place in range(len(self.entries)) if match[place + 1] is not None)
            ]
            if match["plural"] and not entry.has_plural:
                continue
            ending = match["plural"] or _POSSESSIVE.match(text, match.end())
            if not entry.ipa:
                said, end = entry.say + ("s" if match["plural"] else ""), match.end()
            elif ending:
                end = match.end() if match["plural"] else match.end() + len("'s")
                said = with_ipa(
                    f"{entry.say}{text[match.end() - len(match['plural'] or '') : end]}", _with_s(entry.ipa)
                )
            else:
                said, end = with_ipa(entry.say, entry.ipa), match.end()
            before = " " * text[: match.start()][-1:].isdigit()
            after = " " * text[end : end + 1].isdigit()
            found.append(Replacement(match.start(), end, f"{before}{said}{after}", WordClass.LEXICON))
        return found

    def respell(self, text: str) -> str:
        """The text with its respellings."""
        return spoken_form(text, self.replacements(text)) if self.entries else text


def _with_s(ipa: str) -> str:
    """The pronunciation of a plural or possessive."""
    return ipa + ("ɪz" if ipa[-1] in "szʃʒ" else "s" if ipa[-1] in "ptkfθ" else "z")


def read_lexicon(path: Path) -> Lexicon:
    """Raises ScriptError with one line that names the entry at fault."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ScriptError(f"There is no lexicon {path}; check the path") from error
    except OSError as error:
        raise ScriptError(f"Cannot read the lexicon {path} ({error.strerror}); check the file") from error
    except UnicodeDecodeError as error:
        raise ScriptError(f"The lexicon {path} is not UTF-8; save it as UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        raise ScriptError(f"The lexicon {path} is not valid TOML ({error}); correct that line") from error
    words = document.pop("words", None)
    if not isinstance(words, dict):
        raise ScriptError(f"The lexicon {path} has no table [words]; put the respellings into one")
    if document:
        raise ScriptError(
            f"The lexicon {path} has {next(iter(document))!r} outside of [words]; move it there or remove it"
        )
    return Lexicon(tuple(_entry(path, word, value) for word, value in words.items()))


def _entry(path: Path, word: str, value: Any) -> Respelling:
    where = f"In the lexicon {path}, the entry {word!r}"
    options = value if isinstance(value, dict) else {"say": value}
    for name in options:
        if name not in ("say", "case", "ipa"):
            raise ScriptError(f"{where} has an unknown option {name!r}; use say, ipa and case")
    ipa, case = _ipa(where, options.get("ipa", "")), options.get("case")
    say = options.get("say", word if ipa else None)
    if not isinstance(say, str):
        raise ScriptError(f'{where} has no text to say; write a respelling in quotes, such as "Shivawn"')
    if case is not None and not isinstance(case, bool):
        raise ScriptError(f"{where} has case = {case!r}; use true or false")
    word, say = " ".join(word.split()), " ".join(say.split())
    if not word:
        raise ScriptError(f"{where} is an empty word; write the word that is to be respelled")
    if not any(char.isalnum() for char in say):
        raise ScriptError(f"{where} has a respelling with nothing to speak; write letters or digits")
    if "<" in say or ">" in say:
        raise ScriptError(f"{where} has an angle bracket in its respelling; remove it")
    if ipa and any(char in "[]()/" for char in say):
        raise ScriptError(f"{where} has a bracket or slash in a respelling with IPA; remove it")
    return Respelling(word, say, case if case is not None else word != word.lower(), ipa)


def _ipa(where: str, ipa: Any) -> str:
    if not isinstance(ipa, str):
        raise ScriptError(f'{where} has an ipa that is no text; write it in quotes, such as "ʃɪˈvɔːn"')
    symbols: str = (
        unicodedata.normalize("NFD", ipa).replace("c\u0327", "ç").strip(" /[]").replace("'", "ˈ").replace(":", "ː")
    )
    wrong = next((char for char in symbols if char not in IPA_SYMBOLS), None)
    if wrong is not None:
        raise ScriptError(f"{where} has {wrong!r} in its ipa, which is no symbol of IPA; remove or replace it")
    if symbols and not any(unicodedata.category(char) == "Ll" for char in symbols):
        raise ScriptError(f"{where} has an ipa without a sound; write its phonemes, or remove it")
    return symbols
