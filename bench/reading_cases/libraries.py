"""Lets libraries extract the text of the cases, in an environment of its own that has them.

    python -m bench.reading_cases books FOLDER
    VENV/bin/pip install ebooklib beautifulsoup4 html2text trafilatura lxml_html_clean
    VENV/bin/python bench/reading_cases/libraries.py FOLDER bench/reading_cases/libraries.json

It imports nothing of this project.
"""

import json
import sys
from pathlib import Path

import html2text
import trafilatura
from bs4 import BeautifulSoup
from ebooklib import ITEM_DOCUMENT, epub


def _documents(book: Path) -> list[str]:
    """The documents of a book as ebooklib gives them, without the navigation."""
    items = epub.read_epub(str(book), options={"ignore_ncx": True}).get_items_of_type(ITEM_DOCUMENT)
    return [item.get_content().decode() for item in items if not isinstance(item, epub.EpubNav)]


def _beautiful_soup(markup: str) -> str:
    return " ".join(BeautifulSoup(markup, "html.parser").get_text("", strip=False).split())


def _html2text(markup: str) -> str:
    converter = html2text.HTML2Text(bodywidth=0)
    converter.ignore_links = converter.ignore_emphasis = converter.ignore_images = True
    return " ".join(line.lstrip("#> ") for line in converter.handle(markup).splitlines())


def _trafilatura(markup: str) -> str:
    text = trafilatura.extract(markup, include_comments=False, favor_recall=True)
    return text or ""


LIBRARIES = {"Beautiful Soup": _beautiful_soup, "html2text": _html2text, "trafilatura": _trafilatura}


def main(folder: Path, out: Path) -> None:
    books = sorted(folder.glob("*.epub"), key=lambda book: int(book.stem))
    documents = {book.stem: _documents(book) for book in books}
    texts = {
        name: {number: " ".join(map(extract, pages)) for number, pages in documents.items()}
        for name, extract in LIBRARIES.items()
    }
    out.write_text(json.dumps(texts, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
