"""How much CPU time reading takes for each MB of XHTML, by the reader and by the second reading together.

python bench/reading.py

Books of 1, 4 and 36 MB in files of 18 KB are made of generated prose with headings, inline markup, notes, page numbers,
verse and tables. The limit is 1.5 s for each MB, and the cost of one MB may not rise with the size of the book.
"""

import random
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from mayabook.book import read_book
from mayabook.source_check import check_source

MEGABYTES = (1, 4, 36)
FILE_BYTES = 18_000
LIMIT = 1.5
"""Seconds of CPU for each MB of XHTML."""
MOST_GROWTH = 1.25
"""Cost of one MB of the largest book over that of the smallest."""

_HEAD = (
    '<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml" '
    'xmlns:epub="http://www.idpf.org/2007/ops"><head><title>Chapter</title></head><body>'
)
T = TypeVar("T")


def main() -> None:
    costs = []
    for megabytes in MEGABYTES:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "book.epub"
            n_bytes, n_files = write_book(file, megabytes * 1_000_000)
            book, reading = timed(lambda: read_book(file))  # noqa: B023  called at once
            source, checking = timed(lambda: check_source(file, book))  # noqa: B023
        assert source.differences == (), source.differences[0]
        costs.append((reading + checking) / n_bytes * 1e6)
        print(
            f"{n_bytes / 1e6:5.1f} MB in {n_files:5,} files: reading {reading:.2f} s, second reading {checking:.2f} s, "
            f"together {costs[-1]:.3f} s for each MB (limit {LIMIT} s)"
        )
    growth = costs[-1] / costs[0]
    print(f"one MB of the largest book costs {growth:.2f} times one of the smallest (limit {MOST_GROWTH})")
    sys.exit(max(costs) > LIMIT or growth > MOST_GROWTH)


def timed(call: Callable[[], T]) -> tuple[T, float]:
    started = time.process_time()
    result = call()
    return result, time.process_time() - started


def write_book(path: Path, n_bytes: int) -> tuple[int, int]:
    """Writes an EPUB with a table of contents; returns its bytes of XHTML and its number of content documents."""
    chance = random.Random(18)
    vocabulary = ["".join(chance.choices("etaoinshrdlu", k=chance.randint(1, 9))) for _ in range(5_000)]
    written, names = 0, list[str]()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        while written < n_bytes:
            names.append(f"chapter{len(names) + 1}.xhtml")
            page = _page(chance, vocabulary, len(names))
            archive.writestr(names[-1], page)
            written += len(page.encode())
        archive.writestr("nav.xhtml", _contents(names))
        archive.writestr("package.opf", _package(names))
        archive.writestr(
            "META-INF/container.xml",
            '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile '
            'full-path="package.opf" media-type="application/oebps-package+xml"/></rootfiles></container>',
        )
    return written, len(names)


def _page(chance: random.Random, vocabulary: list[str], number: int) -> str:
    parts, notes, size = [_HEAD, f'<h1 id="c{number}">Chapter {number}</h1>'], list[str](), 0
    while size < FILE_BYTES:
        text = " ".join(chance.choices(vocabulary, k=chance.randint(5, 120))).capitalize()
        opening = text[:40]
        kind = chance.random()
        if kind < 0.1:
            mark = len(notes) + 1
            text += f'.<sup><a epub:type="noteref" href="#n{mark}" id="r{mark}">{mark}</a></sup> And so on'
            notes.append(f'<aside epub:type="footnote" id="n{mark}"><p>A note about “{opening}”.</p></aside>')
        elif kind < 0.2:
            text = f'<span epub:type="pagebreak" id="p{len(parts)}">{len(parts)}</span>{text} <i>not at all</i> — café'
        elif kind < 0.25:
            text = "<br/>".join(text[start : start + 40] for start in range(0, len(text), 40))
        if kind > 0.97:
            cells = "".join(f"<td>{word}</td>" for word in text.split()[:4])
            parts.append(f"<table><tr>{cells}</tr></table>")
        else:
            parts.append(f'<p class="calibre{chance.randint(1, 9)}">{text}.</p>\n')
        size += len(parts[-1])
    return "".join((*parts, *notes, "</body></html>"))


def _contents(names: list[str]) -> str:
    links = "".join(f'<li><a href="{name}">Chapter {number}</a></li>' for number, name in enumerate(names, 1))
    return f'{_HEAD}<nav epub:type="toc"><ol>{links}</ol></nav></body></html>'


def _package(names: list[str]) -> str:
    items = "".join(f'<item id="{name}" href="{name}" media-type="application/xhtml+xml"/>' for name in names)
    order = "".join(f'<itemref idref="{name}"/>' for name in names)
    return (
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id"><metadata '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Generated</dc:title><dc:language>en</dc:language>'
        f'<dc:identifier id="id">generated</dc:identifier></metadata><manifest>{items}<item id="nav" href="nav.xhtml" '
        f'media-type="application/xhtml+xml" properties="nav"/></manifest><spine>{order}</spine></package>'
    )


if __name__ == "__main__":
    main()
