"""The part of the sample book that these tests are about."""

from pathlib import Path

from mayabook.core.settings import BookSettings

SAMPLE = next((Path(__file__).parents[2] / "examples").glob("*.epub"))
CHAPTER = BookSettings(only=("Chapter One: The Wrong Time",))
