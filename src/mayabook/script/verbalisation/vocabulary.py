"""Which words there are: the keys of the narrator's pronunciation dictionaries, read when they are first asked for."""

import gzip
import importlib.util
import json
from functools import lru_cache
from pathlib import Path

_FILES = ("lexicon_us_gold.json.gz", "lexicon_us_silver.json.gz")
_ENDINGS = ("s", "es", "d", "ed", "ing", "'s", "er", "ers", "ly", "in'")


@lru_cache(maxsize=1)
def _words() -> frozenset[str]:
    spec = importlib.util.find_spec("hibari")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    assets = Path(spec.submodule_search_locations[0]) / "assets"
    known: set[str] = set()
    for name in _FILES:
        with gzip.open(assets / name, "rt", encoding="utf-8") as file:
            known.update(json.load(file))
    return frozenset(known)


def is_word(text: str) -> bool:
    """Whether a text in lower case is a word in common use, or an inflection of one."""
    words = _words()
    if text in words:
        return True
    for ending in _ENDINGS:
        stem = text.removesuffix(ending)
        if ending == "d" and not stem.endswith("e"):
            continue
        if stem != text and len(stem) > 2 and (stem in words or f"{stem}e" in words or _undoubled(stem) in words):
            return True
    return False


def is_name(text: str) -> bool:
    """Whether a text with a capital is a name that the dictionary holds."""
    return text in _words()


def _undoubled(stem: str) -> str:
    return stem[:-1] if len(stem) > 3 and stem[-1] == stem[-2] else stem
