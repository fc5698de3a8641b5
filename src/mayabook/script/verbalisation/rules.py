"""What a rule of verbalisation is: a pattern, and what is said for its match."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import regex

from mayabook.core.spoken_form import WordClass


@dataclass(frozen=True, slots=True)
class Context:
    """What a rule may know besides the sentence."""

    british: bool = False
    """Whether the book is in British English: its order of dates, its units and numbers."""
    heading: bool = False
    """Whether the sentence is a heading or part of one."""


Match = regex.Match[str]
Say = Callable[[Match, Context], str | None]
"""What is said for a match; None where the rule does not apply after all."""


@dataclass(frozen=True, slots=True)
class Rule:
    word_class: WordClass
    pattern: regex.Pattern[str]
    say: Say


@dataclass(frozen=True, slots=True)
class Family:
    """Rules that share a precondition, so that most sentences pass most rules by."""

    needs: regex.Pattern[str]
    """Sentences without a match of it are not searched by the rules."""
    rules: Sequence[Rule]
    """In order of precedence."""


def pattern(text: str, **named: str) -> regex.Pattern[str]:
    """A verbose pattern; `{name}` in it stands for an expression of `named`."""
    for name, expression in named.items():
        text = text.replace(f"{{{name}}}", f"(?:{expression})")
    return regex.compile(text, regex.VERBOSE)


def one_of(words: Sequence[str] | dict[str, Any]) -> str:
    """An alternation, the longest first."""
    return "|".join(regex.escape(word) for word in sorted(words, key=len, reverse=True))


def preceding(match: Match) -> str:
    """The text before a match, as much of it as a rule looks at, so that long sentences take no longer."""
    return match.string[max(0, match.start() - 100) : match.start()]


def word_before(match: Match) -> str:
    """The word before a match, without punctuation around it; empty at the start."""
    before = regex.search(r"([\p{L}\p{M}\p{N}.'’]+)[^\p{L}\p{N}]*$", preceding(match))
    return before[1] if before else ""


def follows(match: Match, expression: str) -> bool:
    """Whether the text after the match begins with the expression."""
    return regex.compile(expression).match(match.string, match.end()) is not None


def ends_sentence(match: Match) -> bool:
    """Whether nothing but closing marks comes after the match."""
    return follows(match, r"[\"'”’»)\]]*$")


def is_said_beside(match: Match, words: str) -> bool:
    """Whether words stand beside the match already, in one number or the other: "Copyright ©", "number #5"."""
    before = regex.search(rf"(?i)(?<!\p{{L}}){words}s?[\s:]*$", preceding(match))
    return before is not None or follows(match, rf"(?i)\s*{words}s?\b")


def with_article(words: str) -> str:
    """ "eighth" -> "an eighth"; "euro" -> "a euro"."""
    return f"{'an' if regex.match(r'(?!eu|one|uni)[aeiou]|hour', words, regex.IGNORECASE) else 'a'} {words}"


def as_cased(said: str, written: str) -> str:
    """What is said, with a capital where the written word has one."""
    return said[:1].upper() + said[1:] if written[:1].isupper() else said


def full_stop(match: Match) -> str:
    """The full stop of an abbreviation that ends a sentence, or a sentence in quotation marks, ends that as well."""
    if not match[0].endswith("."):
        return ""
    return "." if ends_sentence(match) or follows(match, r"[\"”’)]+\s+[\"“‘]?\p{Lu}") else ""
