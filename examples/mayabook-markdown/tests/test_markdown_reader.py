"""The Markdown reader, where its package is installed."""

from pathlib import Path

import pytest

from mayabook.book import read_book
from mayabook.core.book import Book
from mayabook.core.errors import BookError
from mayabook.core.settings import BookSettings
from mayabook.testing import ReaderContract
from mayabook_markdown import MarkdownReader

STORY = """---
title: "The Boat"
author: Ann Author
language: en-GB
---
# The Boat

## One

The boat came in at *dawn*,
with [nobody](https://example.org) aboard.

> “Who left it there?”

---

- a rope
- an `oar`

## Two

![A pier](pier.png)

| what | where |
|------|-------|
| rope | pier  |

```
print("code")
```

It rained<br> all night.
"""


def read(folder: Path, text: str, settings: BookSettings | None = None) -> Book:
    file = folder / "story.md"
    file.write_text(text, encoding="utf-8")
    return read_book(file, settings)


def kinds_and_texts(book: Book) -> list[list[tuple[str, str]]]:
    return [[(str(block.kind), block.text) for block in chapter.blocks] for chapter in book.chapters]


class TestMarkdownReader(ReaderContract):
    reader = MarkdownReader()
    parsers = ("markdown_it", "lxml")

    def sample(self, folder: Path) -> Path:
        file = folder / "story.md"
        file.write_text(STORY, encoding="utf-8")
        return file


def test_a_story(tmp_path: Path) -> None:
    book = read(tmp_path, STORY)
    assert (book.title, book.authors, book.language) == ("The Boat", ("Ann Author",), "en-GB")
    assert [chapter.title for chapter in book.chapters] == ["One", "Two"]
    assert kinds_and_texts(book) == [
        [
            ("heading", "One"),
            ("paragraph", "The boat came in at dawn, with nobody aboard."),
            ("quote", "“Who left it there?”"),
            ("scene_break", ""),
            ("list_item", "a rope"),
            ("list_item", "an oar"),
        ],
        [
            ("heading", "Two"),
            ("table_row", "what, where"),
            ("table_row", "rope, pier"),
            ("paragraph", "It rained all night."),
        ],
    ]
    assert [(left.text, left.reason) for left in book.left_out] == [('print("code")', "it is code")]


def test_images_are_read_on_request(tmp_path: Path) -> None:
    book = read(tmp_path, STORY, BookSettings(image_alt=True))
    assert ("paragraph", "A pier") in kinds_and_texts(book)[1]


def test_several_top_headings_are_chapters(tmp_path: Path) -> None:
    book = read(tmp_path, "# Morning\n\nIt began.\n\n## Later\n\nIt went on.\n\n# Evening\n\nIt ended.\n")
    assert (book.title, [chapter.title for chapter in book.chapters]) == ("story", ["Morning", "Evening"])


def test_what_holds_no_words_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BookError, match=r"^story\.md contains no words: choose another file\.$"):
        read(tmp_path, "***\n")


def test_prose_between_breaks_is_no_front_matter(tmp_path: Path) -> None:
    book = read(tmp_path, "---\nHe left, and\ntitle: none.\n\n---\n\nShe stayed.\n")
    assert book.title == "story"
    assert [text for _, text in kinds_and_texts(book)[0] if text] == ["He left, and title: none.", "She stayed."]
