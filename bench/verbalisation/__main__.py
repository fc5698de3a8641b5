"""Measures verbalisation on the labelled set and writes the table of docs/reading.md.

    python -m bench.verbalisation                      the table
    python -m bench.verbalisation texts TEXTS.json     the sentences, for bench/verbalisation/libraries.py
    python -m bench.verbalisation plain BOOK.txt ...   what is changed in plain texts, for a person to read

What other libraries say is read from bench/verbalisation/libraries/*.json, which libraries.py writes.
"""

import json
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from hibari.g2p import G2P

from bench.verbalisation.labelled import HOMOGRAPHS, SEEN, UNSEEN, UNSEEN_HOMOGRAPHS, Case, Token, read_cases
from mayabook.core.ipa import without_ipa
from mayabook.core.language import ENGLISH
from mayabook.core.spoken_form import spoken_form
from mayabook.engines.misaki_phonemes import phonemiser_text
from mayabook.script import Verbaliser
from mayabook.script.sentence_split import sentence_spans

PAGE = Path(__file__).parents[2] / "docs" / "reading.md"
BEGIN, END = "<!-- verbalisation: begin -->", "<!-- verbalisation: end -->"
LIBRARIES = Path(__file__).parent / "libraries"
NAMES = {"nemo": "NeMo", "num2words": "num2words", "wetext": "WeText"}

Said = Callable[[Case], int]
"""How many tokens of a case are right."""


@lru_cache
def _verbaliser(language: str) -> Verbaliser:
    return Verbaliser(language)


def ours(case: Case) -> int:
    return case.n_right(without_ipa(spoken_form(case.text, _verbaliser(case.language).verbalise(case.text))))


def as_written(case: Case) -> int:
    return case.n_right(case.text)


def of_library(said: dict[str, str]) -> Said:
    return lambda case: case.n_right(said[case.text])


def by_narrator(case: Case) -> int:
    """Tokens that the narrator's own normaliser says right, by their phonemes: its numbers never become words."""
    return sum(_sounds_right(case, place) for place, piece in enumerate(case.pieces) if isinstance(piece, Token))


def _sounds_right(case: Case, place: int) -> bool:
    token = case.pieces[place]
    assert isinstance(token, Token)
    sound = _phonemes(_filled(case, place, token.written))
    return sound != "" and any(sound == _phonemes(_filled(case, place, way)) for way in token.spoken)


def _filled(case: Case, place: int, text: str) -> str:
    """The sentence with one token as given and the others as they are said."""
    return "".join(
        text if at == place else piece.spoken[0] if isinstance(piece, Token) else piece
        for at, piece in enumerate(case.pieces)
    )


@lru_cache
def _g2p() -> G2P:
    return G2P()


def _phonemes(text: str) -> str:
    """Phonemes without stress, pauses and the reduction of small words; nothing where the narrator fails."""
    try:
        return re.sub(r"[^\w]|[ˈˌːəɐᵊ]", "", str(_g2p()(text)))
    except ValueError:  # superscripts
        return ""


def table() -> str:
    seen, unseen = list(read_cases(SEEN)), list(read_cases(UNSEEN))
    columns: dict[str, Said] = {}
    for file in sorted(LIBRARIES.glob("*.json")):
        columns[NAMES.get(file.stem, file.stem)] = of_library(json.loads(file.read_text(encoding="utf-8")))
    columns |= {"narrator alone": by_narrator, "none": as_written}
    classes = list(dict.fromkeys(case.word_class for case in seen))
    rows = [
        ["class", "cases", "MayaBook, seen", "MayaBook, unseen", *columns],
        ["---", *["--:"] * (3 + len(columns))],
        *(
            _row(name, [c for c in seen if c.word_class == name], [c for c in unseen if c.word_class == name], columns)
            for name in classes
        ),
        _row("all", seen, unseen, columns),
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _row(name: str, seen: list[Case], unseen: list[Case], columns: dict[str, Said]) -> list[str]:
    both = seen + unseen
    n_tokens = sum(case.n_tokens for case in both)
    shares = [_share(seen, ours), _share(unseen, ours), *(_share(both, said) for said in columns.values())]
    return [name, str(n_tokens), *shares]


def _share(cases: list[Case], said: Said) -> str:
    return f"{100 * sum(map(said, cases)) / sum(case.n_tokens for case in cases):.1f} %"


def homographs(file: Path) -> str:
    """How often a homograph is said right: always the commoner way, by the narrator, and by it after our rules."""
    n_cases = n_common = n_narrator = n_ours = 0
    word, ways = "", [""]
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            word, *ways = line[3:].split()
        elif line[:1] in ("1", "2"):
            right, text = _sound(ways[int(line[0]) - 1]), line[2:]
            place = [token.strip(".,!?").lower() for token in text.split()].index(word)
            said = spoken_form(text, _verbaliser("en").verbalise(text))
            n_cases += 1
            n_common += line[0] == "1"
            n_narrator += _sound_of_word(text, place) == right
            n_ours += _sound_of_word(said, place) == right
    counts = {"MayaBook": n_ours, "narrator alone": n_narrator, "always the commoner way": n_common}
    shares = [f"{name} {100 * n / n_cases:.0f} %" for name, n in counts.items()]
    return f"{n_cases} sentences: {', '.join(shares)}"


def _sound_of_word(text: str, place: int) -> str:
    tokens = _g2p().phonemize_tokens(_g2p().tokenize(phonemiser_text(text)))
    words = [token for token in tokens if any(char.isalpha() for char in token.text)]
    return _sound(words[place].phonemes or "")


def _sound(phonemes: str) -> str:
    return re.sub("[ˈˌ]", "", phonemes).replace("T", "t")


def write_page() -> None:
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    of_homographs = (
        f"Homographs by their phonemes, unseen, {homographs(UNSEEN_HOMOGRAPHS)}. Seen, {homographs(HOMOGRAPHS)}."
    )
    PAGE.write_text(f"{before}{BEGIN}\n{table()}\n\n{of_homographs}\n{END}{after}", encoding="utf-8")


def print_changes(files: list[Path]) -> None:
    """What is changed in each text, by class, with the time of a sentence."""
    verbaliser = Verbaliser("en")
    for file in files:
        paragraphs = re.split(r"\n\s*\n", file.read_text(encoding="utf-8", errors="replace"))
        lines = [" ".join(paragraph.split()) for paragraph in paragraphs]
        sentences = [line[start:end] for line in lines for start, end in sentence_spans(line, ENGLISH)]
        changes: defaultdict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
        started = time.process_time()
        for sentence in sentences:
            for each in verbaliser.verbalise(sentence):
                changes[each.word_class][sentence[each.start : each.end], each.spoken] += 1
        milliseconds = 1000 * (time.process_time() - started) / len(sentences)
        print(f"{file}: {len(sentences)} sentences, {milliseconds:.2f} ms each")
        for word_class, found in changes.items():
            print(f"  {word_class}: " + "; ".join(f"{a} -> {b} ({n})" for (a, b), n in found.most_common()))


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["texts"]:
        texts = sorted({case.text for file in (SEEN, UNSEEN) for case in read_cases(file)})
        Path(arguments[1]).write_text(json.dumps(texts, ensure_ascii=False), encoding="utf-8")
    elif arguments[:1] == ["plain"]:
        print_changes([Path(each) for each in arguments[1:]])
    else:
        write_page()


if __name__ == "__main__":
    main(sys.argv[1:])
