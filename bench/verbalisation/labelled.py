"""The labelled set: sentences with the words that are spoken otherwise than they are written, and how they are said.

    ## roman
    [en-GB] King {Henry VIII|Henry the eighth} had six wives.

A brace holds the written words and after each bar one right way to say them; `{NASA}` is said as it is written,
`{🎉|}` is left out. The language of the book is `en` where none is given.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import regex
from whisper_normalizer.english import EnglishSpellingNormalizer

FOLDER = Path(__file__).parent / "cases"
HOMOGRAPHS, UNSEEN_HOMOGRAPHS = FOLDER / "homographs.txt", FOLDER / "homographs_unseen.txt"
SEEN, UNSEEN = FOLDER / "seen.txt", FOLDER / "unseen.txt"

_SLOT = re.compile(r"\{([^{}]*)\}")
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+(?:['’][\p{L}\p{M}]+)*|[^\s\p{L}\p{M}\p{N}.,;:!?\"“”‘’'()\[\]—–…-]")
_LETTERS = regex.compile(
    r"(?<![\p{L}\p{N}'’])(?:\p{Lu}\.\s?|\p{Lu}\s(?=\p{Lu}(?:\b|\.)))+(?:\p{Lu}(?![\p{L}'’]))?|(?<!\w)(?:\p{Ll}\.){2,}"
)
_HUNDREDS = frozenset("hundred thousand million billion trillion".split())
_BRITISH: dict[str, str] = EnglishSpellingNormalizer().mapping


@dataclass(frozen=True, slots=True)
class Token:
    """Words of a class."""

    written: str
    spoken: tuple[str, ...]
    """The right ways to say it."""


@dataclass(frozen=True, slots=True)
class Case:
    word_class: str
    language: str
    text: str
    """The sentence as it is written."""
    pieces: tuple[str | Token, ...]
    """The sentence in parts, plain text and tokens."""

    @property
    def n_tokens(self) -> int:
        return sum(isinstance(piece, Token) for piece in self.pieces)

    def n_right(self, spoken: str) -> int:
        """How many tokens a spoken form has right: each said in one of the right ways, between the words beside it."""
        return _most_right(self.pieces, words_of(spoken))


def read_cases(file: Path) -> Iterator[Case]:
    word_class = ""
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            word_class = line[3:].strip()
        elif line.strip() and not line.startswith("# "):
            language = re.match(r"\[([\w-]+)\] ", line)
            body = line[language.end() :] if language else line
            yield _case(word_class, language[1] if language else "en", body)


def _case(word_class: str, language: str, body: str) -> Case:
    text, pieces = "", list[str | Token]()
    position = 0
    for slot in _SLOT.finditer(body):
        plain = body[position : slot.start()]
        written, *spoken = slot[1].split("|")
        text += plain + written
        pieces += [plain, Token(written, tuple(spoken or [written]))]
        position = slot.end()
    return Case(word_class, language, text + body[position:], (*pieces, body[position:]))


def _most_right(pieces: tuple[str | Token, ...], found: list[str]) -> int:
    """Tokens that are right in the best alignment of the pieces with the words found.

    A token counts if the piece before it was met just before it, and the piece after it just after it.
    """
    best: dict[tuple[int, bool, int], int] = {(0, True, 0): 0}
    for ways, is_token in _steps(pieces):
        following: dict[tuple[int, bool, int], int] = {}

        def reach(
            state: tuple[int, bool, int], right: int, following: dict[tuple[int, bool, int], int] = following
        ) -> None:
            following[state] = max(following.get(state, 0), right)

        for (place, is_met, waiting), right in best.items():
            for words in ways:
                if found[place : place + len(words)] == words:
                    reach((place + len(words), True, int(is_token and is_met)), right + waiting)
            for end in range(place, len(found) + 1):  # other words stand here
                reach((end, False, 0), right)
        best = following
    return max(right + (waiting if place == len(found) else 0) for (place, _, waiting), right in best.items())


def _steps(pieces: tuple[str | Token, ...]) -> Iterator[tuple[list[list[str]], bool]]:
    """(ways to say it, whether it is a token) of each plain word and each token."""
    for piece in pieces:
        if isinstance(piece, Token):
            yield [words_of(way) for way in piece.spoken], True
        else:
            yield from (([[word]], False) for word in words_of(piece))


def words_of(text: str) -> list[str]:
    """Words as they are compared: small letters, except letters that are said one by one; signs that a voice might say
    count as words; American spelling; no "and" inside a number."""
    text = _LETTERS.sub(lambda letters: regex.sub(r"[.\s]", "", letters[0]).upper() + " ", text)
    words = []
    for token in _WORD.findall(text.replace("’", "'")):
        word = token if token.isupper() and len(token) > 1 else token.lower()
        word = _BRITISH.get(word, word)
        words.append(word)
    return [
        word
        for place, word in enumerate(words)
        if not (
            word == "and"
            and place
            and words[place - 1] in _HUNDREDS
            and place + 1 < len(words)
            and _is_number(words[place + 1])
        )
    ]


def _is_number(word: str) -> bool:
    return (
        regex.fullmatch(
            r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|\w+ty|first|second|third|\w+th)",
            word,
        )
        is not None
    )
