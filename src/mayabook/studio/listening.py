"""A finished audiobook for reading along: files, chapters, word times, and where the listener stopped."""

import json
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from mayabook.core.errors import JobError
from mayabook.core.files import write_text
from mayabook.render import Job

PLACE = "place.json"
"""Name of the file in the job folder that holds the `Place`."""


@dataclass(frozen=True, slots=True)
class ListeningChapter:
    """A chapter. start, end: seconds into its file."""

    title: str
    file: int
    """Index of its file."""
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class SpokenSentence:
    """A sentence as it is read along."""

    chunk: int
    """Number of its chunk in the review."""
    block: int
    """Sentences of one paragraph have the same."""
    is_heading: bool
    words: tuple[tuple[str, float, float], ...]
    """(as written, start, end), in seconds of the chapter's file."""

    @property
    def text(self) -> str:
        return " ".join(word for word, _, _ in self.words)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the listener stopped. chapter: index from 0. seconds: into the chapter's file. speed: 1 is as narrated."""

    chapter: int = 0
    seconds: float = 0.0
    speed: float = 1.0


class Listening:
    """The audiobook of the job in `folder`. Methods raise JobError if it does not exist or was changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def files(self) -> list[Path]:
        """The audio files, in order."""
        found = []
        for entry in self._timeline()["files"]:
            name = Path(entry["name"]).name
            beside, inside = self._folder.parent / name, self._folder.with_suffix("") / name
            file = beside if beside.is_file() else inside
            if not file.is_file() or file.is_symlink():  # a link may lead out of the library
                raise JobError(f"The audiobook {beside} is gone; make it again.")
            if file.stat().st_size != entry["size"]:
                raise JobError(
                    f"The audiobook {file} was changed after the times of its words were stored; make it again."
                )
            found.append(file)
        return found

    def chapters(self) -> list[ListeningChapter]:
        return [
            ListeningChapter(each["title"], each["file"], each["start"], each["end"])
            for each in self._timeline()["chapters"]
        ]

    def sentences(self, chapter: int) -> list[SpokenSentence]:
        """chapter: index from 0."""
        chapters = self._timeline()["chapters"]
        if not 0 <= chapter < len(chapters):
            raise JobError(f"There is no chapter {chapter + 1}; this audiobook has {len(chapters)}.")
        return [
            SpokenSentence(
                chunk=each["chunk"],
                block=each["block"],
                is_heading=each["heading"],
                words=tuple((text, start, end) for text, start, end in each["words"]),
            )
            for each in chapters[chapter]["sentences"]
        ]

    def place(self) -> Place:
        """Where the listener stopped; the beginning if nothing was stored."""
        try:
            return Place(**json.loads((self._folder / PLACE).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return Place()

    def remember(self, place: Place) -> None:
        if self._folder.is_dir():  # a page may be open on a job that was deleted
            write_text(self._folder / PLACE, json.dumps(asdict(place)))

    def _timeline(self) -> Any:
        file = Job(self._folder).timeline_json
        try:
            return _read(file, file.stat().st_mtime_ns)
        except (OSError, ValueError) as error:
            raise JobError(
                "There is no finished audiobook with word times yet. Narrate the book; if an older version made the "
                "audiobook, make it again."
            ) from error


@lru_cache(maxsize=4)
def _read(file: Path, version: int) -> Any:
    """version: time of the file's last change."""
    return json.loads(file.read_text(encoding="utf-8"))
