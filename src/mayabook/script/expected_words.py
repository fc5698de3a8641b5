"""The words that a take should say: the spoken form of a chunk, and which written words each spoken one stands for."""

from collections.abc import Sequence
from dataclasses import dataclass

from mayabook.core.chunk import Sentence
from mayabook.core.ipa import without_ipa
from mayabook.core.spoken_form import Replacement, WordClass, align_words, spoken_form

_RESPELT = frozenset(
    {WordClass.LEXICON, WordClass.HOMOGRAPHS, WordClass.INTERJECTIONS, WordClass.STUTTERING, WordClass.DIALECT}
)
"""Classes whose spoken form is another spelling of the same word: ASR may write it either way."""


@dataclass(frozen=True, slots=True)
class ExpectedWords:
    """Words of a text that are spoken as a whole: mostly one word as it is written; "£3.50" is "three pounds fifty".

    written: indices of the words in `Chunk.text.split()`. text: these words. spoken: what is said for them; empty for
    what is left out. replacements: those that change one of the words, each with the text that it replaces.
    """

    written: range
    text: str
    spoken: tuple[str, ...]
    replacements: tuple[tuple[str, Replacement], ...] = ()

    @property
    def is_respelt(self) -> bool:
        """Whether the spoken words are the written ones in another spelling."""
        return any(each.word_class in _RESPELT for _, each in self.replacements)


def expected_words(sentences: Sequence[Sentence]) -> list[ExpectedWords]:
    """The words of consecutive sentences, in order; every written word belongs to one of them."""
    found: list[ExpectedWords] = []
    n_before = 0
    for sentence in sentences:
        written = sentence.text.split()
        spoken = spoken_form(sentence.text, sentence.replacements).split()
        for pair in align_words(sentence.text, sentence.replacements):
            said = tuple(without_ipa(" ".join(spoken[pair.spoken.start : pair.spoken.stop])).split())
            found.append(
                ExpectedWords(
                    range(n_before + pair.written.start, n_before + pair.written.stop),
                    " ".join(written[pair.written.start : pair.written.stop]),
                    said,
                    tuple(
                        (sentence.text[each.start : each.end], each)
                        for each in sentence.replacements
                        if _overlap(_word_range(sentence.text, each), pair.written)
                    ),
                )
            )
        n_before += len(written)
    return found


def _word_range(text: str, replacement: Replacement) -> range:
    """Indices of the words that a replacement touches."""
    n_before = len(text[: replacement.start].split())
    inside = replacement.start and not text[replacement.start - 1].isspace() and not text[replacement.start].isspace()
    return range(n_before - bool(inside), len(text[: replacement.end].split()))


def _overlap(left: range, right: range) -> bool:
    return left.start < right.stop and right.start < left.stop
