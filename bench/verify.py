"""Runs `mayabook verify` on a clean audiobook of the sample book, and on audiobooks with every kind of severe defect.

python bench/verify.py             three spoilt audiobooks, some minutes
python bench/verify.py --books 10
"""

import argparse
import tempfile
import time
from collections import Counter
from pathlib import Path

from bench.spoilt_book import FOUND_AS, KINDS, PlantedDefect, spoil
from mayabook import make_audiobook
from mayabook.verify import Defect, Verification, verify_audiobook

SAMPLE = next((Path(__file__).parent.parent / "examples").glob("*.epub"))
NEAR_SECONDS = 2.0
"""How far from a spoilt take its defect may be reported: if first words are missing, that is in the pause before it."""


def verify(audiobook: Path) -> Verification:
    return verify_audiobook(audiobook, SAMPLE)


def beside(defect: Defect, spoilt: PlantedDefect) -> bool:
    return defect.start < spoilt.end + NEAR_SECONDS and defect.end > spoilt.start - NEAR_SECONDS


def is_found(spoilt: PlantedDefect, found: Verification) -> bool:
    return any(beside(defect, spoilt) and defect.kind in FOUND_AS[spoilt.kind] for defect in found.defects)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--books", type=int, default=3, help="spoilt audiobooks, one defect of each kind in every one")
    parser.add_argument("--work", type=Path, help="folder of the audiobooks, kept for another run")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work: Path = arguments.work or Path(folder)
        work.mkdir(parents=True, exist_ok=True)
        clean = work / "clean.m4b"
        make_audiobook(SAMPLE, clean, force=True)
        started = time.perf_counter()
        found = verify(clean)
        seconds = time.perf_counter() - started
        print(f"clean audiobook: {len(found.defects)} defects reported in {found.duration:.0f} s of audio, ", end="")
        print(f"{found.n_correct} of {len(found.sentences)} sentences sound, {found.duration / seconds:.0f}x real time")
        caught, false_alarms = Counter[str](), 0
        for seed in range(arguments.books):
            book = work / f"spoilt-{seed}.m4b"
            truth = spoil(clean, SAMPLE, book, seed)
            found = verify(book)
            for spoilt in truth:
                caught[spoilt.kind] += is_found(spoilt, found)
                if not is_found(spoilt, found):
                    print(f"  book {seed}: {spoilt.kind} at {spoilt.start:.0f} s not found: {spoilt.text[:70]}")
            for defect in found.defects:
                if not any(beside(defect, spoilt) for spoilt in truth):
                    false_alarms += 1
                    print(f"  book {seed}: {defect.kind} at {defect.start:.0f} s is none: {defect.evidence}")
        for kind in KINDS:
            print(f"{kind:26} {caught[kind]} of {arguments.books} found")
        print(f"{'reported where nothing is':26} {false_alarms}")


if __name__ == "__main__":
    main()
