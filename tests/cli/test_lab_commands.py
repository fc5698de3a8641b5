"""The commands of the lab."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from mayabook.cli import app

# A command without a plan that can be read does no work, and says which command was run.


def test_the_old_name_of_an_experiment_is_accepted_with_a_note(tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text("factors = 3")
    old = CliRunner().invoke(app, ["lab", "attribute", "--plan", str(plan)])
    new = CliRunner().invoke(app, ["lab", "ablation", "--plan", str(plan)])
    assert "factors" in str(new.exception)
    assert str(old.exception) == str(new.exception)
    assert old.stderr == "Note: `mayabook lab attribute` was renamed to `mayabook lab ablation`.\n"
    assert new.stderr == ""


@pytest.mark.parametrize(("name", "shown"), [("ablation", True), ("attribute", False)])
def test_help_shows_the_new_name_alone(name: str, shown: bool) -> None:
    assert (f"  {name} " in CliRunner().invoke(app, ["lab", "--help"]).output) == shown
