"""The fields of a voice, and the description that is built of them in the form that Maya1 was trained on."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from mayabook.core.errors import EngineError
from mayabook.core.settings import unknown_name

CONTEXT = "context"
"""The field that may be left out."""
_SPELLINGS = {"med": "medium"}
_GIVEN = re.compile(r"(\w+)\s*=")
_FORM = re.compile(
    r"Realistic (?P<gender>.+?) voice in the (?P<age>.+?) age with an? (?P<accent>.+?) accent\. "
    r"(?P<pitch>.+?) pitch, (?P<timbre>.+?) timbre, (?P<pacing>.+?) pacing, "
    r"(?P<emotion>.+?) tone at (?P<intensity>.+?) intensity(?:, (?P<context>.+?)(?: domain)?)?\."
)
_FREE_WORDS = {
    "age": re.compile(r"\b(\d0s)\b"),
    "emotion": re.compile(r"([\w-]+) tone\b"),
    **{name: re.compile(rf"([\w-]+) {name}\b") for name in ("accent", "pitch", "timbre", "pacing", "intensity")},
}
"""Where a description in free words names a field: its last word."""


@dataclass(frozen=True, slots=True)
class VoiceField:
    """A field of a voice."""

    name: str
    values: tuple[str, ...]
    """Those that Maya1 was trained on; others are free words."""


def voice_fields() -> dict[str, VoiceField]:
    """Every field by name, in the order of the description."""
    return {name: VoiceField(name, tuple(table["values"])) for name, table in _tables().items()}


def build_description(fields: Mapping[str, str]) -> str:
    """The description of a voice, of all its fields; only `context` may be absent or empty."""
    article = "an" if fields["accent"][:1].lower() in "aeiou" else "a"
    pitch = fields["pitch"]
    context = fields.get(CONTEXT, "")
    known = context in voice_fields()[CONTEXT].values
    return (
        f"Realistic {fields['gender']} voice in the {fields['age']} age with {article} {fields['accent']} accent. "
        f"{pitch[:1].upper()}{pitch[1:]} pitch, {fields['timbre']} timbre, {fields['pacing']} pacing, "
        f"{fields['emotion']} tone at {fields['intensity']} intensity"
        f"{', ' if context else ''}{context}{' domain' if known else ''}."
    )


def parse_fields(text: str) -> tuple[str, dict[str, str]]:
    """The fields in `gender=female age=30s`, and what stands before the first; (text, {}) where there are none.

    Raises EngineError for a field that does not exist, is given twice, or has no value.
    """
    found = list(_GIVEN.finditer(text))
    if not found:
        return text.strip(), {}
    ends = [each.start() for each in found[1:]] + [len(text)]
    fields: dict[str, str] = {}
    known = list(voice_fields())
    for each, end in zip(found, ends, strict=True):
        name, value = each[1].lower(), text[each.end() : end].strip(" \t\n,;")
        if name not in known:
            raise EngineError(unknown_name(f"field {name!r} of a voice", name, known))
        if name in fields:
            raise EngineError(f"The voice has two values for {name}; leave one out.")
        if not value and name != CONTEXT:
            raise EngineError(
                f"The voice has no value for {name}; give one of: {', '.join(voice_fields()[name].values)}."
            )
        fields[name] = _spelled(name, value)
    return text[: found[0].start()].strip(" \t\n,;"), fields


def characters_per_second(description: str) -> float:
    """Characters of text per second of speech, estimated from the pacing that a description names."""
    pacing = _tables()["pacing"]
    by_pacing: dict[str, float] = dict(zip(pacing["values"], pacing["characters_per_second"], strict=True))
    said = _said(description).get("pacing", "")
    return by_pacing.get(said, by_pacing["conversational"])


def note_on_training(description: str) -> str:
    """One line on what Maya1 was not trained on in a description; empty if there is nothing."""
    said = _said(description)
    known = voice_fields()
    outside = [f"{name} {value!r}" for name, value in said.items() if value not in known[name].values]
    if (said.get("age"), said.get("pitch")) == ("40s", "high"):
        outside.append("a high pitch at age 40s")
    reasons = [] if _FORM.fullmatch(description) else ["descriptions in free words"]
    if outside:
        reasons.append(", ".join(outside))
    if not reasons:
        return ""
    return (
        f"Maya1 was not trained on {' and '.join(reasons)}: the voice may not sound as described; `mayabook voices` "
        "lists the fields and values that Maya1 knows."
    )


def _said(description: str) -> dict[str, str]:
    """The fields that a description names, as far as they can be told."""
    match = _FORM.fullmatch(description)
    if match:
        return {name: _spelled(name, value) for name, value in match.groupdict().items() if value}
    found = {name: pattern.search(description) for name, pattern in _FREE_WORDS.items()}
    return {name: _spelled(name, each[1]) for name, each in found.items() if each}


def _spelled(name: str, value: str) -> str:
    """The value as it is documented, if it is: `very slow` and `Very-Slow` are `very_slow`."""
    plain = re.sub(r"[\s-]+", "_", value.lower())
    plain = _SPELLINGS.get(plain, plain)
    return plain if plain in voice_fields()[name].values else value


@cache
def _tables() -> dict[str, dict[str, Any]]:
    return tomllib.loads(files("mayabook.maya").joinpath("voice_fields.toml").read_text(encoding="utf-8"))
