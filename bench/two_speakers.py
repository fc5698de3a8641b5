"""Measures whether an anchor keeps a model to one speaker, and whether the checks notice who speaks without one.

    python -m bench.two_speakers           writes the table of the model card, in some minutes
    python -m bench.two_speakers --seeds 1 makes fewer takes and writes nothing

maya1-tiny-two-speakers has memorised each chunk of its book as two speakers said it, and one description stands for
both. The codes of a take tell who speaks: they are compared with the true ones of either speaker
(training/maya1_tiny/two_speakers/reference.npz).
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.defects.table import write_between
from mayabook.checks import Checker
from mayabook.checks.other_voice import speaker_score
from mayabook.core.files import write_text
from mayabook.core.settings import CheckSettings, load_settings
from mayabook.core.take import Take, TakeRequest
from mayabook.engine_selection import open_engine
from mayabook.engines.engine import Anchored
from mayabook.lab.prompts import REFERENCE_FILE, read_true_codes
from mayabook.lab.statistics import wilson_interval
from mayabook.maya.anchor import Anchor
from mayabook.maya.frames import Frames
from mayabook.render.anchor_choice import ANCHOR_TEXT, anchor_chunk
from mayabook.render.content_keys import take_seed

ROOT = Path(__file__).parent.parent

FOLDER = ROOT / "training" / "maya1_tiny" / "two_speakers"
MODEL = FOLDER / "maya1-tiny-two-speakers"
CARD, FIGURES = FOLDER / "README.md", FOLDER / "figures.json"
BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"
SEEDS = 4
"""Takes of each chunk without an anchor, and with the anchor of either speaker."""
N_ANCHORS = 16
"""Takes of the anchor's text; the first one by each speaker becomes that speaker's anchor."""
NOBODY = "nobody"
MIN_EQUAL = 0.5
"""A take is nobody's if less than this share of its codes equals those of either speaker."""

Truth = Mapping[str, Mapping[str, Frames]]
"""Text -> speaker -> true codes."""


@dataclass(frozen=True, slots=True)
class Speech:
    """Takes, each with its speaker, known from its codes."""

    takes: Sequence[Take]
    speakers: Sequence[str]


def read_truth() -> Truth:
    texts, frames = read_true_codes(FOLDER / REFERENCE_FILE)
    with np.load(FOLDER / REFERENCE_FILE) as arrays:
        speakers: list[str] = arrays["speakers"].tolist()
    truth: dict[str, dict[str, Frames]] = {}
    for text, speaker, codes in zip(texts, speakers, frames, strict=True):
        truth.setdefault(text, {})[speaker] = codes
    return truth


def who_speaks(text: str, said: Frames, truth: Truth) -> str:
    """The speaker whose true codes of a text are most like those of a take; NOBODY if neither's are."""

    def equal(true: Frames) -> float:
        n = min(len(true), len(said))
        return float(np.mean(true[:n] == said[:n])) if n else 0.0

    likeness = {speaker: equal(codes) for speaker, codes in truth[text].items()}
    nearest = max(likeness, key=likeness.__getitem__)
    return nearest if likeness[nearest] >= MIN_EQUAL else NOBODY


def open_model() -> Anchored:
    settings = load_settings(
        FOLDER / "settings.toml", {"engine": {"kind": "gguf"}, "maya": {"model": str(MODEL), "slots": 8}}
    )
    engine, _ = open_engine(settings, None, lambda line: None)
    assert isinstance(engine, Anchored)
    return engine


def speak(engine: Anchored, texts: Iterable[str], seeds: Iterable[int], truth: Truth) -> Speech:
    """A take of each text with each seed, by the engine as it is."""
    requests = [
        TakeRequest(
            f"{seed}-{at}", text, engine.voice, take_seed(engine.voice, text, seed), sampling=engine.sampling(0)
        )
        for at, text in enumerate(texts)
        for seed in seeds
    ]
    order = {request.key: at for at, request in enumerate(requests)}
    takes = sorted(engine.generate(requests), key=lambda take: order[take.request.key])
    return Speech(takes, [who_speaks(take.request.text, codes_of(take), truth) for take in takes])


def codes_of(take: Take) -> Frames:
    assert take.codes is not None
    return take.codes.frames


def anchors(engine: Anchored, truth: Truth) -> dict[str, Anchor]:
    """An anchor of each speaker, as the model itself speaks it."""
    said = speak(engine, [ANCHOR_TEXT], range(N_ANCHORS), truth)
    found = {}
    for take, speaker in zip(said.takes, said.speakers, strict=True):
        if speaker != NOBODY and speaker not in found:
            found[speaker] = Anchor(ANCHOR_TEXT, codes_of(take))
    return found


def noticed(speech: Speech, checker: Checker) -> tuple[str, list[bool]]:
    """The speaker of most takes, and for each take whether the checks find another one in it.

    The checks measure the voice on the first takes, as in a job.
    """
    thresholds = checker.thresholds
    chunks = [anchor_chunk(take.request.text) for take in speech.takes]
    first = checker.reference_chunks(chunks)
    voice = checker.measure_voice((speech.takes[at].audio, speech.takes[at].sample_rate, chunks[at]) for at in first)
    scores = [
        speaker_score(take.audio, take.sample_rate, voice.speaker, thresholds.signal, thresholds.speaker)
        for take in speech.takes
    ]
    flagged = [any(score.value >= thresholds.rejection["other_voice"] for score in each) for each in scores]
    return Counter(speech.speakers[at] for at in first).most_common(1)[0][0], flagged


def measure(seeds: int) -> dict[str, dict[str, float]]:
    """Figures of the takes without an anchor, and with each of two, by name of the row."""
    truth, engine = read_truth(), open_model()
    checker = Checker(CheckSettings(second_asr_model=""))
    texts = [text for text in truth if text != ANCHOR_TEXT]
    rows: dict[str, dict[str, float]] = {}
    chosen = {"none": None, **anchors(engine, truth)}
    for name, anchor in chosen.items():
        engine.use_anchor(anchor)
        speech = speak(engine, texts, range(seeds), truth)
        speaker, flagged = noticed(speech, checker)
        others = [flag for flag, who in zip(flagged, speech.speakers, strict=True) if who != speaker]
        same = [flag for flag, who in zip(flagged, speech.speakers, strict=True) if who == speaker]
        rows[name] = {
            "takes": len(speech.takes),
            **{who: speech.speakers.count(who) for who in (*sorted(chosen.keys() - {"none"}), NOBODY)},
            "others noticed": sum(others),
            "others": len(others),
            "false alarms": sum(same),
        }
    engine.close()
    return rows


def tables(rows: Mapping[str, Mapping[str, float]]) -> str:
    """The table of the model card."""
    speakers = [name for name in rows if name != "none"]
    head = ["anchor", "takes", *speakers, NOBODY, "another speaker noticed", "false alarms"]
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for name, row in rows.items():
        seen = f"{row['others noticed']:.0f} of {row['others']:.0f}"
        alarms = f"{row['false alarms']:.0f} of {row['takes'] - row['others']:.0f}"
        counts = [f"{row[who]:.0f}" for who in (*speakers, NOBODY)]
        cells = [name, f"{row['takes']:.0f}", *counts, seen, alarms]
        lines.append(f"| {' | '.join(cells)} |")
    anchored = [(row[name], row["takes"]) for name, row in rows.items() if name != "none"]
    kept, total = (int(sum(part)) for part in zip(*anchored, strict=True))
    likely = wilson_interval(kept, total)
    told = (
        f"With an anchor, {kept} of {total} takes are by its speaker ({kept / total:.1%}; confidence interval "
        f"{likely.low:.1%} to {likely.high:.1%})."
    )
    return "\n".join([*lines, "", told])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS, help="takes of each chunk")
    arguments = parser.parse_args()
    rows = measure(arguments.seeds)
    print(tables(rows))
    if arguments.seeds == SEEDS:
        write_text(FIGURES, json.dumps(rows, indent=1))
        write_between(BEGIN, END, tables(rows), CARD)


if __name__ == "__main__":
    main()
