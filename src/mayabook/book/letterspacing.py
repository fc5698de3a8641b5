"""Closes words whose letters a converter set apart: "C H A P T E R   O N E"."""

import re
from collections import Counter

_BLANK = "[ \t\n\r\xa0\u2000-\u200a\u202f\u205f\u3000]"
_SPACED = re.compile(rf"(?<![\w'’.&-])[^\W\d_](?:{_BLANK}+[^\W\d_](?![\w'’.])){{2,}}{_BLANK}+[^\W\d_](?![\w'’]|\.\S)")
_GAP = re.compile(rf"{_BLANK}+")
_EM_SPACES = frozenset("\u2001\u2003\u3000")
_FIRST_WORDS = re.compile(r"(CHAPTER|PART|BOOK|SECTION|VOLUME|LETTER|THE)(?=.)", re.IGNORECASE)
_VOWELS = frozenset("aeiouyäöüàâéèêíîóôúû")


def close_spaced_letters(text: str) -> str:
    """text: as it stands in the file, because wide gaps tell words apart."""
    return _SPACED.sub(_closed, text)


def _closed(match: re.Match[str]) -> str:
    spaced = match[0]
    if not _are_words(spaced):
        return spaced
    usual = Counter(_width(gap) for gap in _GAP.findall(spaced)).most_common(1)[0][0]
    words = _GAP.sub(lambda gap: " " if _width(gap[0]) > usual else "", spaced).split()
    if len(words) == 1 and words[0].isupper():
        words = [_FIRST_WORDS.sub(r"\1 ", words[0], count=1) if _FIRST_WORDS.match(words[0]) else words[0]]
    return " ".join(words)


def _width(gap: str) -> int:
    """In spaces; a line break and the indentation after it are one."""
    return 1 if "\n" in gap else len(gap) + len(_EM_SPACES.intersection(gap))


def _are_words(spaced: str) -> bool:
    """Not the alphabet, a rhyme scheme, initials or a row of marks."""
    letters = "".join(spaced.split())
    kinds = set(letters.casefold())
    is_one_case = letters.isupper() or letters.islower() or (letters[0].isupper() and letters[1:].islower())
    is_alphabet = "".join(sorted(kinds)) in "abcdefghijklmnopqrstuvwxyz"
    return is_one_case and len(kinds) > 2 and not is_alphabet and bool(kinds & _VOWELS) and bool(kinds - _VOWELS)
