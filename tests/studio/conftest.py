"""A real server of the studio in a process of its own, and a real browser."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.epubs import write_epub

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
TOKEN = "a-token-for-tests"
ONE = (
    "<h1>One</h1><p>On 3 May 1897 the probe sank 40 km south of Quarrelhythe.</p>"
    "<p>We waved at Ondrelle. Ondrelle waved back.</p>"
)
TWO = "<h1>Two</h1><p>It rained all day, and nobody minded it.</p>"
HOSTILE = (
    "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 2'>`${window.hacked=3}` \u202eevil\u202c"
)
"""The title of a book."""
SHOWN = HOSTILE.replace("\u202e", "").replace("\u202c", "")
"""What a page must show of it: everything but the marks that turn the direction of the text."""


@dataclass(frozen=True)
class Studio:
    """A running server."""

    address: str
    """Without a slash at its end."""
    folder: Path
    """Its library: `short.epub`, and `hostile.epub` whose title is HOSTILE."""
    pid: int

    def url(self, path: str = "/") -> str:
        return f"{self.address}{path}"


def start_studio(folder: Path) -> "subprocess.Popen[str]":
    """The server process for a library; `address_of` waits until it is there. It does not know that it is tested:
    NiceGUI compresses nothing under pytest."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    return subprocess.Popen(
        [sys.executable, "-m", "mayabook", "serve", str(folder), "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
        env=environment | {"MAYABOOK_TOKEN": TOKEN, "MAYABOOK_VOICES": str(folder / "voices")},
    )


def address_of(server: "subprocess.Popen[str]") -> str:
    assert server.stdout is not None
    for line in server.stdout:
        if line.startswith("Open "):
            return line.split()[1].partition("/?")[0]
    raise AssertionError("The server ended before it said its address.")


def write_short_book(file: Path, title: str = "A Short Walk") -> Path:
    documents = {"one.xhtml": ONE, "two.xhtml": TWO}
    return write_epub(file, documents, toc=[("One", "one.xhtml"), ("Two", "two.xhtml")], title=title)


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    folder = tmp_path_factory.mktemp("library")
    write_short_book(folder / "short.epub")
    escaped = HOSTILE.replace("&", "&amp;").replace("<", "&lt;")
    write_short_book(folder / "hostile.epub", title=escaped)
    server = start_studio(folder)
    try:
        yield Studio(address_of(server), folder, server.pid)
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(timeout=60)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium; tests that need it are skipped where there is none."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium; apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, studio: Studio) -> Iterator[Page]:
    """A page of a browser that is signed in; nothing may go wrong in its console."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(studio.url(f"/?token={TOKEN}"))
    yield page
    context.close()
    assert faults == []
