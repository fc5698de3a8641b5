"""Texts with a word that is easily read wrongly, and what is said if it is. Each is in one split only."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

SPLITS = {
    "fit": (slice(0, 4), slice(0, 6)),
    "validation": (slice(4, 6), slice(6, 9)),
    "test": (slice(6, 9), slice(9, 14)),
}
"""Carriers and words of each split."""
_MARKED = re.compile(r"\{([^|}]*)\|([^}]*)\}")


@dataclass(frozen=True, slots=True)
class WrongReading:
    text: str
    """As written."""
    said: str
    """With the wrong reading."""
    kind: str
    """A table of misread.toml."""
    detail: str
    """What is said for what."""


@cache
def wrong_readings(split: str) -> dict[str, list[WrongReading]]:
    """By kind: every carrier of the split with every word of it."""
    tables = tomllib.loads(files(__package__).joinpath("misread.toml").read_text(encoding="utf-8"))
    return {kind: _of_kind(kind, table["carriers"], table["words"], split) for kind, table in tables.items()}


def _of_kind(kind: str, carriers: list[str], words: list[str], split: str) -> list[WrongReading]:
    of_carriers, of_words = SPLITS[split]
    carriers, words = carriers[of_carriers] if len(carriers) > 1 else carriers, words[of_words]
    found = []
    for turn in range(len(carriers)):
        for at, word in enumerate(words):
            marked = carriers[(at + turn) % len(carriers)].replace("{}", word if "{" in word else f"{{{word}}}")
            written, wrong = _MARKED.search(marked).groups()  # type: ignore[union-attr]
            found.append(
                WrongReading(_MARKED.sub(r"\1", marked), _MARKED.sub(r"\2", marked), kind, f"{wrong} for {written}")
            )
    return found
