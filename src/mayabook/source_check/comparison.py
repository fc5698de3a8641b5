"""Compares the text of a book file, read a second time, with what its `Book` narrates and leaves out.

For each document the letters of the file and of what the reader supplied must be those of the blocks and omissions.
Letters and digits are compared, not words: joined hyphenation, drop caps, cells and inline markup change where words
end. They are compared as a multiset, because omissions have no place within their block; words and their neighbours are
compared only where letters differ, to say where.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from string import ascii_lowercase, digits

from mayabook.core.book import Book
from mayabook.core.words import words
from mayabook.source_check.source_text import SourceDocument, source_documents

_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_NOT_LETTERS = re.compile(r"[\W_]+")
_INVISIBLE = dict.fromkeys((0x00AD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF))
_WINDOWS_1252 = {code: bytes([code]).decode("cp1252", "ignore") for code in range(0x80, 0xA0)}
_WORD = re.compile(r"[^\w\s]*(?:\d+|[^\W\d]+)[^\w\s]*")
_CONTEXT_WORDS = 6
_SHOWN = 120
"""Characters of a difference in a message."""
_LONGEST_MOVE = 8
"""Documents in a row of which one goes on in the next."""
_NEIGHBOURS = 3
"""Words in a row that tell a place in a text."""


class DifferenceKind(StrEnum):
    """The kinds of differences. The values are shown to users."""

    LOST = "lost in reading"
    """The file has it, and it is neither narrated nor left out for a reason."""
    ADDED = "added in reading"
    """It is narrated or left out, once more than the file has it."""
    UNREADABLE = "cannot be read"
    """The file is missing or damaged."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A place where a book file and its `Book` differ."""

    kind: DifferenceKind
    href: str
    """File of the book."""
    text: str
    """The words; empty for a file that cannot be read."""
    before: str
    """A few words that stand before them."""
    after: str
    """A few words that stand after them."""

    def __str__(self) -> str:
        if self.kind is DifferenceKind.UNREADABLE:
            return f"{self.href} {self.kind}, and its text is missing"
        shown = " ".join(filter(None, (self.before, f"[{_shortened(self.text)}]", self.after)))
        return f"{self.href}: {self.kind}: “{shown}”"


@dataclass(frozen=True, slots=True)
class SourceCheck:
    """Where every word of a book file went."""

    is_known_format: bool
    """Whether there is a second reader for this format; if not, nothing was compared."""
    n_words: int
    """Words of the file, by the second reader."""
    n_narrated: int
    """Words of the chapters that are read aloud."""
    left_out: dict[str, int]
    """Reason -> words that are left out: of skipped chapters, and of parts of chapters."""
    supplied: dict[str, int]
    """Reason -> words of the book that its file does not print, such as descriptions of pictures."""
    differences: tuple[Difference, ...]

    @property
    def n_lost(self) -> int:
        return sum(len(words(found.text)) for found in self.differences if found.kind is DifferenceKind.LOST)


@dataclass(slots=True)
class _Document:
    """A document, the pieces of the Book that come from it, and how many more of each letter the file has."""

    source: SourceDocument
    pieces: Sequence[str]
    supplied: Sequence[str]
    surplus: dict[str, int]


def check_source(path: Path, book: Book) -> SourceCheck:
    """Reads a book file a second time, by other parsers than its reader, and compares it with the Book."""
    left_out: Counter[str] = Counter()
    supplied: Counter[str] = Counter()
    pieces_of: defaultdict[str, list[str]] = defaultdict(list)
    supplied_of: defaultdict[str, list[str]] = defaultdict(list)
    n_narrated = n_words = 0
    for chapter in book.chapters:
        n_chapter_words = 0
        for block in chapter.blocks:
            pieces_of[block.href].append(block.text)
            n_chapter_words += len(words(block.text))
        n_narrated += n_chapter_words if chapter.narrated else 0
        if n_chapter_words and not chapter.narrated:
            left_out[chapter.reason] += n_chapter_words
    for entry in book.left_out:
        pieces_of[entry.href].append(entry.text)
        left_out[entry.reason] += len(words(entry.text))
    for addition in book.supplied:
        supplied_of[addition.href].append(addition.text)
        supplied[addition.reason] += len(words(addition.text))

    _forget_moved(left_out, supplied)
    documents = source_documents(path)
    if documents is None:
        return SourceCheck(False, 0, n_narrated, dict(left_out), dict(supplied), ())
    differences: list[Difference] = []
    unequal: list[_Document] = []  # in a row, and their letters do not add up
    for source in documents:
        document = _compared(source, pieces_of.pop(source.href, []), supplied_of[source.href])
        n_words += len(words(source.text or ""))
        if source.text is not None and document.surplus and _may_balance(unequal, document):
            unequal.append(document)
            if not _total(unequal):  # text moved over the border of two files
                unequal = []
            continue
        differences += _located(unequal)
        unequal = [document] if source.text is not None and document.surplus else []
        if source.text is None:
            differences.append(Difference(DifferenceKind.UNREADABLE, source.href, "", "", ""))
    differences += _located(unequal)
    unread = (href for href, pieces in pieces_of.items() if any(map(words, pieces)))
    differences += [Difference(DifferenceKind.ADDED, href, " ".join(pieces_of[href]), "", "") for href in unread]
    return SourceCheck(True, n_words, n_narrated, dict(left_out), dict(supplied), tuple(differences))


def _forget_moved(left_out: Counter[str], supplied: Counter[str]) -> None:
    """Text that is left out of one file and supplied to another for the same reason was moved: it counts as neither."""
    for reason in left_out.keys() & supplied.keys():
        n_moved = min(left_out[reason], supplied[reason])
        left_out[reason] -= n_moved
        supplied[reason] -= n_moved
        for counts in (left_out, supplied):
            if not counts[reason]:
                del counts[reason]


def _letters(text: str) -> str:
    """Letters and digits alone, in lower case, without accents and compatibility forms, which may be written in several
    ways. C1 controls are the characters that Windows-1252 has there."""
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text.translate(_WINDOWS_1252).casefold())
    return _NOT_LETTERS.sub("", text.lower())


def _count_letters(texts: Iterable[str]) -> Counter[str]:
    """How often each letter of `_letters` occurs. ASCII is counted as bytes, which is much faster."""
    text = "".join(texts)
    others = Counter[str]() if text.isascii() else Counter(_NOT_ASCII.findall(text))
    plain = text.encode("ascii", "ignore").lower()
    counted = Counter({letter: plain.count(letter.encode()) for letter in ascii_lowercase + digits})
    for character, count in others.items():
        for letter in _letters(character):
            counted[letter] += count
    return counted


def _compared(source: SourceDocument, pieces: Sequence[str], supplied: Sequence[str]) -> _Document:
    counted = _count_letters([source.text or "", *supplied])
    counted.subtract(_count_letters(pieces))
    return _Document(source, pieces, supplied, {letter: count for letter, count in counted.items() if count})


def _total(documents: Iterable[_Document]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for document in documents:
        total.update(document.surplus)
    return {letter: count for letter, count in total.items() if count}


def _may_balance(documents: Sequence[_Document], following: _Document) -> bool:
    """Whether text may have moved between these documents and the next one: what one lacks, the other has."""
    total = _total(documents)
    return 0 < len(documents) < _LONGEST_MOVE and any(
        count * total.get(letter, 0) < 0 for letter, count in following.surplus.items()
    )


def _located(documents: Sequence[_Document]) -> list[Difference]:
    """The words that make the difference. Runs of words with the same letters on both sides are one text, written in
    two ways."""
    surplus = _total(documents)
    if not surplus:
        return []
    source, book = _Tokens(), _Tokens()
    for document in documents:
        for text in (document.source.text or "", *document.supplied):
            source.add(text, document.source.href)
        for text in document.pieces:
            book.add(text, document.source.href)
    lost, added = source.runs_without(book), book.runs_without(source)
    same = Counter(map(source.letters_of, lost)) & Counter(map(book.letters_of, added))
    found = []
    for kind, tokens, runs, sign in ((DifferenceKind.LOST, source, lost, 1), (DifferenceKind.ADDED, book, added, -1)):
        letters = Counter({letter: sign * count for letter, count in surplus.items() if sign * count > 0})
        if letters:
            runs = _explaining(letters, tokens, _unbalanced(runs, tokens, same))
            nowhere = Difference(kind, documents[0].source.href, "".join(sorted(letters.elements())), "", "")
            found += [tokens.difference(kind, run) for run in runs] or [nowhere]
    return found


def _unbalanced(runs: Iterable[range], tokens: "_Tokens", same: Counter[str]) -> list[range]:
    """Without one run for each of the texts in `same`."""
    left = Counter(same)
    kept = []
    for run in runs:
        letters = tokens.letters_of(run)
        if left[letters]:
            left[letters] -= 1
        else:
            kept.append(run)
    return kept


def _explaining(letters: Counter[str], tokens: "_Tokens", runs: list[range]) -> list[range]:
    """The runs that have just these letters, where there are such; otherwise all of them."""
    left = Counter(letters)
    chosen = []
    for run in sorted(runs, key=len, reverse=True):
        needed = Counter(tokens.letters_of(run))
        if needed <= left:
            left -= needed
            chosen.append(run)
    return runs if left else sorted(chosen, key=lambda run: run.start)


class _Tokens:
    """Words of several texts in a row. Letters and digits that touch are two words: a note number is often right
    behind a word."""

    def __init__(self) -> None:
        self._words: list[str] = []
        self._letters: list[str] = []
        self._hrefs: list[str] = []

    def add(self, text: str, href: str) -> None:
        for match in _WORD.finditer(text.translate(_INVISIBLE)):
            if letters := _letters(match[0]):
                self._words.append(match[0])
                self._letters.append(letters)
                self._hrefs.append(href)

    def runs_without(self, others: "_Tokens") -> list[range]:
        """Runs of words that occur less often in `others`: where neighbours differ as well, else the last of them."""
        surplus = Counter(self._letters) - Counter(others._letters)
        covered = self._in_common(others)
        everywhere = range(len(self._words))
        places = self._places(surplus, (place for place in everywhere if not covered[place]))
        places += self._places(surplus, (place for place in reversed(everywhere) if covered[place]))
        return self._joined(sorted(places))

    def letters_of(self, run: range) -> str:
        return "".join(self._letters[run.start : run.stop])

    def difference(self, kind: DifferenceKind, run: range) -> Difference:
        before, after = max(0, run.start - _CONTEXT_WORDS), run.stop + _CONTEXT_WORDS
        return Difference(
            kind,
            self._hrefs[run.start],
            " ".join(self._words[run.start : run.stop]),
            " ".join(self._words[before : run.start]),
            " ".join(self._words[run.stop : after]),
        )

    def _in_common(self, others: "_Tokens") -> list[bool]:
        """For each word whether a row of neighbours that holds it is in `others` too."""
        rows = set(others._rows())
        covered = [False] * len(self._words)
        for place, row in enumerate(self._rows()):
            if row in rows:
                covered[place : place + _NEIGHBOURS] = [True] * _NEIGHBOURS
        return covered

    def _rows(self) -> Iterator[tuple[str, ...]]:
        return zip(*(self._letters[shift:] for shift in range(_NEIGHBOURS)), strict=False)

    def _places(self, surplus: Counter[str], candidates: Iterable[int]) -> list[int]:
        """The candidates that hold the surplus words, which are taken out of `surplus`."""
        places = []
        for place in candidates:
            if surplus[self._letters[place]] > 0:
                surplus[self._letters[place]] -= 1
                places.append(place)
        return places

    def _joined(self, places: Sequence[int]) -> list[range]:
        """Places that follow one another in a file, with a gap of few words at most, as one run."""
        runs: list[range] = []
        for place in places:
            if runs and place - runs[-1].stop < _NEIGHBOURS and self._hrefs[place] == self._hrefs[runs[-1].start]:
                runs[-1] = range(runs[-1].start, place + 1)
            else:
                runs.append(range(place, place + 1))
        return runs


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN].rstrip()}…"
