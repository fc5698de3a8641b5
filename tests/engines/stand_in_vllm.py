"""A worker like the one of vLLM, for tests without vLLM: `python stand_in_vllm.py [die|fail]`.

The worker's own code runs on real logits, those of llama.cpp. What stands in is vLLM's scheduler: it admits requests to
rows of its batch, fills the rows of takes that ended with the last row, lets rows change places, sets the newest take
aside every few steps and computes it anew later, and takes the likeliest token after the logits processor.

die: it kills itself in the middle of the takes. fail: it raises an exception there.
"""

import os
import signal
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mayabook.engines.gguf_decoder import GgufDecoder
from mayabook.engines.scheduler import DecodingRequest
from mayabook.engines.slot_decoder import IDLE
from mayabook.engines.vllm.batch_sampler import BatchSampler, Draw, extra_args
from mayabook.engines.vllm.messages import WorkerOptions
from mayabook.engines.vllm.worker import work
from mayabook.maya.token_layout import Layout

SET_ASIDE_EVERY = 10
SWAP_EVERY = 3
DIES_AT = 30
"""Steps."""


class Direction(Enum):
    UNIDIRECTIONAL = auto()
    SWAP = auto()


@dataclass
class Update:
    removed: list[int] = field(default_factory=list)
    added: list[tuple[int, Any, list[int], list[int]]] = field(default_factory=list)
    moved: list[tuple[int, int, Direction]] = field(default_factory=list)


@dataclass
class Parameters:
    extra_args: dict[str, Any]


@dataclass
class Sequence:
    key: str
    request: DecodingRequest
    slot: int = -1
    """Of the decoder."""
    tokens: list[int] = field(default_factory=list)
    is_prefilled: bool = False


class StandIn:
    version = "0.0"
    platform = "stand-in"

    def __init__(self, options: WorkerOptions) -> None:
        self._layout = Layout.from_json(options.layout, "options")
        self._decoder = GgufDecoder(Path(options.checkpoint), options.n_slots, options.n_context)
        self._sampler = BatchSampler(self._layout, options.n_slots, torch.device("cpu"))
        self._free = list(range(options.n_slots))
        self._batch: list[Sequence | None] = []
        """None where a take has left; such rows are filled at the next step."""
        self._waiting: list[Sequence] = []
        self._update = Update()
        self._n_steps = 0

    def add(self, key: str, request: DecodingRequest) -> None:
        self._waiting.append(Sequence(key, request))

    def end(self, key: str) -> None:
        self._waiting = [each for each in self._waiting if each.key != key]
        for row, each in enumerate(self._batch):
            if each is not None and each.key == key:
                self._take_out(row)
        self._sampler.finish(key)

    def step(self) -> Iterable[Draw]:
        self._n_steps += 1
        if self._n_steps == DIES_AT and "die" in sys.argv:
            os.kill(os.getpid(), signal.SIGKILL)
        if self._n_steps == DIES_AT and "fail" in sys.argv:
            raise MemoryError("no room\n  for another block")
        busy = [row for row, each in enumerate(self._batch) if each is not None]
        if self._n_steps % SET_ASIDE_EVERY == 0 and len(busy) > 1:
            self._waiting.insert(0, self._take_out(busy[-1]))
        elif self._waiting and self._free:
            self._admit(self._waiting.pop(0))
        self._condense()
        if self._n_steps % SWAP_EVERY == 0 and len(self._batch) > 1:
            self._batch[0], self._batch[-1] = self._batch[-1], self._batch[0]
            self._update.moved.append((0, len(self._batch) - 1, Direction.SWAP))
        self._sampler.update_state(self._update)
        self._update = Update()
        sequences = [each for each in self._batch if each is not None]
        chosen = self._sampler.apply(self._logits(sequences)).argmax(dim=1).tolist()
        for sequence, token in zip(sequences, chosen, strict=True):
            sequence.tokens.append(token)
        assert {draw.key: draw.token for draw in self._sampler.draws} == {
            each.key: each.tokens[-1] for each in sequences
        }
        return self._sampler.draws

    def _admit(self, sequence: Sequence) -> None:
        """Into the first row that a take has left, else into a new one."""
        sequence.slot, sequence.is_prefilled = self._free.pop(), False
        if None not in self._batch:
            self._batch.append(None)
        row = self._batch.index(None)
        self._batch[row] = sequence
        self._update.removed = [each for each in self._update.removed if each != row]
        parameters = Parameters(extra_args(sequence.key, sequence.request))
        self._update.added.append((row, parameters, list(sequence.request.prompt), sequence.tokens))

    def _take_out(self, row: int) -> Sequence:
        gone = self._batch[row]
        assert gone is not None
        self._batch[row] = None
        self._update.removed.append(row)
        self._free.append(gone.slot)
        return gone

    def _condense(self) -> None:
        """The last rows move into the rows that takes have left."""
        while None in self._batch:
            last = self._batch.pop()
            if last is not None:
                row = self._batch.index(None)
                self._batch[row] = last
                self._update.moved.append((len(self._batch), row, Direction.UNIDIRECTIONAL))

    def _logits(self, sequences: list[Sequence]) -> torch.Tensor:
        """Of these takes, one a row, and the whole vocabulary, where only the audio ids matter."""
        steps = np.full(self._decoder.n_slots, IDLE, np.int32)
        for sequence in sequences:
            if sequence.is_prefilled:
                steps[sequence.slot] = sequence.tokens[-1]
        if (steps != IDLE).any():
            self._decoder.step(steps)
        for sequence in sequences:
            if not sequence.is_prefilled:
                self._decoder.prefill(sequence.slot, [*sequence.request.prompt, *sequence.tokens])
                sequence.is_prefilled = True
        logits = torch.full((len(sequences), self._layout.vocab_size), 1e4)
        for row, sequence in enumerate(sequences):
            audio = torch.from_numpy(np.array(self._decoder.logits[sequence.slot]))
            logits[row, self._layout.code_end : self._layout.last_code + 1] = audio
        return logits


if __name__ == "__main__":
    work(StandIn)
