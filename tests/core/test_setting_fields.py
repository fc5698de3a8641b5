"""What a front reads from a settings model."""

from typing import Annotated, Literal

import pytest
from pydantic import Field

from mayabook.core.errors import SettingsError
from mayabook.core.setting_fields import Option, SettingField, setting_fields
from mayabook.core.settings import Settings, SettingsGroup, load_settings
from mayabook.engines.registry import check_settings


class Everything(SettingsGroup):
    """A setting of each kind."""

    names: tuple[str, ...] = ()
    """Names."""
    loud: Annotated[bool, Option("--very-loud", common=True)] = True
    """Whether it
    is loud."""
    count: int = Field(default=3, ge=1, le=20)
    """Count."""
    share: float | None = Field(default=None, gt=0, le=1)
    """Share."""
    offset: float = Field(default=-1.5, ge=-2)
    """Offset."""
    rows: Annotated[int, Field(ge=1, le=8)] | Literal["auto"] = "auto"
    """Rows."""
    mode: Literal["a", "b", "c"] = "b"
    """Mode."""
    place: str = ""
    """Place."""


def test_each_kind_of_setting_says_what_it_takes() -> None:
    fields = {field.name: field for field in setting_fields("table", Everything)}
    assert [(name, field.flag, field.kind, field.values, field.default) for name, field in fields.items()] == [
        ("names", "--names", "list", "", ""),
        ("loud", "--very-loud", "switch", "", "on"),
        ("count", "--count", "whole number", "1 to 20", "3"),
        ("share", "--share", "number", "more than 0, up to 1", ""),
        ("offset", "--offset", "number", "-2 or more", "-1.5"),
        ("rows", "--rows", "text", "1 to 8, or auto", "auto"),
        ("mode", "--mode", "text", "a, b or c", "b"),
        ("place", "--place", "text", "", ""),
    ]
    assert {name: field.choices for name, field in fields.items() if field.choices} == {"mode": ("a", "b", "c")}
    assert fields["loud"].description == "Whether it is loud."
    assert [name for name, field in fields.items() if field.common] == ["loud"]
    assert fields["count"].full_name == "table.count"


def every_setting() -> list[SettingField]:
    models = {table: type(getattr(Settings(), table)) for table in Settings.model_fields}
    return [field for table, model in models.items() for field in setting_fields(table, model)]


@pytest.mark.parametrize("field", every_setting(), ids=lambda field: field.full_name)
def test_every_setting_is_described(field: SettingField) -> None:
    assert field.description.endswith(".")
    assert field.kind not in ("number", "whole number") or field.values


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        (
            {"narrator": {"speed": "9"}},
            "Setting narrator.speed (option --speed) is '9'; it must be a number, 0.5 to 2.",
        ),
        (
            {"retry": {"attempts": 1.5}},
            "Setting retry.attempts (option --attempts) is 1.5; it must be a whole number, 1",
        ),
        ({"maya": {"slots": "few"}}, "Setting maya.slots (option --slots) is 'few'; it must be 1 to 1024, or auto."),
        ({"master": {"split": "maybe"}}, "Setting master.split (option --split) is 'maybe'; it must be true or false."),
        ({"book": {"only": 3}}, "Setting book.only (option --only) is 3; it must be a list of texts."),
        ({"checks": {"asr_model": 3}}, "Setting checks.asr_model (option --asr-model) is 3; it must be text."),
        ({"master": {"loudnes": 3}}, "Unknown setting master.loudnes; did you mean 'loudness'?"),
        ({"mastering": {}}, "Unknown settings table [mastering]; did you mean 'master'?"),
        ({"zzz": {}}, "Unknown settings table [zzz]; choose one of: book, script, "),
    ],
)
def test_a_wrong_setting_is_named_with_what_it_takes(tables: dict[str, dict[str, object]], message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        check_settings(load_settings(None, tables))
    assert str(caught.value).startswith(message)
