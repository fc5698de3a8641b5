"""The invariant of `mayabook.book`: every visible word of the documents in the reading order ends in exactly one block
of one chapter, or is left out for a stated reason."""

import re
import tempfile
from collections import Counter
from collections.abc import Iterable
from html import escape
from pathlib import Path
from unicodedata import normalize

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from mayabook.book import read_book
from mayabook.core.book import Book
from mayabook.core.settings import BookSettings
from mayabook.core.words import words
from tests.book.book_reading import read_body, read_pages
from tests.epubs import write_epub


def accounted(book: Book) -> Counter[str]:
    """Words of the blocks and of what is left out, without those that the files do not print."""
    blocks = [block.text for chapter in book.chapters for block in chapter.blocks]
    everything = " ".join([*blocks, *(entry.text for entry in book.left_out)])
    supplied = " ".join(entry.text for entry in book.supplied)
    counted = Counter(words(everything.replace(",", " ")))  # commas between table cells are the room's own
    counted.subtract(words(supplied))
    return +counted


def visible(pages: Iterable[str]) -> Counter[str]:
    """Words of documents by another way than mayabook.book's own: every tag but the inline ones is a space."""
    counted: Counter[str] = Counter()
    for page in pages:
        root = etree.fromstring(f"<body xmlns:epub='e'>{page}</body>")
        for element in list(root.iter("script", "style", "template")):
            element.text = ""
        raw = etree.tostring(root, encoding="unicode")
        spaced = re.sub(r"</?(?!(?:a|b|i|em|span|sup|ruby)[\s>/])[^>]*>", " ", raw)
        plain = etree.fromstring(f"<x>{re.sub(r'<[^>]*>', '', spaced)}</x>").text or ""
        counted += Counter(words(plain))
    return counted


# Each word is unique, so that a lost one and a doubled one cannot cancel each other out.
_INLINE = ("b", "i", "em", "span", "a href='#x'", "span class='dropcap'", "a epub:type='noteref' href='#n'")
_BLOCKS = ("p", "div", "section", "blockquote", "ul", "li", "h1", "h2", "h3", "pre", "aside", "aside epub:type='footnote'",
           "div class='poem'", "section epub:type='bibliography'", "section epub:type='index'", "div hidden='hidden'",
           "figure", "dl", "dd", "table", "tr", "td", "p style='display:none'", "nav epub:type='toc'", "div id='x'",
           "p id='n'", "section epub:type='endnotes'", "section epub:type='titlepage'", "div class='footnote'")  # fmt: skip
_BETWEEN = ("<br/>", "<hr/>", "<img alt='picture'/>", "<p>* * *</p>", "<a id='x'/>", "<span class='pagenum'>p9</span>",
            "<script>no</script>", "<style>no</style>", "<sup><a href='#n'>1</a></sup>", "<template>no</template>")  # fmt: skip


class _Numbered:
    """Words w0, w1, ... in the order in which a document is built."""

    def __init__(self) -> None:
        self.count = 0

    def word(self) -> str:
        self.count += 1
        return f"w{self.count}"


_TREES = st.recursive(
    st.one_of(st.just("word"), st.sampled_from(_BETWEEN)),
    lambda inner: st.tuples(st.sampled_from(_INLINE + _BLOCKS), st.lists(inner, max_size=6)),
    max_leaves=40,
)


def build(tree: object, numbered: _Numbered) -> str:
    if tree == "word":
        return f" {numbered.word()} "
    if isinstance(tree, str):
        return f" {tree} "
    assert isinstance(tree, tuple)
    start, inner = tree
    return f"<{start}>{''.join(build(part, numbered) for part in inner)}</{start.split()[0]}>"


@given(st.lists(st.lists(_TREES, min_size=1, max_size=6), min_size=1, max_size=4), st.integers(0, 3))
def test_any_tree_of_elements(documents: list[list[object]], n_listed: int) -> None:
    numbered = _Numbered()
    pages = {
        f"{n}.xhtml": f"<p>{numbered.word()}</p>" + "".join(build(tree, numbered) for tree in trees)
        for n, trees in enumerate(documents)
    }
    toc = [(f"Entry {n}", f"{n}.xhtml{'#x' if n % 2 else ''}") for n in range(min(n_listed, len(pages)))]
    with tempfile.TemporaryDirectory() as folder:
        book = read_pages(Path(folder), pages, toc=toc)
    assert accounted(book) == visible(pages.values())
    assert [chapter.number for chapter in book.chapters] == list(range(1, len(book.chapters) + 1))
    assert all(chapter.reason for chapter in book.chapters)
    assert all(entry.reason for entry in book.left_out)


_MARKS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
"""Superscript digits may be note references, which are not read."""
_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"], exclude_characters=_MARKS), max_size=80)


@given(st.lists(_TEXT, min_size=1, max_size=8))
def test_any_text(paragraphs: list[str]) -> None:
    """Letters and digits of any script survive, in order and once. (Invisible characters do not count.)"""
    body = "".join(f"<p>{escape(text)}</p>" for text in ["start", *paragraphs])
    with tempfile.TemporaryDirectory() as folder:
        book = read_book(write_epub(Path(folder) / "book.epub", {"one.xhtml": body}), BookSettings())
    (chapter,) = book.chapters
    assert letters(block.text for block in chapter.blocks) == letters(["start", *paragraphs])


def letters(texts: Iterable[str]) -> str:
    """Letters and digits; NFKC takes ligatures apart, as mayabook.book does."""
    composed = normalize("NFC", "".join(texts))
    return normalize("NFKC", "".join(char for char in composed if char.isalnum()))


def test_order_of_words_is_that_of_the_text(tmp_path: Path) -> None:
    numbered = _Numbered()
    w = numbered.word
    body = (
        f"{w()}<div>{w()}<p>{w()}<b>{w()}</b></p>{w()}<ul><li>{w()}<ol><li>{w()}</li></ol>{w()}</li></ul></div>{w()}"
        f"<table><tr><td>{w()}</td><td><p>{w()}</p></td></tr></table><blockquote>{w()}<p>{w()}<br/>{w()}</p></blockquote>"
        f"<pre>{w()}\n{w()}</pre><dl><dt>{w()}</dt><dd>{w()}</dd></dl><figure><figcaption>{w()}</figcaption></figure>{w()}"
    )
    book = read_body(tmp_path, body.replace("<b>", " <b>"))
    spoken = words(" ".join(block.text for block in book.chapters[0].blocks).replace(",", " "))
    assert spoken == [f"w{n}" for n in range(1, numbered.count + 1)]
