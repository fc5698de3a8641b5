"""docs/investigation.md is complete, and supports the choice of the default preset."""

import re
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

from mayabook.engines.sampler_settings import DEFAULT_PRESET, presets
from mayabook.lab import claims
from mayabook.lab.judged_claim import HOLDS, REFUTED, UNDECIDED

DOCUMENT = Path(__file__).parents[2] / "docs" / "investigation.md"


@pytest.fixture(scope="module")
def sections() -> dict[str, str]:
    """By title."""
    return dict(re.findall(r"(?ms)^## ([^\n]+)\n(.*?)(?=^## |\Z)", DOCUMENT.read_text(encoding="utf-8")))


def rows(section: str) -> dict[str, list[str]]:
    """Of its first table, by the first cell."""
    table = re.search(r"(?m)(^\|.*\n)+", section)
    assert table is not None
    lines = [[cell.strip() for cell in line.strip("| \n").split("|")] for line in table[0].splitlines()[2:]]
    return {line[0]: line[1:] for line in lines}


def test_every_claim_of_the_report_is_judged(sections: dict[str, str]) -> None:
    verdicts = {claim: row[0] for claim, row in rows(sections["The report's claims"]).items()}
    assert len(verdicts) == len(claims._CLAIMS)
    assert set(verdicts.values()) <= {HOLDS, REFUTED, UNDECIDED}


def test_its_drawings_lie_beside_it() -> None:
    drawings = re.findall(r"\]\(([^)]+\.svg)\)", DOCUMENT.read_text(encoding="utf-8"))
    assert len(drawings) >= 6
    for drawing in drawings:
        assert (DOCUMENT.parent / drawing).read_text(encoding="utf-8").startswith("<svg")


def test_the_default_preset_rests_on_what_was_measured(sections: dict[str, str]) -> None:
    tables = tomllib.loads(files("mayabook.engines").joinpath("presets.toml").read_text(encoding="utf-8"))
    measured = rows(sections["Presets"])
    assert set(measured) == set(presets())
    artifacts, wrong_tokens = measured[DEFAULT_PRESET][:2]
    evidence = tables[DEFAULT_PRESET]["evidence"]
    assert f"artifacts in {artifacts} of its takes, {wrong_tokens} of its tokens wrong" in evidence
    p_against_best = measured[DEFAULT_PRESET][-1]
    assert p_against_best == "the best" or float(p_against_best) > 0.05
    assert "none has fewer beyond chance" in evidence
