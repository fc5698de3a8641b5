"""Which words there are: the keys of the narrator's pronunciation dictionaries, read when they are first asked for."""

import gzip
import importlib.util
import json
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

_COMMON, _RARE = "lexicon_us_gold.json.gz", "lexicon_us_silver.json.gz"
_ENDINGS = ("s", "es", "d", "ed", "ing", "'s", "er", "ers", "ly", "in'")


@lru_cache(maxsize=1)
def _words() -> frozenset[str]:
    return _listed(_COMMON) | _listed(_RARE)


@lru_cache(maxsize=2)
def _listed(name: str) -> frozenset[str]:
    spec = importlib.util.find_spec("hibari")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    with gzip.open(Path(spec.submodule_search_locations[0]) / "assets" / name, "rt", encoding="utf-8") as file:
        return frozenset(json.load(file))


def is_word(text: str) -> bool:
    """Whether a text, in lower case or with the capital of a name, is in the dictionary or an inflection of what is."""
    return _is_among(text, _words())


def is_common(text: str) -> bool:
    """Whether it is in the dictionary of common words as it stands."""
    return text in _listed(_COMMON)


def most_common(candidates: Iterable[str]) -> str | None:
    """The first of the candidates that is a common word; else the first inflection of one, if possible one that is in
    the dictionary; else the first that is a rare word or an inflection of one."""
    tried = [each for each in candidates if is_word(each)]
    return min(tried, key=_rarity, default=None)


def _rarity(word: str) -> int:
    if is_common(word):
        return 0
    if _is_among(word, _listed(_COMMON)):
        return 1 if word in _listed(_RARE) else 2
    return 3


def _is_among(text: str, words: frozenset[str]) -> bool:
    if text in words:
        return True
    for ending in _ENDINGS:
        stem = text.removesuffix(ending)
        if ending == "d" and not stem.endswith("e"):
            continue
        if stem != text and len(stem) > 2 and (stem in words or f"{stem}e" in words or _undoubled(stem) in words):
            return True
    return False


def _undoubled(stem: str) -> str:
    return stem[:-1] if len(stem) > 3 and stem[-1] == stem[-2] else stem
