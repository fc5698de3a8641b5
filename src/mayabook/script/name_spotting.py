"""Finds names that a voice may mispronounce, and writes them into a lexicon to edit."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import regex

from mayabook.core.emotion_tags import without_tags
from mayabook.core.errors import ScriptError
from mayabook.script.script_writer import Script
from mayabook.script.verbalisation.vocabulary import is_word

_WORD = regex.compile(r"\p{L}[\p{L}\p{M}]*(?:['’-]\p{L}[\p{L}\p{M}]*)*")
_CLITIC = regex.compile(r"(?i)['’](?:s|d|ll|re|ve)$")
# A capital after a word, a comma or a title is there for its own sake; one before a full stop is such a title.
_TITLE = r"\b(?:Capt|Col|Dr|Gen|Lt|Mme|Mr|Mrs|Ms|Prof|Rev|Sgt|St)\. "
_NAME = regex.compile(rf"(?<=[\p{{Ll}}\p{{M}}\p{{Nd}},;] +|{_TITLE})(?=\p{{Lu}})(?!I['’])(?>{_WORD.pattern})(?!\.\s)")
_CONTEXT = 40
"""Characters of the sentence on each side of a name."""


@dataclass(frozen=True, slots=True)
class RareName:
    name: str
    count: int
    """Times that it occurs, also in capitals."""
    context: str
    """Where it first occurs inside a sentence, with the words around it."""


def find_rare_names(script: Script) -> list[RareName]:
    """Names that are not in the pronunciation dictionary, most frequent first: words with a capital inside a sentence
    that the book never writes in lower case. Acronyms, and words that are spoken otherwise than they are written, as
    those of the lexicon are, do not count."""
    counts: Counter[str] = Counter()
    contexts: dict[str, str] = {}
    for chunk in script.chunks:
        for sentence in chunk.sentences:
            text = without_tags(sentence.text)
            counts.update(_CLITIC.sub("", word) for word in _WORD.findall(text))
            for match in _NAME.finditer(text):
                if not any(each.start < match.end() and match.start() < each.end for each in sentence.replacements):
                    contexts.setdefault(_CLITIC.sub("", match[0]), _context(match))
    found = [
        RareName(name, counts[name] + counts[name.upper()], context)
        for name, context in contexts.items()
        if name != name.upper() and name.lower() not in counts and not _is_in_dictionary(name)
        if not (name.endswith("s") and name[:-1] in contexts)  # a plural, which the entry of the name matches
    ]
    return sorted(found, key=lambda each: (-each.count, each.name))


def _context(match: regex.Match[str]) -> str:
    text, first, last = match.string, match.start() - _CONTEXT, match.end() + _CONTEXT
    before, after = text[max(first, 0) : match.start()], text[match.end() : last]
    if first > 0:
        before = f"… {before.partition(' ')[2]}"
    if last < len(text):
        after = f"{after.rpartition(' ')[0]} …"
    return " ".join(f"{before}{match[0]}{after}".split())


def _is_in_dictionary(name: str) -> bool:
    """Whether the name, or each part of it between hyphens, is."""
    plain = name.replace("’", "'")
    return any(all(is_word(part) or is_word(part.lower()) for part in parts) for parts in ([plain], plain.split("-")))


def write_lexicon_template(path: Path, names: Sequence[RareName], said: Sequence[str]) -> None:
    """Writes a lexicon whose entries are comments, to be corrected by a person; as it is, it changes nothing.

    said: how the narrator says each name, in IPA. Raises ScriptError where the file exists or cannot be written.
    """
    lines = [
        "# Rare names, most frequent first, each with how the narrator says it (in IPA) and where it occurs.",
        "# Where that is wrong, remove the # before the entry and write how to say it, in letters or in IPA too:",
        '#   "Siobhan" = "Shivawn"',
        '#   "Siobhan" = { say = "Shivawn", ipa = "ʃɪˈvɔːn" }',
        "[words]",
    ]
    for name, sound in zip(names, said, strict=True):
        about = f"{name.count} times, said {sound}: {name.context}"
        lines += ["", f"# {''.join(char for char in about if char.isprintable())}", f'# "{name.name}" = "{name.name}"']
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
    except FileExistsError as error:
        raise ScriptError(f"There is a file {path} already; name another, or remove it") from error
    except OSError as error:
        raise ScriptError(f"Cannot write the lexicon {path} ({error.strerror}); name another file") from error
