"""Measures the pace, timbre and speaker of a job's voice, against which each take is judged.

A verdict must depend neither on the order in which takes come nor on whether the run was interrupted. So the voice is
measured from the same takes in every run, the first takes of the first chunks of the plan that are long enough, and no
take is judged before they are all there. The ledger keeps the result: a change of the plan does not move it.
"""

import hashlib
from collections.abc import Callable, Iterable

from mayabook.checks import Checker
from mayabook.checks.voice_reference import UNKNOWN_VOICE, VoiceReference
from mayabook.core.take import Audio
from mayabook.engines import Engine
from mayabook.engines.engine import HasFixedSpeaker
from mayabook.render.job import Job
from mayabook.render.ledger import PlannedChunk, RetryStep, StoredTake

FAST_VOICE = 1.3
"""A note is printed for a voice this many times as fast as usual, or faster; the voices of the corpus reach 1.16."""

ReadTake = Callable[[StoredTake], tuple[Audio, int]]
"""A stored take to its audio and sample rate."""


class JobVoice:
    """The engine's voice in a job.

    is_settled: whether takes can be judged. reference: what is known of the voice; nothing until it is settled, or if
    the plan is too short to tell.
    """

    def __init__(
        self, job: Job, plan: Iterable[PlannedChunk], engine: Engine, checker: Checker, read: ReadTake
    ) -> None:
        self._job, self._checker, self._read = job, checker, read
        self._may_change_speaker = not isinstance(engine, HasFixedSpeaker)
        voice = "\0".join((engine.identity, engine.voice, repr(sorted(engine.sampling(0).items()))))
        self._fact = f"voice {hashlib.sha256(voice.encode()).hexdigest()[:32]}"
        known = job.ledger.fact(self._fact)
        self.reference = UNKNOWN_VOICE if known is None else VoiceReference.from_json(known)
        self.is_settled = known is not None
        self._chosen = {} if self.is_settled else self._choose(plan)
        self.measure()

    def pace_note(self) -> str | None:
        """A warning if the voice is much too fast; None if it is not, or its pace is not known."""
        figures, pace = self._checker.thresholds.pace, self.reference.pace
        if pace is None or figures.seconds_per_phoneme < FAST_VOICE * pace:
            return None
        return (
            f"The voice speaks {figures.seconds_per_phoneme / pace:.1f} times as fast as narrators usually do "
            f"({1000 * pace:.0f} ms a phoneme, {1000 * figures.seconds_per_phoneme:.0f} ms are usual). If you do not "
            "want that, press Ctrl-C: 4-bit weights of Maya1 are known to rush, so try --format Q8_0; with other "
            "engines, lower --speed."
        )

    def _choose(self, plan: Iterable[PlannedChunk]) -> dict[str, PlannedChunk]:
        """The chunks whose first takes tell the voice, by key."""
        items = list({item.key: item for item in plan}.values())
        return {items[at].key: items[at] for at in self._checker.reference_chunks(item.chunk for item in items)}

    def measure(self, *, with_gaps: bool = False) -> None:
        """Settles the voice once the takes are there. with_gaps: also if some are missing, since they will not come."""
        if self.is_settled:
            return
        takes = [
            (take, item)
            for key, item in self._chosen.items()
            for take in self._job.ledger.takes(key, self._checker.identity)
            if take.step == RetryStep.FIRST and take.file.is_file()
        ]
        if len(takes) < len(self._chosen) and not with_gaps:
            return
        measured = self._checker.measure_voice(
            ((*self._read(take), item.chunk) for take, item in takes), with_speaker=self._may_change_speaker
        )
        self._job.ledger.set_fact(self._fact, measured.to_json())
        # As the ledger keeps it, so that a run that is resumed gives the same verdicts.
        self.reference, self.is_settled = VoiceReference.from_json(measured.to_json()), True
