"""listen: writes a blind A/B listening test of two cells as a self-contained HTML page."""

import base64
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mayabook.core.errors import LabError
from mayabook.core.files import write_text
from mayabook.lab.audio_embedding import embed_mp3
from mayabook.lab.report_pages import render
from mayabook.lab.rows import Row
from mayabook.lab.trial_runner import rows_by_cell


def write_ab_test(
    folder: Path, rows: Sequence[Row], one: str, other: str, file: Path, n: int = 20, seed: int = 0
) -> int:
    """Writes the page to `file` and returns its number of pairs, at most n.

    Each pair has the same text and seed, and equal levels; `seed` chooses the pairs and randomises their sides. Pairs
    with equal codes are left out, because they sound the same. Raises LabError if a cell has no audio, or no pair is
    left.
    """
    found = rows_by_cell([row for row in rows if row.get("audio") and (folder / row["audio"]).is_file()])
    for name in (one, other):
        if name not in found:
            raise LabError(
                f"There is no audio of {name!r} in {folder}; there is of: {', '.join(found) or 'nothing'}. "
                "Run the experiment with keep_audio = true."
            )
    theirs = {row["item"]: row for row in found[other]}
    pairs = [(row, theirs[row["item"]]) for row in found[one] if row["item"] in theirs]
    if not pairs:
        raise LabError(f"{one} and {other} have no chunk in common; choose two cells of the same chunks.")
    pairs = [(left, right) for left, right in pairs if left.get("tokens", left) != right.get("tokens", right)]
    if not pairs:
        raise LabError(
            f"{one} and {other} spoke the same codes throughout, so they sound the same; choose other cells."
        )
    draw = np.random.Generator(np.random.Philox(seed))
    chosen = sorted(draw.permutation(len(pairs))[:n].tolist())
    swapped = draw.integers(0, 2, len(chosen)).tolist()
    entries = []
    for at, swap in zip(chosen, swapped, strict=True):
        sides = [embed_mp3(folder / row["audio"]) for row in pairs[at]]
        entries.append(
            {"text": pairs[at][0]["text"], "item": pairs[at][0]["item"], "sides": sides[::-1] if swap else sides}
        )
    key = base64.b64encode(json.dumps({"names": [one, other], "swapped": swapped}).encode()).decode()
    write_text(file, render("listen.html.j2", pairs=entries, key=key))
    return len(entries)
