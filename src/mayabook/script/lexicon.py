"""The pronunciation lexicon: a TOML table of respellings that a person writes.

    [words]
    "Siobhan" = "Shivawn"                      # a capital in the word: this case only
    "gaol" = "jail"                            # lower case: any case
    "US" = { say = "you ess", case = true }    # or say it

Entries match whole words and phrases, also before a possessive 's. The longest matching entry wins, and its respelling
is not looked up again.
"""

import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import regex

from mayabook.core.errors import ScriptError


@dataclass(frozen=True, slots=True)
class Respelling:
    """One entry. case: whether `word` matches in this spelling only; otherwise upper and lower case are equal."""

    word: str
    say: str
    case: bool


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
        for entry in self._by_precedence:
            word = "['’]".join(regex.escape(part) for part in regex.split("['’]", entry.word))
            groups.append(f"({word})" if entry.case else f"((?i:{word}))")
        # Not inside a longer word or an emotion tag; not "don" in "don't", but "Siobhan" in "Siobhan's".
        return regex.compile(rf"(?<![\w<])(?:{'|'.join(groups)})(?!\w|['’](?!s\b)\w)")

    def respell(self, text: str) -> str:
        if not self.entries:
            return text
        return self._pattern.sub(lambda found: self._by_precedence[(found.lastindex or 1) - 1].say, text)


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
        if name not in ("say", "case"):
            raise ScriptError(f"{where} has an unknown option {name!r}; use say and case")
    say, case = options.get("say"), options.get("case")
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
    return Respelling(word, say, case if case is not None else word != word.lower())
