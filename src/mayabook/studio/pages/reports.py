"""The pages of reports: where every word of a book went, what was heard, and the voice over the book."""

from collections.abc import Callable, Sequence

from nicegui import ui

from mayabook.studio.pages.elements import fact, link, reporting, tag, text
from mayabook.studio.pages.layout import BookHead, book_address, cover
from mayabook.studio.pages.wording import counted
from mayabook.studio.report_view import CoverageView, DoubtfulSentence, LabRun, Plot

WIDTH, HEIGHT = 900, 90
"""Of a plot, in SVG user units."""
MOST_SENTENCES = 100
"""Doubtful sentences listed at most; the review lists all of them."""


class BookReportPage:
    """The report of one book."""

    def __init__(self, book_id: str, read: Callable[[], CoverageView | None]) -> None:
        self._id, self._read = book_id, read
        self._place = tag("div", "page")
        with self._place:
            tag("p", "muted", text="Reading the report …", role="status")
        ui.timer(0, lambda: reporting(self._show), once=True)

    def _show(self) -> None:
        self._place.clear()
        with self._place:
            coverage = self._read()
            if coverage is None:
                with tag("div", "card empty"):
                    tag("p", text="There is no report yet. It is written when the book has been narrated.")
                    link("To the run", book_address(self._id, "run"), classes="button")
                return
            self._facts(coverage)
            self._words(coverage)
            if coverage.plots:
                with tag("section", "section", aria_labelledby="plots"):
                    tag("h2", id="plots", text="The voice through the book")
                    tag("p", "muted small", text="One point for each chunk except the shortest; outliers are circled.")
                    for plot in coverage.plots:
                        self._plot(plot, coverage.n_chunks)
            if coverage.doubtful:
                self._doubtful(coverage.doubtful)

    def _facts(self, coverage: CoverageView) -> None:
        with tag("section", "card padded section", aria_labelledby="heard"):
            tag("h2", id="heard", text="What was heard")
            with tag("dl", "facts"):
                for status, count in coverage.by_status.items():
                    if count or status == "heard":
                        fact(f"sentences {status}", f"{count:,}")
                fact("word error rate", f"{100 * coverage.word_error_rate:.2f} %")
                fact("chunks flagged", f"{len(coverage.flagged):,} of {coverage.n_chunks:,}")
            if coverage.repaired:
                by = ", ".join(f"{count} by {step}" for step, count in coverage.repaired.items())
                tag("p", "muted small", text=f"Chunks repaired by retries: {by}.")

    def _words(self, coverage: CoverageView) -> None:
        source = coverage.source
        if not source:
            return
        left_out = source["left_out"]
        with tag("section", "card padded section", aria_labelledby="words"):
            tag("h2", id="words", text="Where every word went")
            with tag("dl", "facts"):
                if source["is_known_format"]:
                    fact("words in the file", f"{source['n_words']:,}")
                fact("narrated", f"{source['n_narrated']:,}")
                fact("left out for a reason", f"{sum(left_out.values()):,}")
                fact("lost while reading the file", f"{_n_lost(source):,}")
            if left_out:
                with tag("details"):
                    tag("summary", text="Reasons")
                    with tag("ul", "small section"):
                        for reason, count in left_out.items():
                            with tag("li"):
                                text(f"{counted(count, 'word')}: {reason}", "book-text")

    def _plot(self, plot: Plot, n_chunks: int) -> None:
        def x(chunk: int) -> float:
            return round(WIDTH * (chunk - 0.5) / max(n_chunks, 1), 1)

        def y(value: float) -> float:
            return round(HEIGHT * (0.9 - 0.8 * (value - plot.lowest) / (plot.highest - plot.lowest or 1)), 1)

        about = f"{plot.lowest:.2f} to {plot.highest:.2f}, median {plot.median:.2f}"
        with tag("figure", "card padded"):
            with tag("figcaption", "plot-caption"):
                tag("strong", text=plot.label)
                text(about, "muted small numbers")
            with tag("svg", "plot", viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", aria_label=f"{plot.label}: {about}"):
                tag("path", d="".join(f"M{x(chunk)},{y(value)}h0" for chunk, value in plot.values))
                for chunk, value in plot.outliers:
                    tag("circle", cx=x(chunk), cy=y(value), r=6)
            if plot.outliers:
                with tag("p", "small outliers"):
                    text("Outliers, chunk (value):", "muted")
                    for chunk, value in plot.outliers[:20]:
                        link(f"{chunk} ({value:.2f})", f"{book_address(self._id, 'review')}?chunk={chunk}")

    def _doubtful(self, sentences: Sequence[DoubtfulSentence]) -> None:
        with tag("section", "section", aria_labelledby="doubtful"):
            with tag("div", "section-head"):
                tag("h2", id="doubtful", text=counted(len(sentences), "sentence") + " in doubt")
                link("Review them", book_address(self._id, "review"), drawing="review", classes="button")
            with tag("ul", "card rows"):
                for each in sentences[:MOST_SENTENCES]:
                    with tag("li", "padded doubtful"):
                        tag("p", "book-text", text=each.text, dir="auto")
                        tag("p", "muted small book-text", text=f"heard: {each.heard or 'nothing'}", dir="auto")
                        for finding in each.findings:
                            tag("p", "small book-text", text=finding.replace("_", " "))


class ReportsPage:
    """The reports of all books, and the runs of the lab."""

    def __init__(self, books: Sequence[tuple[BookHead, CoverageView]], runs: Sequence[LabRun]) -> None:
        tag("h1", text="Reports")
        with tag("section", "section", aria_labelledby="books"):
            tag("h2", id="books", text="Books")
            if not books:
                tag("p", "muted", text="No book has been narrated yet.")
            with tag("ul", "card rows", hidden=not books):
                for head, coverage in books:
                    self._book_row(head, coverage)
        with tag("section", "section", aria_labelledby="lab"):
            tag("h2", id="lab", text="Lab")
            if not runs:
                tag("p", "muted", text="No experiments yet. Reports that mayabook lab and mayabook tune write into the "
                    "folder lab of the library are listed here.")  # fmt: skip
            with tag("ul", "card rows", hidden=not runs):
                for run in runs:
                    with tag("li", "padded"):
                        link(run.name, f"/lab/{run.name}/{run.report.name}")

    def _book_row(self, head: BookHead, coverage: CoverageView) -> None:
        heard = coverage.by_status.get("heard", 0) + coverage.by_status.get("accepted by a person", 0)
        with tag("li", "shelf-row"):
            cover(head)
            with tag("div"):
                link(head.title, book_address(head.id, "report"), classes="title book-text", dir="auto")
                with tag("p", "muted small numbers"):
                    text(
                        f"{heard:,} of {counted(coverage.n_sentences, 'sentence')} heard, word error rate "
                        f"{100 * coverage.word_error_rate:.2f} %, {len(coverage.flagged)} flagged"
                    )


def _n_lost(source: object) -> int:
    assert isinstance(source, dict)
    return sum(len(each["text"].split()) for each in source["differences"] if each["kind"] == "lost in reading")
