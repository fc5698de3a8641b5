"""Lets a text normalisation library say the labelled set, in an environment of its own that has that library.

    python -m bench.verbalisation texts TEXTS.json
    VENV/bin/python bench/verbalisation/libraries.py nemo TEXTS.json NEMO.json

Libraries: nemo (nemo-text-processing), wetext (WeTextProcessing) and num2words. Sentences that the output file already
has are not said again. It imports nothing of this project.
"""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path


def _nemo() -> Callable[[str], str]:
    from nemo_text_processing.text_normalization.normalize import Normalizer

    normaliser = Normalizer(input_case="cased", lang="en")
    return lambda text: str(normaliser.normalize(text, punct_post_process=True))


def _wetext() -> Callable[[str], str]:
    from tn.english.normalizer import Normalizer

    normaliser = Normalizer()
    return lambda text: str(normaliser.normalize(text))


def _num2words() -> Callable[[str], str]:
    """Has no rules for sentences: money, ordinals, years and other numbers are found as one would at first."""
    from num2words import num2words

    def say(found: re.Match[str]) -> str:
        sign, digits, ending = found["sign"], found["digits"].replace(",", ""), found["ending"]
        if sign:
            currency = {"$": "USD", "£": "GBP", "€": "EUR"}[sign]
            return str(num2words(float(digits), to="currency", currency=currency))
        if ending:
            return str(num2words(int(float(digits)), to="ordinal"))
        if re.fullmatch(r"1[1-9]\d\d|20\d\d", found["digits"]):
            return str(num2words(int(digits), to="year"))
        return str(num2words(float(digits) if "." in digits else int(digits)))

    number = re.compile(
        r"(?P<sign>[$£€])?(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?P<ending>st|nd|rd|th)?"
    )
    return lambda text: number.sub(say, text)


LIBRARIES = {"nemo": _nemo, "wetext": _wetext, "num2words": _num2words}


def main(library: str, texts: Path, out: Path) -> None:
    normalise = LIBRARIES[library]()
    known = json.loads(out.read_text(encoding="utf-8")) if out.exists() else {}
    said = {}
    for text in json.loads(texts.read_text(encoding="utf-8")):
        if text in known:
            said[text] = known[text]
            continue
        try:
            said[text] = normalise(text)
        except Exception as error:  # noqa: BLE001  whatever the library raises: the text is then as it was
            print(f"{text}: {error}", file=sys.stderr)
            said[text] = text
    out.write_text(json.dumps(said, ensure_ascii=False, indent=0), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
