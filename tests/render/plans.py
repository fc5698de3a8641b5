"""Chunks and plans of sentences of our own."""

from collections.abc import Iterable, Sequence

from mayabook.core.chunk import Chunk, Pause, Sentence, Span
from mayabook.render import PlannedChunk, content_key
from tests.render.faulty import Faulty

SENTENCES = (
    "The boat came in at dawn, with nobody aboard.",
    "The woman next door saw it first from the kitchen window.",
    "She called her brother, and they both walked down to the water.",
)


def chunk_of(sentences: Sequence[str], index: int = 0) -> Chunk:
    spans = tuple(Sentence(text, Span(0, 0, len(text))) for text in sentences)
    return Chunk(index, 1, spans, " ".join(sentences), Pause.PARAGRAPH)


def plan_of(engine: Faulty, texts: Iterable[Sequence[str]]) -> list[PlannedChunk]:
    """A chunk for each of the texts, which are lists of sentences."""
    chunks = [chunk_of(sentences, index) for index, sentences in enumerate(texts)]
    return [PlannedChunk(chunk.index + 1, content_key(engine, chunk), "One", chunk) for chunk in chunks]
