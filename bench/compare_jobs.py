"""Checks that two versions of MayaBook make the same audiobook: compares two finished jobs sample by sample.

    python bench/compare_jobs.py OLD/book.m4b NEW/book.m4b

First run `mayabook make` with the same book and settings under both versions, on the same machine. Ledgers and files
are read without MayaBook's code, so jobs of any version can be compared. Compared are the plan, the takes (seed,
sampling, samples, codes), verdicts, the coverage report, and samples and chapters of the audiobook, but not the names
of takes or the identities of engine and checks. The exit code is 1 if anything differs.
"""

import hashlib
import json
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import soundfile

KEYS = ("key", "take", "file", "made_of")
"""Entries of the coverage report that name takes by their content keys, and so are not compared."""


def digest(array: np.ndarray[Any, Any]) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16]


def plan(job: Path) -> list[Any]:
    """(chapter title, chunk) of each planned chunk."""
    with sqlite3.connect(job / "ledger.sqlite") as ledger:
        return [(title, json.loads(chunk)) for title, chunk in ledger.execute("SELECT chapter_title, chunk FROM plan")]


def takes(job: Path) -> list[Any]:
    """Every take of the planned chunks in order, with digests of its samples and codes, and its verdicts."""
    found = []
    with sqlite3.connect(job / "ledger.sqlite") as ledger:
        ledger.row_factory = sqlite3.Row
        rows = ledger.execute(
            "SELECT DISTINCT takes.* FROM takes LEFT JOIN plan USING (key)"
            " ORDER BY position IS NULL, position, attempt, takes.id"
        ).fetchall()
        for row in rows:
            file = job / row["file"]
            samples, sample_rate = soundfile.read(file, dtype="int32")
            codes = {}
            if file.with_suffix(".npz").is_file():
                with np.load(file.with_suffix(".npz")) as arrays:
                    codes = {name: digest(arrays[name]) for name in sorted(arrays.files)}
            bodies = ledger.execute("SELECT accepted, body FROM verdicts WHERE take = ?", (row["id"],)).fetchall()
            found.append(
                {
                    "attempt": row["attempt"],
                    "seed": row["seed"],
                    "sampling": json.loads(row["sampling"]),
                    "stop": row["stop"],
                    "step": row["step"],
                    "samples": (sample_rate, len(samples), digest(samples)),
                    "codes": codes,
                    "verdicts": [(body["accepted"], json.loads(body["body"])) for body in bodies],
                }
            )
    return found


def coverage(job: Path) -> Any:
    def without_keys(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: without_keys(each) for name, each in value.items() if name not in KEYS}
        return [without_keys(each) for each in value] if isinstance(value, list) else value

    return without_keys(json.loads((job / "coverage.json").read_text(encoding="utf-8")))


def audiobook(file: Path) -> dict[str, Any]:
    """Digest of the decoded samples, and the chapters."""
    content, n_samples = hashlib.sha256(), 0
    with av.open(str(file)) as container:
        marks = [
            (str(mark["metadata"].get("title")), mark["start"], mark["end"], str(mark["time_base"]))
            for mark in container.chapters()
        ]
        for frame in container.decode(audio=0):
            samples = frame.to_ndarray()
            content.update(samples.tobytes())
            n_samples += samples.shape[-1]
    return {"samples": (n_samples, content.hexdigest()[:16]), "chapters": marks}


def differences(name: str, old: Any, new: Any) -> Iterator[str]:
    """Yields a line for each difference between two values; lists and dictionaries are compared item by item."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys(), key=str):
            yield from differences(f"{name}.{key}", old.get(key), new.get(key))
    elif isinstance(old, list | tuple) and isinstance(new, list | tuple) and len(old) == len(new):
        for at, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from differences(f"{name}[{at}]", one, other)
    elif old != new:
        yield f"{name}: {str(old)[:150]} -> {str(new)[:150]}"


def main() -> None:
    old, new = map(Path, sys.argv[1:3])
    jobs = old.with_suffix(".mayabook"), new.with_suffix(".mayabook")
    found = [
        *differences("plan", *map(plan, jobs)),
        *differences("takes", *map(takes, jobs)),
        *differences("coverage", *map(coverage, jobs)),
        *differences("audiobook", audiobook(old), audiobook(new)),
    ]
    print("\n".join(found[:40]))
    print(f"{len(takes(jobs[1]))} takes of {len(plan(jobs[1]))} chunks: {len(found)} differences")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
