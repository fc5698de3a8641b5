"""Finds names that a voice may mispronounce, as candidates for the lexicon."""

from collections import Counter

import regex

from mayabook.core.emotion_tags import without_tags
from mayabook.script.script_writer import Script

_WORD = regex.compile(r"\p{L}[\p{L}\p{M}]*(?:['’-]\p{L}[\p{L}\p{M}]*)*")
_POSSESSIVE = regex.compile(r"['’]s$")
# A capital after a word, a comma or a title is there for its own sake; one before a full stop is such a title.
_TITLE = r"\b(?:Capt|Col|Dr|Gen|Lt|Mme|Mr|Mrs|Ms|Prof|Rev|Sgt|St)\. "
_NAME = regex.compile(rf"(?<=[\p{{Ll}}\p{{M}}\p{{Nd}},;] |{_TITLE})(?=\p{{Lu}})(?!I['’])(?>{_WORD.pattern})(?!\.\s)")


def find_rare_names(script: Script) -> list[tuple[str, int]]:
    """(name, times it occurs), most frequent first: words with a capital inside a sentence that the book never
    writes in lower case, single letters aside."""
    counts: Counter[str] = Counter()
    names: set[str] = set()
    for chunk in script.chunks:
        for sentence in chunk.sentences:
            text = " ".join(without_tags(sentence.text).split())
            counts.update(_POSSESSIVE.sub("", word) for word in _WORD.findall(text))
            names.update(_POSSESSIVE.sub("", name) for name in _NAME.findall(text))
    found = [(name, counts[name]) for name in names if len(name) > 1 and name.lower() not in counts]
    return sorted(found, key=lambda item: (-item[1], item[0]))
