"""Lets a text normalisation library say the labelled set, in an environment of its own that has that library.

    python -m bench.verbalisation texts TEXTS.json
    VENV/bin/python bench/verbalisation/libraries.py nemo TEXTS.json NEMO.json

Libraries: nemo (nemo-text-processing) and wetext (WeTextProcessing). It imports nothing of this project.
"""

import json
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


LIBRARIES = {"nemo": _nemo, "wetext": _wetext}


def main(library: str, texts: Path, out: Path) -> None:
    normalise = LIBRARIES[library]()
    said = {}
    for text in json.loads(texts.read_text(encoding="utf-8")):
        try:
            said[text] = normalise(text)
        except Exception as error:  # noqa: BLE001  whatever the library raises: the text is then as it was
            print(f"{text}: {error}", file=sys.stderr)
            said[text] = text
    out.write_text(json.dumps(said, ensure_ascii=False, indent=0), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
