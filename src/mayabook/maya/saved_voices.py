"""Voices that a user saved from a job, so that further books have the same speaker.

NAME.json   description, text and codes, as `AnchoredVoice.to_json` writes them
"""

import os
import re
from pathlib import Path

from platformdirs import user_data_path

from mayabook.core.errors import EngineError
from mayabook.core.files import write_text
from mayabook.maya.anchor import AnchoredVoice, read_anchored_voice

_NAME = re.compile(r"\w[\w.-]*")


def voices_folder() -> Path:
    """`$MAYABOOK_VOICES`, else `mayabook/voices` in the user's data folder."""
    named = os.environ.get("MAYABOOK_VOICES")
    return Path(named) if named else user_data_path("mayabook", appauthor=False) / "voices"


def saved_names() -> list[str]:
    """Names of the saved voices, sorted."""
    folder = voices_folder()
    return sorted(file.stem for file in folder.glob("*.json") if _NAME.fullmatch(file.stem)) if folder.is_dir() else []


def read_saved_voice(name: str) -> AnchoredVoice | None:
    """The saved voice of that name; None where there is none. Raises EngineError where its file is damaged."""
    file = voices_folder() / f"{name}.json"
    if not _NAME.fullmatch(name) or not file.is_file():
        return None
    return read_anchored_voice(file)


def save_voice(name: str, voice: AnchoredVoice, *, replace: bool = False) -> Path:
    """Saves a voice and returns its file. Raises EngineError if the name is invalid or taken."""
    if not _NAME.fullmatch(name):
        raise EngineError(f"{name!r} is not a valid voice name; use letters, digits, dots, dashes and underscores.")
    file = voices_folder() / f"{name}.json"
    if file.exists() and not replace:
        raise EngineError(f"There is a voice {name!r} already; replace it with --force, or choose another name.")
    write_text(file, voice.to_json())
    return file
