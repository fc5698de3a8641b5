"""The columns of a table of defects are the same in every run, since documents are compared by their lines."""

from mayabook.core.verdict import FindingKind
from mayabook.lab.report import kinds


def test_the_commonest_kinds_come_first_and_equal_ones_by_name() -> None:
    every = [kind.value for kind in FindingKind]
    rows = [{"accepted": False, "findings": every}, {"accepted": False, "findings": ["tail", "tail"]}]
    assert kinds(rows) == ["tail", *sorted(kind for kind in every if kind != "tail")]


def test_what_is_no_artifact_has_no_column() -> None:
    kept = {"accepted": True, "findings": ["loop"]}
    true_codes = {"accepted": False, "token_errors": 0, "findings": ["garbled"]}
    assert kinds([kept, true_codes]) == []
