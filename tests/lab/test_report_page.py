"""Tables of reports have the same order in every run, and tables of sentences can be read on a phone."""

from pathlib import Path

from lxml import html

from mayabook.core.verdict import FindingKind
from mayabook.lab.report import ReportSection, ReportTable, finding_kinds
from mayabook.lab.report_pages import write_html


def test_the_commonest_kinds_come_first_and_equal_ones_by_name() -> None:
    every = [kind.value for kind in FindingKind]
    rows = [{"accepted": False, "findings": every}, {"accepted": False, "findings": ["tail", "tail"]}]
    assert finding_kinds(rows) == ["tail", *sorted(kind for kind in every if kind != "tail")]


def test_what_is_no_artifact_has_no_column() -> None:
    kept = {"accepted": True, "findings": ["loop"]}
    true_codes = {"accepted": False, "token_errors": 0, "findings": ["garbled"]}
    assert finding_kinds([kept, true_codes]) == []


def test_a_table_of_sentences_names_the_column_in_each_cell(tmp_path: Path) -> None:
    sentences = ReportTable(("claim", "verdict"), [("Takes differ & so on. " * 6, "refuted"), ("Short.", "holds")])
    numbers, empty = ReportTable(("n", "p"), [("1", "0.5")]), ReportTable(("n",), [])
    write_html(tmp_path / "page.html", "Tables", [], [ReportSection("One", "Yes.", (), [sentences, numbers, empty])])
    tables = html.parse(tmp_path / "page.html").findall(".//table")
    assert [table.get("class") for table in tables] == ["prose", None, None]
    cells = [(cell.get("data-head"), cell.text_content()) for cell in tables[0].iter("td")]
    assert cells == [
        ("claim", "Takes differ & so on. " * 6),
        ("verdict", "refuted"),
        ("claim", "Short."),
        ("verdict", "holds"),
    ]
