"""Chooses a book's anchor: of several takes of one text, the accepted one that is most like the voice's description."""

import math
from collections.abc import Callable
from contextlib import closing

from mayabook.checks import Checker
from mayabook.checks.pitch import median_pitch
from mayabook.checks.voice_reference import UNKNOWN_VOICE
from mayabook.core.chunk import Chunk, Pause, Sentence, Span
from mayabook.core.take import Take, TakeRequest
from mayabook.core.verdict import Verdict
from mayabook.engines.engine import Anchored
from mayabook.maya.anchor import Anchor
from mayabook.maya.described_voice import DescribedVoice, parse_description
from mayabook.render.content_keys import take_seed
from mayabook.render.encoded_take import EncodedTake
from mayabook.render.executor import Executor, TakeCheck, TakeTask

ANCHOR_TEXT = "The boats came in with the tide, one after another."
"""About 3.5 s: long enough to identify a speaker, and short because every take prefills its codes."""
N_CANDIDATES = 8
_SEMITONES, _PACE_RATIO = 3.0, 1.15
"""Differences of pitch and pace that count as 1."""


def choose_anchor(executor: Executor, checker: Checker, note: Callable[[str], None]) -> Anchor | None:
    """The best of N_CANDIDATES takes, None where the checks accept none. The engine is left without an anchor.

    executor: its engine is `Anchored`. note: takes a line about each candidate.
    """
    engine = executor.engine
    assert isinstance(engine, Anchored)
    engine.use_anchor(None)
    chunk, wanted = anchor_chunk(ANCHOR_TEXT), parse_description(engine.voice)
    tasks = (
        TakeTask(
            TakeRequest(
                f"anchor-{number}",
                ANCHOR_TEXT,
                engine.voice,
                take_seed(engine.voice, ANCHOR_TEXT, number),
                number,
                engine.sampling(0),
            ),
            TakeCheck(chunk, UNKNOWN_VOICE),
        )
        for number in range(N_CANDIDATES)
    )
    takes: dict[int, EncodedTake] = {}
    verdicts: dict[int, Verdict] = {}
    with closing(executor.run(tasks, checker)) as results:
        for result in results:
            number = result.task.request.attempt
            if result.take is not None:
                takes[number] = result.take
            if result.verdict is not None:
                verdicts[number] = result.verdict
    distances: dict[int, float] = {}
    for number, verdict in sorted(verdicts.items()):
        if verdict.accepted:
            take = takes[number].decoded()
            pace = checker.pace(take.audio, take.sample_rate, chunk)
            distances[number], found = _compare(take, pace, wanted, checker)
        else:
            found = "; ".join(finding.kind for finding in verdict.findings)
        note(f"Voice {number + 1} of {N_CANDIDATES}: {'accepted' if verdict.accepted else 'rejected'} ({found}).")
    if not distances:
        return None
    number = min(distances, key=lambda number: (distances[number], number))
    note(f"Voice {number + 1} reads the book.")
    best = takes[number].decoded()
    assert best.codes is not None
    return Anchor(ANCHOR_TEXT, best.codes.frames)


def anchor_chunk(text: str) -> Chunk:
    """The anchor's text as the checks take it."""
    return Chunk(0, 1, (Sentence(text, Span(0, 0, len(text))),), text, Pause.PARAGRAPH)


def _compare(take: Take, pace: float, wanted: DescribedVoice, checker: Checker) -> tuple[float, str]:
    """How far a take is from the description, and its figures for a person."""
    pitch = median_pitch(take.audio, take.sample_rate)
    relative_pace = checker.thresholds.pace.seconds_per_phoneme / pace
    distance = abs(math.log(relative_pace / wanted.pace)) / math.log(_PACE_RATIO)
    if wanted.pitch is not None and pitch is not None:
        distance += abs(12 * math.log2(pitch / wanted.pitch)) / _SEMITONES
    heard = "no pitch" if pitch is None else f"{pitch:.0f} Hz"
    return distance, f"{heard}, {relative_pace:.2f} times the usual pace"
