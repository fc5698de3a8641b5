"""The review page, written by `mayabook.review` itself."""

from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest

from mayabook.core.errors import JobError
from mayabook.review import open_review, write_review_page
from mayabook.review.page import WAVEFORM_COLUMNS


class Elements(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.names = Counter[str]()
        self.rectangles: list[dict[str, str | None]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names[tag] += 1
        if tag == "rect":
            self.rectangles.append(dict(attrs))


def test_each_take_has_a_player_and_its_findings_stand_in_the_waveform(finished_job: Path, tmp_path: Path) -> None:
    with open_review(finished_job) as review:
        entries = review.entries()
        write_review_page(tmp_path / "page.html", "The <Door>", entries)
    page = (tmp_path / "page.html").read_text()
    shown = Elements(page)
    assert "The &lt;Door&gt;: review" in page
    assert shown.names["audio"] == shown.names["svg"] == len(entries[0].takes)
    timed = [
        finding
        for _, verdict in entries[0].takes
        if verdict
        for finding in verdict.findings
        if finding.start is not None
    ]
    assert len(shown.rectangles) == len(timed) > 0
    for mark in shown.rectangles:
        assert 0 <= float(str(mark["x"])) <= WAVEFORM_COLUMNS
        assert float(str(mark["width"])) >= 1


def test_a_take_whose_audio_is_damaged_is_named(job: Path, tmp_path: Path) -> None:
    with open_review(job) as review:
        entries = review.entries()
        entries[0].take.file.write_bytes(b"no FLAC")
        with pytest.raises(JobError, match=entries[0].take.file.name):
            write_review_page(tmp_path / "page.html", "The Door", entries)
    assert not (tmp_path / "page.html").exists()
