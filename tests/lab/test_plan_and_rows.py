from pathlib import Path

import pytest

from mayabook.core.errors import LabError
from mayabook.lab.ablation import AblationPlan
from mayabook.lab.isolate import IsolatePlan
from mayabook.lab.plan import Plan
from mayabook.lab.prompts import read_prompts
from mayabook.lab.rows import ROWS_FILE, Rows, read_rows, result_folder
from mayabook.lab.stress import StressPlan
from mayabook.lab.sweep import SweepPlan
from tests.epubs import write_epub


def test_a_plan_is_read_from_toml_and_outranked(tmp_path: Path) -> None:
    file = tmp_path / "plan.toml"
    file.write_text("takes = 7\ntemperatures = [0.3, 0.4]\n")
    plan = SweepPlan.load(file, {"takes": 9, "model": None})
    assert (plan.takes, plan.temperatures, plan.model) == (9, (0.3, 0.4), "")
    assert SweepPlan.load(file, {}).takes == 7


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("tempratures = [0.3]", ("tempratures", "temperatures")),
        ("takes = 0", ("takes", "0")),
        ("takes = 'many'", ("takes", "many")),
        ("takes = ", ("plan.toml", "TOML")),
    ],
)
def test_what_a_plan_cannot_be_is_one_line(text: str, names: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text(text)
    with pytest.raises(LabError) as error:
        SweepPlan.load(tmp_path / "plan.toml", {})
    assert "\n" not in str(error.value)
    for name in names:
        assert name in str(error.value)


def test_every_setting_of_a_plan_says_what_it_is() -> None:
    for kind in (Plan, SweepPlan, AblationPlan):
        assert all(field.description for field in kind.model_fields.values())


@pytest.mark.parametrize(("given", "longest"), [({}, 196), ({"max_seconds": 7}, 98), ({"max_seconds": 0}, 350)])
def test_a_book_is_cut_as_for_maya1(given: dict[str, float], longest: int, tmp_path: Path) -> None:
    """At 14 characters a second, the pace of the default voice."""
    sentence = "The ferry left the island at a quarter past six, as it had done every morning for thirty years. "
    book = write_epub(tmp_path / "book.epub", {"one.xhtml": f"<h1>One</h1><p>{20 * sentence}</p>"})
    chunks = read_prompts(Plan.load(None, {"book": str(book), **given}), None).chunks
    lengths = [len(chunk.text) for chunk in chunks]
    assert longest - len(sentence) < max(lengths) <= longest


def test_a_torn_line_is_cut_off_and_rows_go_on(tmp_path: Path) -> None:
    with Rows(tmp_path, {"plan": 1}) as rows:
        rows.add({"key": "a", "cell": "x"})
        rows.add({"key": "b", "cell": "x"})
    whole = (tmp_path / ROWS_FILE).read_bytes()
    (tmp_path / ROWS_FILE).write_bytes(whole[:-9])
    with Rows(tmp_path, {"plan": 1}) as rows:
        assert [row["key"] for row in rows] == ["a"]
        rows.add({"key": "b", "cell": "x"})
    assert (tmp_path / ROWS_FILE).read_bytes() == whole
    assert [row["key"] for row in read_rows(tmp_path)[1]] == ["a", "b"]


def test_rows_of_an_experiment_that_had_another_name_go_on(tmp_path: Path) -> None:
    old = tmp_path / "attribute"
    with Rows(old, {"experiment": "attribute"}) as rows:
        rows.add({"key": "a", "cell": "x"})
    assert result_folder(tmp_path, "ablation") == old
    with Rows(old, {"experiment": "ablation"}) as rows:
        assert "a" in rows
        rows.add({"key": "b", "cell": "x"})
    header, found = read_rows(old)
    assert (header["experiment"], [row["key"] for row in found]) == ("ablation", ["a", "b"])
    with Rows(tmp_path / "ablation", {"experiment": "ablation"}):
        assert result_folder(tmp_path, "ablation") == tmp_path / "ablation"
    assert result_folder(tmp_path, "sweep") == tmp_path / "sweep"


def test_one_run_at_a_time(tmp_path: Path) -> None:
    with Rows(tmp_path, {}), pytest.raises(LabError, match="Another run"), Rows(tmp_path, {}):
        pass


def test_damaged_and_missing_rows(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="no rows"):
        read_rows(tmp_path)
    (tmp_path / ROWS_FILE).write_text("{}\nnot JSON\n")
    with pytest.raises(LabError, match="damaged"):
        read_rows(tmp_path)


def test_experiments_on_state_and_cost_compute_everything_themselves() -> None:
    """Cached logits would hide a state that leaks from take to take, and make time and memory those of the cache."""
    assert not IsolatePlan.caches_logits
    assert not StressPlan.caches_logits
    assert not StressPlan.memoises
    assert AblationPlan.caches_logits
    assert AblationPlan.memoises
