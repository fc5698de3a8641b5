"""Builds blocks from the text that was gathered for them: paragraphs, verse lines, rows, lines of headings."""

from collections.abc import Iterable

from mayabook.book.content_document import ContentDocument, DocumentBlock
from mayabook.book.element_path import ElementPath
from mayabook.book.frames import LEVEL_BY_CLASS, Frame
from mayabook.book.heading_text import heading_lines, is_chapter_line
from mayabook.book.layout_heuristics import is_verse
from mayabook.book.letterspacing import close_spaced_letters
from mayabook.book.text_cleaning import clean_text, has_words, is_lettered_ornament, is_ornament
from mayabook.core.book import Block, BlockKind

LINE_END = "\x1e"
CELL_END = "\x1f"
"""Mark the ends of lines and of table cells in gathered text; the parser removes such control characters from books."""


class BlockBuilder:
    """Adds blocks to a document. path: of the element that the walk is in."""

    def __init__(self, document: ContentDocument, path: ElementPath) -> None:
        self._document = document
        self._path = path

    def add_text(self, raw: str, frame: Frame, linked: float) -> None:
        """Adds the blocks that gathered text makes in a frame. linked: share of its characters that are links."""
        raw = close_spaced_letters(raw)
        if frame.in_row:
            self.add(frame.kind, _joined_cells(map(clean_text, raw.split(CELL_END))), frame, linked)
        elif frame.kind is BlockKind.HEADING:
            for line in heading_lines(list(filter(None, map(clean_text, raw.split(LINE_END))))):
                self.add(frame.kind, line, frame, linked)
        else:
            for lines in _paragraphs(raw):
                in_prose = frame.kind in (BlockKind.PARAGRAPH, BlockKind.QUOTE)
                if frame.kind is BlockKind.VERSE or (in_prose and is_verse(lines)):
                    for line in lines:
                        self.add(BlockKind.VERSE, line, frame, linked)
                else:
                    self._add_paragraph(" ".join(lines), frame, linked)

    def _add_paragraph(self, text: str, frame: Frame, linked: float) -> None:
        if frame.kind is BlockKind.PARAGRAPH and not linked and is_chapter_line(text):
            frame = frame._replace(kind=BlockKind.HEADING, level=LEVEL_BY_CLASS)
        self.add(frame.kind, text, frame, linked)

    def add(self, kind: BlockKind, text: str, frame: Frame, linked: float = 0.0) -> None:
        """Adds one block; what is an ornament becomes a scene break."""
        if not has_words(text) and kind in (BlockKind.LIST_ITEM, BlockKind.TABLE_ROW):
            return
        path = self._path.first(frame.steps)
        if is_lettered_ornament(text):
            self._document.omit(text, "ornament", path)
            text = ""
        elif not text and kind is not BlockKind.SCENE_BREAK:
            return
        if kind is BlockKind.SCENE_BREAK or not text or is_ornament(text):
            kind, text = BlockKind.SCENE_BREAK, ""
        level = frame.level if kind is BlockKind.HEADING else 0
        block = Block(kind, text, self._document.href, path, level)
        self._document.blocks.append(DocumentBlock(block, frame.declared, linked, frame.is_note))


def _joined_cells(cells: Iterable[str]) -> str:
    """The cells of a row, with a comma after those that end in no punctuation."""
    filled = list(filter(None, cells))
    return " ".join([*(cell if cell[-1] in ",;:.!?…—" else f"{cell}," for cell in filled[:-1]), *filled[-1:]])


def _paragraphs(raw: str) -> list[list[str]]:
    """Clean lines, grouped by the empty lines between them."""
    groups: list[list[str]] = [[]]
    for line in map(clean_text, raw.split(LINE_END)):
        if is_ornament(line):
            groups += [[line], []]
        elif line:
            groups[-1].append(line)
        elif groups[-1]:
            groups.append([])
    return [lines for lines in groups if lines]
