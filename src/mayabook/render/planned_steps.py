"""What a step of the retry policy makes for a chunk: requests to an engine, or a take made from other takes."""

from collections.abc import Sequence
from dataclasses import dataclass

from mayabook.core.chunk import Chunk
from mayabook.core.resampling import resample
from mayabook.core.take import StopReason, Take, TakeRequest
from mayabook.engines import Engine
from mayabook.engines.registry import understood_text
from mayabook.render.content_keys import part_key, take_seed
from mayabook.render.ledger import PlannedChunk, RetryStep, StoredTake
from mayabook.render.retry_policy import RetryTask, SentenceRange
from mayabook.render.splicing import joined, patched, trimmed
from mayabook.render.take_store import TakeStore

DERIVED = (RetryStep.TRIM, RetryStep.PATCH, RetryStep.SPLIT)
"""Steps whose takes are made from other takes."""


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """The next step for a chunk."""

    item: PlannedChunk
    attempt: int
    """Number under which its take will be stored, from 0."""
    task: RetryTask

    @property
    def parts(self) -> list[tuple[SentenceRange, Chunk]]:
        """The sentences that are spoken by themselves, each range as a chunk of its own."""
        return [(sentence_range, self.item.chunk.part(*sentence_range)) for sentence_range in self.task.sentence_ranges]


def whole_request(engine: Engine, planned_step: PlannedStep) -> TakeRequest:
    """The request to synthesise a whole chunk."""
    item, attempt = planned_step.item, planned_step.attempt
    return _request(engine, item.key, item.chunk.spoken, attempt, planned_step.task.n_whole_takes)


def part_requests(engine: Engine, planned_step: PlannedStep, store: TakeStore) -> list[TakeRequest]:
    """Requests for the parts that a PATCH or SPLIT step needs and that have no take yet, each once."""
    requests: dict[str, TakeRequest] = {}
    for _, part in planned_step.parts:
        key = part_key(engine, part)
        if key not in requests and store.find(key, planned_step.attempt) is None:
            requests[key] = _request(engine, key, part.spoken, planned_step.attempt, 0)
    return list(requests.values())


def _request(engine: Engine, key: str, text: str, attempt: int, n_whole_takes: int) -> TakeRequest:
    """n_whole_takes: as in `RetryTask`."""
    text = understood_text(engine.name, text)
    return TakeRequest(
        key=key,
        text=text,
        voice=engine.voice,
        seed=take_seed(engine.voice, text, attempt),
        attempt=attempt,
        sampling=engine.sampling(n_whole_takes),
    )


def derive_take(engine: Engine, planned_step: PlannedStep, store: TakeStore) -> tuple[Take, tuple[str, ...]]:
    """Makes the take of a TRIM, PATCH or SPLIT step; also returns the file names of its source takes.

    Parts without a stored take are skipped. The base take must have a verdict. Raises JobError if a source file is
    damaged.
    """
    task, base, chunk = planned_step.task, planned_step.task.base, planned_step.item.chunk
    parts = [
        (sentence_range, store.find(part_key(engine, part), planned_step.attempt))
        for sentence_range, part in planned_step.parts
    ]
    base_take = None if base is None else store.read_transcribed(base)
    sample_rate = engine.sample_rate if base_take is None else base_take.sample_rate
    pieces = [
        (sentence_range, part, resample(*store.read(part), sample_rate))
        for sentence_range, part in parts
        if part is not None
    ]
    if task.step == RetryStep.TRIM:
        assert base_take is not None
        audio = trimmed(base_take)
    elif task.step == RetryStep.PATCH:
        assert base_take is not None
        audio = patched(base_take, chunk, [(sentence_range, piece) for sentence_range, _, piece in pieces])
    else:
        audio = joined([piece for _, _, piece in pieces], sample_rate)
    made_of = [take for take in (base, *(part for _, part, _ in pieces)) if take is not None]
    stop = _stop_reason(planned_step, [part for _, part, _ in pieces])
    take = Take(whole_request(engine, planned_step), audio, sample_rate, stop, 0.0)
    return take, tuple(each.file.name for each in made_of)


def _stop_reason(planned_step: PlannedStep, parts: Sequence[StoredTake]) -> StopReason:
    """If the token cap or a loop ended a part, the whole take counts as ended that way. A cap of the base take counts
    only if the end of the base take is still in the result."""
    task, base = planned_step.task, planned_step.task.base
    stops = [part.stop for part in parts]
    n_sentences = len(planned_step.item.chunk.sentences)
    if task.step == RetryStep.PATCH and base is not None and task.sentence_ranges[-1][1] < n_sentences:
        stops.append(base.stop)
    return next((each for each in stops if each != StopReason.END), StopReason.END)
