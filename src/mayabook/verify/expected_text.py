"""What a recording should say: the sentences of a book, and the normalised units of their words."""

from dataclasses import dataclass

from mayabook.checks.text_normalisation import TextUnit, expected_units
from mayabook.core.book import Book
from mayabook.core.chunk import Pause, Sentence
from mayabook.core.emotion_tags import without_tags
from mayabook.core.errors import BookError
from mayabook.core.language import Language
from mayabook.core.settings import ScriptSettings
from mayabook.script import write_script
from mayabook.script.expected_words import expected_words


@dataclass(frozen=True, slots=True)
class ExpectedSentence:
    """A sentence of the text.

    first_unit, end_unit: half-open range in `ExpectedText.units`. pause: the pause that the script puts after it.
    """

    sentence: Sentence
    chapter: str
    pause: Pause
    first_unit: int
    end_unit: int

    @property
    def text(self) -> str:
        return self.sentence.text

    @property
    def has_emotion_tag(self) -> bool:
        """Whether it has an emotion tag: a laugh or sigh is voice without words."""
        return without_tags(self.text) != self.text


@dataclass(frozen=True, slots=True)
class ExpectedText:
    """The whole text as sentences and text units.

    units: of all sentences, in order; their `words` indices count within a chunk of the script, and mean nothing here.
    sentence_of_unit: for each unit the index of its sentence.
    """

    title: str
    sentences: tuple[ExpectedSentence, ...]
    units: tuple[TextUnit, ...]
    sentence_of_unit: tuple[int, ...]

    def n_letters(self, line: int) -> int:
        """Letters of a sentence, verbalised."""
        units = self.units[self.sentences[line].first_unit : self.sentences[line].end_unit]
        return sum(len(token) for unit in units for token in unit.verbalisations[0])


def build_expected_text(book: Book, settings: ScriptSettings, language: Language) -> ExpectedText:
    """Expected text of the narrated chapters. Raises BookError if they hold no words."""
    script = write_script(book, settings)
    titles = {chapter.number: chapter.title for chapter in book.chapters}
    lines: list[ExpectedSentence] = []
    units: list[TextUnit] = []
    line_of: list[int] = []
    for chunk in script.chunks:
        found = expected_units(expected_words(chunk.sentences), language)
        n_words = at = 0
        for place, sentence in enumerate(chunk.sentences):
            n_words += len(sentence.text.split())
            first = at
            while at < len(found) and found[at].words[0] < n_words:
                at += 1
            last = place + 1 == len(chunk.sentences)
            ends_block = not last and chunk.sentences[place + 1].span.block != sentence.span.block
            pause = chunk.pause if last else Pause.PARAGRAPH if ends_block else Pause.SENTENCE
            start = len(units) + first
            lines.append(ExpectedSentence(sentence, titles[chunk.chapter], pause, start, len(units) + at))
            line_of += [len(lines) - 1] * (at - first)
        units += found
    if not units:
        raise BookError(f"{book.title} contains no words: give the text of the audiobook.")
    return ExpectedText(book.title, tuple(lines), tuple(units), tuple(line_of))
