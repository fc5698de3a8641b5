"""Review and listening in a browser, by the keyboard alone, on a finished job with one flagged passage."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from mayabook.render import DecisionKind
from mayabook.review import open_review
from tests import runs
from tests.studio.conftest import TOKEN, Studio

REVIEW, LISTEN = "/book/door.epub/review", "/book/door.epub/listen"
SECONDS = 1000.0


@pytest.fixture
def job(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The job folder of a book in the library, as if the command line had made it there. Ask for it before `page`, so
    that no page is open when it is removed."""
    finished, _ = runs.finished_job(tmp_path_factory)
    for path in finished.parent.glob("door.*"):
        if path.is_dir():
            shutil.copytree(path, studio.folder / path.name, dirs_exist_ok=True)
        else:
            shutil.copy(path, studio.folder)
    yield studio.folder / finished.name
    for path in studio.folder.glob("door.*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)  # the server may still hear from the page that was closed
        else:
            path.unlink()


@pytest.fixture(autouse=True)
def _patience() -> None:
    expect.set_options(timeout=20 * SECONDS)


def decisions(job: Path) -> list[tuple[DecisionKind, str]]:
    with open_review(job, beside_a_run=True) as review:
        return [(each.kind, each.note) for each in review.decisions()]


def test_a_passage_is_decided_and_undone_by_the_keyboard_alone(job: Path, page: Page, studio: Studio) -> None:
    page.goto(studio.url(REVIEW))
    heading, filters = page.locator("#passage"), page.get_by_label("Passages to show")
    expect(heading).to_have_text("Passage 2")
    expect(filters).to_contain_text("To decide (1)")
    expect(page.locator(".review-text del").first).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("undo the latest decision")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.keyboard.press("2")
    expect(page.get_by_role("button", name="Pause take 2")).to_be_visible()
    page.keyboard.press("1")  # goes on where the other one was
    expect(page.get_by_role("button", name=re.compile("Pause take"))).to_have_accessible_name("Pause take 1")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name=re.compile("Pause take"))).to_have_count(0)
    page.keyboard.press("c")
    page.keyboard.type("the second is right, really")
    page.keyboard.press("Tab")
    page.keyboard.press("2")
    expect(page.get_by_role("button", name="Pause take 2")).to_be_visible()
    page.keyboard.press("t")
    expect(filters).to_contain_text("Accepted by a person (1)")
    assert decisions(job) == [(DecisionKind.TAKE_CHOSEN, "the second is right, really")]
    expect(page.locator(".review-main > .notice")).to_contain_text("does not include your latest decisions")
    page.keyboard.press("u")
    expect(filters).to_contain_text("Flagged (1)")
    assert decisions(job) == []
    page.keyboard.press("e")
    said = page.get_by_role("textbox", name="What it says")
    expect(said).to_be_focused()
    said.fill("— — —")
    page.get_by_role("button", name="Speak this").press("Enter")
    expect(page.locator(".message.error")).to_contain_text("has no words")
    assert decisions(job) == []


def test_the_spoken_word_is_marked_and_a_wrong_one_is_reported(job: Path, page: Page, studio: Studio) -> None:
    page.goto(studio.url(LISTEN))
    word = page.locator(".word", has_text="rain.")
    word.click()
    expect(word).to_have_class(re.compile("now"))
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.keyboard.press("Space")
    at = float(page.locator("audio").evaluate("(player) => player.currentTime"))
    page.keyboard.press("w")
    expect(page.locator(".message")).to_contain_text("Sent to the review: “She read it aloud")
    assert [kind for kind, _ in decisions(job)] == [DecisionKind.REPORTED]
    page.reload()
    expect(page.locator(".word.now")).to_have_text("rain.")
    assert float(page.locator("input[type=range]").input_value()) == pytest.approx(at, abs=0.5)
    page.goto(studio.url(REVIEW))
    expect(page.locator(".passage").first).to_contain_text("reported by a listener")


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_review_and_listening_shut_nobody_out(job: Path, page: Page, studio: Studio, colours: str) -> None:
    page.emulate_media(color_scheme=colours)  # type: ignore[arg-type]
    for path, there in ((REVIEW, ".take"), (LISTEN, ".word.now")):
        page.set_viewport_size({"width": 1280, "height": 900})
        page.goto(studio.url(path))
        expect(page.locator(there).first).to_be_visible()
        found = Axe().run(page).response["violations"]
        serious = [
            (each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in ("serious", "critical")
        ]
        assert serious == [], path
        page.set_viewport_size({"width": 360, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path


def test_audio_is_served_in_ranges_and_to_nobody_else(studio: Studio, job: Path) -> None:
    address, whole = studio.url("/book/door.epub/audio/0"), job.with_suffix(".m4b").read_bytes()
    assert httpx.get(address).status_code == 401
    with httpx.Client(headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        part = client.get(address, headers={"Range": "bytes=1000-1999"})
        assert (part.status_code, part.content) == (206, whole[1000:2000])
        assert part.headers["content-range"] == f"bytes 1000-1999/{len(whole)}"
        assert client.get(address, headers={"Range": f"bytes={len(whole)}-"}).status_code == 416
        for missing in ("audio/1", "takes/..%2Fledger.sqlite", "takes/none.flac", "text/9"):
            assert client.get(studio.url(f"/book/door.epub/{missing}")).status_code == 404, missing
        assert client.get(studio.url("/book/short.epub/audio/0")).status_code == 404
