"""Measures the pace of a job's voice, against which the pace of each take is judged.

A verdict must depend neither on the order in which takes come nor on whether the run was interrupted. So the pace is
measured from the same takes in every run, the first takes of the first chunks of the plan that are long enough, and no
take is judged before they are all there. The ledger keeps the pace: a change of the plan does not move it.
"""

import hashlib
import json
from collections.abc import Callable, Iterable

from mayabook.checks import Checker
from mayabook.checks.speech_timing import running_pace
from mayabook.core.take import Audio
from mayabook.engines import Engine
from mayabook.render.job import Job
from mayabook.render.ledger import PlannedChunk, RetryStep, StoredTake

ReadTake = Callable[[StoredTake], tuple[Audio, int]]
"""A stored take to its audio and sample rate."""


class RunningPace:
    """The pace of the engine's voice in a job.

    is_settled: whether takes can be judged. value: seconds a phoneme; None if it is not known, either because it is not
    settled or because the plan is too short to tell.
    """

    def __init__(
        self, job: Job, plan: Iterable[PlannedChunk], engine: Engine, checker: Checker, read: ReadTake
    ) -> None:
        self._job, self._checker, self._read = job, checker, read
        voice = "\0".join((engine.identity, engine.voice, repr(sorted(engine.sampling(0).items()))))
        self._fact = f"pace {hashlib.sha256(voice.encode()).hexdigest()[:32]}"
        known = job.ledger.fact(self._fact)
        self.value: float | None = None if known is None else json.loads(known)
        self.is_settled = known is not None
        self._reference = {} if self.is_settled else self._chosen(plan)
        self.measure()

    def _chosen(self, plan: Iterable[PlannedChunk]) -> dict[str, PlannedChunk]:
        """The chunks whose first takes tell the pace, by key."""
        chosen: dict[str, PlannedChunk] = {}
        for item in plan:
            if len(chosen) == self._checker.thresholds.pace.reference_takes:
                break
            if self._checker.has_measurable_pace(item.chunk):
                chosen[item.key] = item
        return chosen

    def measure(self, *, with_gaps: bool = False) -> None:
        """Settles the pace once the takes are there. with_gaps: also if some are missing, since they will not come."""
        if self.is_settled:
            return
        figures = self._checker.thresholds.pace
        takes = [
            (take, item)
            for key, item in self._reference.items()
            for take in self._job.ledger.takes(key, self._checker.identity)
            if take.step == RetryStep.FIRST and take.file.is_file()
        ]
        if len(takes) < len(self._reference) and not with_gaps:
            return
        self.value = running_pace([self._checker.pace(*self._read(take), item.chunk) for take, item in takes], figures)
        self.is_settled = True
        self._job.ledger.set_fact(self._fact, json.dumps(self.value))
