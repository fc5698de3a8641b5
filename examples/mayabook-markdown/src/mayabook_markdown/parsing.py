"""Markdown -> Book, by markdown-it-py."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from mayabook.book.heading_chapters import split_at_headings
from mayabook.book.reader import unreadable
from mayabook.book.text_cleaning import clean_text, has_words, is_ornament
from mayabook.core.book import Block, BlockKind, Book, LeftOut
from mayabook.core.errors import BookError
from mayabook.core.settings import BookSettings

_FRONT_MATTER = re.compile(
    r"---[ \t]*\n((?:[\w-]+[ \t]*:.*\n|[ \t]+\S.*\n|- .*\n|#.*\n)+)(?:---|\.\.\.)[ \t]*(?:\n|\Z)"
)
"""Lines of YAML only: prose between two thematic breaks is none."""
_FRONT_MATTER_LINE = re.compile(r"(title|author|language)\s*:\s*(.+)", re.IGNORECASE)
_INNERMOST = (("blockquote", BlockKind.QUOTE), ("list_item", BlockKind.LIST_ITEM))
_LEFT_OUT = {"fence": "it is code", "code_block": "it is code", "html_block": "it is HTML"}


def read_markdown(path: Path, settings: BookSettings) -> Book:
    """Raises BookError where the file is no text in UTF-8, too large or without words."""
    text = _decoded(path, settings.max_bytes)
    facts: dict[str, str] = {}
    if front_matter := _FRONT_MATTER.match(text):
        for line in front_matter[1].splitlines():
            if found := _FRONT_MATTER_LINE.fullmatch(line.strip()):
                facts[found[1].lower()] = clean_text(found[2].strip("\"'"))
        text = text[front_matter.end() :]
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    blocks = list(_blocks(tokens, path.name, settings.image_alt))
    if not any(has_words(block.text) for block in blocks):
        raise BookError(f"{path.name} contains no words: choose another file.")
    title, blocks = _title_taken_off(blocks)
    return Book(
        title=facts.get("title") or title or path.stem,
        authors=(facts["author"],) if facts.get("author") else (),
        chapters=split_at_headings(blocks, _chapter_level(blocks)),
        language=facts.get("language") or "en",
        left_out=tuple(
            LeftOut(clean_text(token.content), _LEFT_OUT[token.type], path.name, _line(token))
            for token in tokens
            if token.type in _LEFT_OUT and has_words(token.content)
        ),
    )


def _decoded(path: Path, max_bytes: int) -> str:
    try:
        if path.stat().st_size > max_bytes:
            raise BookError(
                f"{path.name} is larger than the setting book.max_bytes allows: raise it if you trust the file."
            )
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise unreadable(path, error) from error
    except UnicodeDecodeError as error:
        raise BookError(f"{path.name} is not UTF-8 text: save it as UTF-8.") from error


def _title_taken_off(blocks: list[Block]) -> tuple[str, list[Block]]:
    """The title of the book and the rest, where the book begins with the only heading of level 1."""
    tops = [block for block in blocks if block.kind is BlockKind.HEADING and block.level == 1]
    if len(tops) == 1 and tops[0] is blocks[0] and len(blocks) > 1:
        return blocks[0].text, blocks[1:]
    return "", blocks


def _chapter_level(blocks: Sequence[Block]) -> int:
    """The topmost level of heading that occurs twice, else the topmost there is."""
    counts = Counter(block.level for block in blocks if block.kind is BlockKind.HEADING)
    return min([level for level in counts if counts[level] > 1] or counts, default=1)


def _blocks(tokens: Sequence[Token], file_name: str, image_alt: bool) -> Iterator[Block]:
    """One block for each heading, paragraph, table row and thematic break."""
    opened: list[str] = []
    row: list[str] = []
    level = 0
    for token in tokens:
        if token.type == "hr":
            yield Block(BlockKind.SCENE_BREAK, "", file_name, _line(token))
        elif token.type == "inline":
            text = clean_text(_plain_text(token.children or [], image_alt))
            if "tr" in opened:
                row.append(text)
            elif is_ornament(text):
                yield Block(BlockKind.SCENE_BREAK, "", file_name, _line(token))
            elif text and opened[-1] == "heading":
                yield Block(BlockKind.HEADING, text, file_name, _line(token), level)
            elif text:
                yield Block(_kind(opened), text, file_name, _line(token))
        elif token.nesting == 1:
            opened.append(token.type.removesuffix("_open"))
            level = int(token.tag[1]) if token.type == "heading_open" else level
        elif token.nesting == -1:
            if opened.pop() == "tr" and (text := ", ".join(filter(None, row))):
                yield Block(BlockKind.TABLE_ROW, text, file_name, "")
            row = [] if token.type == "tr_close" else row


def _kind(opened: Sequence[str]) -> BlockKind:
    """By the innermost quote or list item that the text stands in."""
    kinds = dict(_INNERMOST)
    return next((kinds[name] for name in reversed(opened) if name in kinds), BlockKind.PARAGRAPH)


def _plain_text(tokens: Sequence[Token], image_alt: bool) -> str:
    """Text without emphasis, links and HTML tags."""
    parts = []
    for token in tokens:
        if token.type in ("text", "code_inline"):
            parts.append(token.content)
        elif token.type in ("softbreak", "hardbreak"):
            parts.append(" ")
        elif token.type == "image" and image_alt:
            parts.append(token.content)
    return "".join(parts)


def _line(token: Token) -> str:
    """Where it stands: line of the file, from 1, front matter aside."""
    return f"/line[{token.map[0] + 1}]" if token.map else ""
