"""Texts that a person wrote for chunks, in place of the book's: a file in the job folder, kept by what the book has.

    edits.json    {"what the book has": "what is spoken instead"}

An edit holds wherever the chunk stands, and as long as the book has that text; the next run speaks it.
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
from mayabook.core.words import words
from mayabook.script import Lexicon
from mayabook.script.sentence_split import sentence_spans

NAME = "edits.json"
_ENDS = ".!?…:;—–"


@dataclass(frozen=True, slots=True)
class Edits:
    """texts: what the book has -> what is spoken."""

    file: Path
    texts: dict[str, str]

    @classmethod
    def of(cls, folder: Path) -> "Edits":
        """Those of the job in `folder`. Raises JobError if the file is damaged."""
        file = folder / NAME
        try:
            texts = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        except (OSError, ValueError) as error:
            raise JobError(
                f"{file} cannot be read ({error}); mend it, or delete it to have the book's text."
            ) from error
        if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
            raise JobError(f"{file} is not a table of texts; delete it to have the book's text.")
        return cls(file, texts)

    def written(self, chunk: Chunk) -> str:
        """What the book has for a chunk that may be an edited one."""
        return next((written for written, text in self.texts.items() if text == chunk.text), chunk.text)

    def set(self, chunk: Chunk, text: str, limits: ScriptSettings) -> None:
        """From the next run on `chunk` says `text`; the book's own where that is empty. Raises ScriptError."""
        text, written = " ".join(text.split()), self.written(chunk)
        if len(text) > limits.max_chars or len(text.split()) > limits.max_words:
            raise ScriptError(
                f"That text is too long for a chunk of {limits.max_words} words and {limits.max_chars} characters; "
                "shorten it."
            )
        if text and not words(text):
            raise ScriptError("That text has nothing to speak; write words, or nothing to have the book's text back.")
        self.texts.pop(written, None)
        if text and text != written:
            self.texts[written] = text
        write_text(self.file, json.dumps(self.texts, ensure_ascii=False, indent=1))

    def applied(self, chunks: Sequence[Chunk], language: str, lexicon: Lexicon | None) -> tuple[Chunk, ...]:
        return tuple(
            _edited(chunk, self.texts[chunk.text], language, lexicon or Lexicon())
            if chunk.text in self.texts
            else chunk
            for chunk in chunks
        )


def _edited(chunk: Chunk, text: str, language: str, lexicon: Lexicon | None) -> Chunk:
    """Its sentences bear the spans of those that stood in their place, as far as there are any."""
    spans = [sentence.span for sentence in chunk.sentences]
    pieces = [text[start:end] for start, end in sentence_spans(text, Language.of(language))]
    spans += [spans[-1]] * (len(pieces) - len(spans))
    said = [lexicon.respell(piece) if lexicon else piece for piece in pieces]
    if chunk.pause != Pause.SENTENCE and not text.rstrip("\"'”’»)]").endswith(tuple(_ENDS)):
        said[-1] += "."
    sentences = tuple(
        Sentence(piece, span, "" if spoken == piece else spoken)
        for piece, span, spoken in zip(pieces, spans, said, strict=False)
    )
    return replace(chunk, sentences=sentences, spoken=" ".join(said))
