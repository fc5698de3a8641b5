"""Measures reading on small cases of markup and writes the table of docs/reading.md.

    python -m bench.reading_cases                       the table
    python -m bench.reading_cases books FOLDER          an EPUB for each case, for bench/reading_cases/libraries.py
    python -m bench.reading_cases wrong                 the cases that are not right

What libraries make of the books is read from bench/reading_cases/libraries.json, which libraries.py writes.
"""

import html
import json
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mayabook.book import read_book
from mayabook.core.book import BlockKind
from tests.epubs import write_epub, xhtml

FOLDER = Path(__file__).parent
PAGE = Path(__file__).parents[2] / "docs" / "reading.md"
BEGIN, END = "<!-- reading: begin -->", "<!-- reading: end -->"
_TOKEN = re.compile(r"\w+|[^\w\s]")

Said = Callable[["Case"], str]
"""The text that is made of a case."""


@dataclass(frozen=True, slots=True)
class Case:
    """number: from 1, in the file. pages: bodies of the documents of a book. expected: what is narrated of it; a scene
    break is * * *."""

    number: int
    name: str
    pages: tuple[str, ...]
    expected: str

    def is_right(self, text: str) -> bool:
        """Words and signs count; where spaces stand between them does not, nor do lines."""
        return _TOKEN.findall(text) == _TOKEN.findall(self.expected)


def read_cases() -> Iterator[Case]:
    name, body = "", ""
    number = 0
    for line in (FOLDER / "cases.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            name = line[3:]
        elif line.startswith("= "):
            number += 1
            yield Case(number, name, tuple(body.split(" |||| ")), line[2:])
        else:
            body = line


def write_book(case: Case, folder: Path) -> Path:
    pages = {f"{n}.xhtml": xhtml(body) for n, body in enumerate(case.pages)}
    return write_epub(folder / f"{case.number}.epub", pages, toc=[("One", "0.xhtml")])


def ours(case: Case) -> str:
    with tempfile.TemporaryDirectory() as folder:
        book = read_book(write_book(case, Path(folder)))
    blocks = (block for chapter in book.narrated for block in chapter.blocks)
    return " ".join("* * *" if block.kind is BlockKind.SCENE_BREAK else block.text for block in blocks)


def tags_removed(case: Case) -> str:
    """The text between the tags, as a program without a library for it would take it."""
    text = re.sub(r"</?(?:p|div|h\d|li|td|tr|br)\b[^>]*>", " ", " ".join(case.pages))
    return html.unescape(re.sub(r"<[^>]+>", "", text))


def table() -> str:
    cases = list(read_cases())
    texts: dict[str, dict[str, str]] = json.loads((FOLDER / "libraries.json").read_text(encoding="utf-8"))
    columns: dict[str, Said] = {"MayaBook": ours}
    columns |= {name: lambda case, found=found: found[str(case.number)] for name, found in texts.items()}  # type: ignore[misc]
    columns["none"] = tags_removed
    rows = [["construction", "cases", *columns], ["---", *["--:"] * (1 + len(columns))]]
    for name in (*dict.fromkeys(case.name for case in cases), "all"):
        of_name = [case for case in cases if name in (case.name, "all")]
        right = [sum(case.is_right(said(case)) for case in of_name) for said in columns.values()]
        rows.append([name, str(len(of_name)), *(f"{100 * n / len(of_name):.0f} %" for n in right)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["books"]:
        for case in read_cases():
            write_book(case, Path(arguments[1]))
    elif arguments[:1] == ["wrong"]:
        for case in read_cases():
            if not case.is_right(text := ours(case)):
                print(f"{case.name} {case.number}: {' |||| '.join(case.pages)}\n= {case.expected}\n? {text}")
    else:
        page = PAGE.read_text(encoding="utf-8")
        before, _, rest = page.partition(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n{table()}\n{END}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
