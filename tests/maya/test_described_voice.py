import pytest

from mayabook.maya.described_voice import parse_description
from mayabook.maya.voices import descriptions

MALE, FEMALE = 119.0, 207.0


@pytest.mark.parametrize(
    ("description", "pitch", "pace"),
    [
        ("Realistic male voice in the 30s age. Normal pitch, deep timbre, conversational pacing.", MALE, 1),
        ("Female voice in her 40s. Low pitch, slow pacing.", FEMALE * 2**-0.25, 12 / 14),
        ("An old man with a very deep voice, brisk pacing.", MALE * 2**-0.5, 15.5 / 14),
        ("A woman, high-pitched.", FEMALE * 2**0.25, 1),
        ("An old man who misses his mother.", MALE, 1),
        ("A girl who sounds like her father.", FEMALE, 1),
        ("A grandmother with a low voice, a man of the sea beside her.", FEMALE * 2**-0.25, 1),
        ("A warm low voice.", None, 1),
        ("A highwayman's tale.", None, 1),
    ],
)
def test_pitch_and_pace_are_taken_from_the_words(description: str, pitch: float | None, pace: float) -> None:
    found = parse_description(description)
    assert found.pitch == (None if pitch is None else pytest.approx(pitch))
    assert found.pace == pytest.approx(pace)


@pytest.mark.parametrize("version", [1, 2])
def test_every_preset_says_how_high_it_is(version: int) -> None:
    assert all(parse_description(description).pitch for description in descriptions(version).values())
