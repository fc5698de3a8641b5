"""Formulas that a book prints as TeX, as some converters leave them: "so $x^2$ grows" is read "so x squared grows"."""

import re
from dataclasses import replace

from mayabook.book.content_document import ContentDocument
from mayabook.book.formulas import IN_WORDS, NOT_IN_WORDS, UNREADABLE
from mayabook.book.math_speech import speak
from mayabook.book.xml_parsing import parse_xml

_TEX = re.compile(
    r"\$\$(?P<display>[^$]{1,400})\$\$"
    r"|\\\[(?P<brackets>.{1,400}?)\\\]|\\\((?P<parentheses>.{1,200}?)\\\)"
    r"|(?<![\w$\\])\$(?P<inline>[^\s$](?:[^$]{0,198}[^\s$\\])?)\$(?![\d$])"
)
_NOTATION = re.compile(r"\\[A-Za-z]|[\^_]|^[A-Za-z](?:\s?[-+=<>/]\s?\w+)*$")
"""What formulas have and prose between two prices has not."""
_COMMAND = re.compile(r"\\[A-Za-z]+\*?(?:\s?\{[^{}]*\})?")
_WORD = re.compile(r"[^\W\d_]{4}")


def read_tex_formulas(document: ContentDocument) -> None:
    """Puts TeX into words; what has no form in words is read as "formula"."""
    for index, doc_block in enumerate(document.blocks):
        block = doc_block.block
        if "$" not in block.text and "\\" not in block.text:
            continue
        text, last = "", 0
        for match in _TEX.finditer(block.text):
            tex = match[match.lastgroup or 0].strip()
            if not _is_formula(tex):
                continue
            words = _speak_tex(tex)
            reason, source = (NOT_IN_WORDS, "word for a formula") if words is None else (IN_WORDS, "formula in words")
            said = words or UNREADABLE
            document.omit(match[0], reason, block.path)
            document.supply(said, source, block.path)
            text += block.text[last : match.start()] + _apart(said, block.text[match.end() : match.end() + 1])
            last = match.end()
        if last:
            document.blocks[index] = replace(doc_block, block=replace(block, text=text + block.text[last:]))


def _is_formula(tex: str) -> bool:
    return _NOTATION.search(tex) is not None and _WORD.search(_COMMAND.sub(" ", tex)) is None


def _apart(words: str, after: str) -> str:
    """With a space where words would touch what follows; "$n$th" is "nth"."""
    return f"{words} " if after.isalnum() and len(words) > 1 else words


def _speak_tex(tex: str) -> str | None:
    """A formula in words; None where it is not TeX or there is no rule for a part of it."""
    from latex2mathml.converter import convert

    try:
        root = parse_xml(convert(tex).encode()).root
    except Exception:  # noqa: BLE001  the library's errors have no class in common
        return None
    words = None if root is None else speak(root)
    return None if words is None or "\\" in words else words
