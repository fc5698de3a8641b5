"""Texts that a person wrote to replace the book's in single chunks, in a file of the job folder.

    edits.json    {"the chunk's text in the book": "the text that replaces it"}

An edit is found by the book's text, so it still applies after other parts of the book have changed.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mayabook.core.chunk import Chunk, Pause, Sentence
from mayabook.core.errors import JobError, ScriptError
from mayabook.core.files import write_text
from mayabook.core.language import Language
from mayabook.core.settings import ScriptSettings
from mayabook.core.spoken_form import spoken_form
from mayabook.core.words import words
from mayabook.render.ledger import PlannedChunk
from mayabook.script.sentence_split import sentence_spans
from mayabook.script.verbalisation import Verbaliser

NAME = "edits.json"
_ENDS = ".!?…:;—–"


@dataclass(frozen=True, slots=True)
class Edits:
    """The edits of a job."""

    file: Path
    texts: dict[str, str]
    """The chunk's text in the book -> the text that replaces it."""

    @classmethod
    def of(cls, folder: Path) -> "Edits":
        """Reads the edits of the job in `folder`. Raises JobError if the file is damaged."""
        file = folder / NAME
        try:
            texts = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        except (OSError, ValueError) as error:
            raise JobError(
                f"Cannot read the edited texts in {file} ({error}); correct the file, or delete it to restore the "
                "book's text."
            ) from error
        if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
            raise JobError(f"{file} does not map texts to texts; delete it to restore the book's text.")
        return cls(file, texts)

    def written(self, planned: PlannedChunk) -> str:
        """The book's text of a chunk, which may be an edited one."""
        text = planned.chunk.text
        return planned.book_text or next((written for written, edit in self.texts.items() if edit == text), text)

    def is_spoken(self, planned: PlannedChunk) -> bool:
        """Whether the chunk was planned with the text that the edits give it now."""
        written = self.written(planned)
        return self.texts.get(written, written) == planned.chunk.text

    def set(self, planned: PlannedChunk, text: str, limits: ScriptSettings) -> None:
        """Stores `text` in place of the chunk's; an empty one restores the book's. The next run synthesises it.

        Raises ScriptError if the text is longer than a chunk may be, or has no word.
        """
        text, written = " ".join(text.split()), self.written(planned)
        if len(text) > limits.max_chars or len(text.split()) > limits.max_words:
            raise ScriptError(
                f"The new text is longer than a chunk may be ({limits.max_words} words, {limits.max_chars} "
                "characters); shorten it."
            )
        if text and not words(text):
            raise ScriptError("The new text has no words; write some, or leave it empty to restore the book's text.")
        self.restore(written, "" if text == written else text)

    def restore(self, written: str, text: str) -> None:
        """Stores an earlier edit of the book's text `written`, without validation; an empty text removes the edit."""
        self.texts.pop(written, None)
        if text:
            self.texts[written] = text
        write_text(self.file, json.dumps(self.texts, ensure_ascii=False, indent=1))

    def applied(self, chunks: Sequence[Chunk], language: str, verbaliser: Verbaliser) -> tuple[Chunk, ...]:
        """The chunks with their edits, split into sentences again."""
        return tuple(
            _edited(chunk, self.texts[chunk.text], language, verbaliser) if chunk.text in self.texts else chunk
            for chunk in chunks
        )


def _edited(chunk: Chunk, text: str, language: str, verbaliser: Verbaliser) -> Chunk:
    """The chunk with another text. Its sentences take over the spans of the old ones in order; further sentences share
    the last span."""
    spans = [sentence.span for sentence in chunk.sentences]
    pieces = [text[start:end] for start, end in sentence_spans(text, Language.of(language))]
    spans += [spans[-1]] * (len(pieces) - len(spans))
    replaced = [verbaliser.verbalise(piece) for piece in pieces]
    said = [spoken_form(piece, replacements) for piece, replacements in zip(pieces, replaced, strict=True)]
    if chunk.pause != Pause.SENTENCE and not text.rstrip("\"'”’»)]").endswith(tuple(_ENDS)):
        said[-1] += "."
    sentences = tuple(
        Sentence(piece, span, None if spoken == piece else spoken, replacements)
        for piece, span, spoken, replacements in zip(pieces, spans, said, replaced, strict=False)
    )
    return replace(chunk, sentences=sentences, spoken=" ".join(filter(None, said)))
