"""Numbers that name a thing, and are said in pairs or digit by digit: room 101, Fahrenheit 451, PIN 4471."""

import regex

from mayabook.script.verbalisation.rules import Match, follows, preceding, word_before

_NUMBERED = frozenset(
    "room flight route highway interstate bus platform gate apartment suite boeing airbus channel cell ward locker "
    "extension area building train unit locomotive number house ngc form xbox".split()
)
_STREETS = (
    r"(?:\s\p{Lu}[\p{L}’'.]+){1,3}\s"
    r"(?:St\.?|Street|Road|Rd\.?|Avenue|Ave\.?|Lane|Drive|Place|"
    r"Square|Terrace|Court|Boulevard|Blvd\.?|Crescent|Way|Row|Gardens)\b"
)
_DETERMINERS = frozenset("the a an his her our their my".split())
_ROADS = r"(?i)\b(?:on|off|took|take|taking|down|up|via|along|from|to)\sthe\s$"
_AFTER_ROADS = r"[.,;!?]|$|\s(?:freeway|to|north|south|east|west|and|was|is|at|into|toward|until)\b"
_NO_NAMES = frozenset(
    "page pages line lines verse verses chapter psalm hymn over about only some nearly almost the and or but by in at "
    "of to for with all january february march april may june july august september october november december".split()
)
_CODED = regex.compile(
    r"(?i:\b(?:badge|pin|code|combination|password|passcode|plate|registration|serial|account|zip|postcode))\W{1,3}"
    r"(?:(?:is|was|read|reads|number|no\.|\p{Lu}{2,3}|to|of)\s){0,2}$"
)


def is_name(match: Match) -> bool:
    """Whether the digits are the number of a room, road, model, station or house, which is said in pairs."""
    digits = match["number"]
    if len(digits) not in (3, 4):
        return False
    before = word_before(match).lower()
    if before in _NUMBERED or follows(match, _STREETS):
        return True
    return _is_station(match) if len(digits) == 4 else _is_model(match, before) or _is_road(match)


def is_code(match: Match) -> bool:
    """Whether the digits are those of a badge, PIN or the like, which are said one by one."""
    return len(match["number"]) > 3 and _CODED.search(preceding(match)) is not None


def _is_station(match: Match) -> bool:
    return follows(match, r"\s(?:AM|FM)\b")


def _is_model(match: Match, before: str) -> bool:
    """An airliner, "the 747", or what has a name before its number, "Fahrenheit 451"."""
    if match["number"].endswith("00"):
        return False
    if before in _DETERMINERS and regex.fullmatch("7[0-9]7|911", match["number"]):
        return not follows(match, r"\s(?:\p{Ll}+s|people|men|women|children|dead|of)\b")
    named = regex.search(r"\p{L}\S*\s(\p{Lu}\p{Ll}{2,})\s$", preceding(match))
    return named is not None and named[1].lower() not in _NO_NAMES and follows(match, r"[.,;:!?”\")’]|$")


def _is_road(match: Match) -> bool:
    return regex.search(_ROADS, preceding(match)) is not None and follows(match, _AFTER_ROADS)
