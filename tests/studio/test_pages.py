"""The pages in a browser, on a real server: what they weigh, whom they shut out, and what a person does with a book."""

import json
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.studio.conftest import SHOWN, TOKEN, Studio, write_short_book

MOST_BYTES = 300_000
"""Of the first page, as they are transferred."""
BOOK = "/book/short.epub"
PAGES = (
    "/",
    BOOK,
    f"{BOOK}/run",
    f"{BOOK}/review",
    f"{BOOK}/listen",
    f"{BOOK}/report",
    "/voices",
    "/reports",
    "/book/nowhere.epub",
)
SECONDS = 1000.0


@pytest.fixture(autouse=True)
def _patience() -> None:
    expect.set_options(timeout=20 * SECONDS)


def open_page(page: Page, studio: Studio, path: str) -> None:
    """Opens a page, and waits until what it reads in the background is there."""
    page.goto(studio.url(path))
    expect(page.locator("main [role=status]:not(.messages)")).to_have_count(0)


def test_the_first_page_is_small(browser: Browser, studio: Studio) -> None:
    context = browser.new_context()
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(studio.url(f"/?token={TOKEN}"))
    expect(page.get_by_role("link", name="A Short Walk")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert len(sizes) > 5
    assert sum(sizes) < MOST_BYTES
    context.close()


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_no_page_shuts_anybody_out(page: Page, studio: Studio, colours: str) -> None:
    """axe-core finds nothing serious, and nothing is wider than a small telephone."""
    page.emulate_media(color_scheme=colours)  # type: ignore[arg-type]
    for path in PAGES:
        page.set_viewport_size({"width": 1280, "height": 900})
        open_page(page, studio, path)
        found = Axe().run(page).response["violations"]
        serious = [
            (each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in ("serious", "critical")
        ]
        assert serious == [], path
        page.set_viewport_size({"width": 360, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path


def test_a_book_is_shown_as_it_is_written(page: Page, studio: Studio) -> None:
    """Titles are no markup, wherever they are shown."""
    expect(page.get_by_role("link", name=SHOWN, exact=True)).to_be_visible()
    open_page(page, studio, "/book/hostile.epub")
    expect(page.get_by_role("heading", level=1)).to_have_text(SHOWN)
    assert page.evaluate("window.hacked") is None
    page.goto(studio.url("/book/..%2F..%2Fetc%2Fpasswd"))
    expect(page.get_by_text("There is no book").or_(page.get_by_text("not found"))).to_be_visible()


@pytest.fixture
def chosen(studio: Studio) -> Iterator[str]:
    """A book whose choices are forgotten afterwards."""
    write_short_book(studio.folder / "chosen.epub", title="Chosen")
    yield "/book/chosen.epub"
    for file in studio.folder.glob("chosen.*"):
        file.unlink()


def test_choices_are_written_beside_the_book_by_the_keyboard_alone(page: Page, studio: Studio, chosen: str) -> None:
    settings, lexicon = studio.folder / "chosen.settings.toml", studio.folder / "chosen.lexicon.toml"
    open_page(page, studio, chosen)
    tick = page.get_by_role("checkbox", name="Narrate Two")
    expect(tick).to_be_checked()
    tick.focus()
    page.keyboard.press("Space")
    expect(page.get_by_text("Skipped: you skip it")).to_be_visible()
    assert "skip" in settings.read_text()
    said = page.get_by_label("Say Ondrelle as")
    said.focus()
    page.keyboard.type("On drell")
    page.keyboard.press("Enter")
    expect(page.get_by_text("On drell").first).to_be_visible()
    assert 'Ondrelle = "On drell"' in lexicon.read_text()
    page.get_by_label("Loudness").fill("99")
    page.keyboard.press("Tab")
    expect(page.locator(".message.error")).to_contain_text("-40 to -5")
    assert "loudness" not in settings.read_text()
    page.reload()
    expect(page.get_by_role("checkbox", name="Narrate Two")).not_to_be_checked()


def test_choices_that_are_not_right_are_told(page: Page, studio: Studio, chosen: str) -> None:
    (studio.folder / "chosen.settings.toml").write_text("[master]\nloudness = 99\n")
    page.goto(studio.url(chosen))
    expect(page.get_by_role("alert")).to_contain_text("-40 to -5")


def test_a_chapter_shows_what_will_be_said(page: Page, studio: Studio) -> None:
    open_page(page, studio, BOOK)
    expect(page.get_by_title("printed “40 km”")).to_have_text("forty kilometers")
    page.get_by_role("button", name="Two", exact=True).click()
    expect(page.get_by_role("heading", name="How “Two” will be said")).to_be_visible()


def test_a_book_is_added_and_narrated(page: Page, studio: Studio, browser: Browser) -> None:
    """From a file to the audiobook; a second tab sees the same."""
    book = write_short_book(studio.folder.parent / "added.epub", title="Added")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Add books").click()
    chooser.value.set_files(book)
    page.get_by_role("link", name="Added").click()
    page.get_by_role("button", name="Narrate this book").click()
    page.wait_for_url("**/run")
    other = page.context.new_page()
    other.goto(studio.url("/"))
    state = other.get_by_role("listitem").filter(has_text="Added")
    expect(page.locator(".run-state .badge")).to_have_text("narrated", timeout=120 * SECONDS)
    expect(state.locator(".badge")).to_have_text("narrated")
    expect(page.locator(".facts")).to_contain_text("4 of 4")
    page.locator("canvas").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("slider", name="Map of the book")).to_have_attribute(
        "aria-valuetext", "Chunk 2 · One · heard as written"
    )
    page.keyboard.press("Enter")
    page.wait_for_url("**/review?chunk=2")
    with other.expect_download() as download:
        state.get_by_role("link", name="Download Added").click()
    assert download.value.path().read_bytes() == (studio.folder / "added.m4b").read_bytes()
    open_page(page, studio, "/book/added.epub/report")
    heard = json.loads((studio.folder / "added.mayabook" / "coverage.json").read_text())["sentences"]["heard"]
    expect(page.locator(".facts").first).to_contain_text(f"{heard}")
