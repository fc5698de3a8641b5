"""Messages between MayaBook and a worker: JSON objects, each with its length before it, over the worker's stdin and
stdout.

To the worker: `open` (`WorkerOptions`), then any number of `take` and `abandon`. From it: `opened` or `failed`, then
`taken` for each take as it ends. `failed` holds one line, and the worker ends. The end of its stdin ends the worker.
"""

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

import numpy as np

from mayabook.core.take import Codes, StopReason, TakeRequest
from mayabook.engines.sampler_settings import SamplerSettings
from mayabook.engines.scheduler import DecodingRequest, SampledCodes
from mayabook.maya.token_layout import CODES_PER_FRAME

Message = Mapping[str, Any]
_LENGTH = struct.Struct(">I")
_TRACES = ("log_probability", "entropy", "removed", "end_probability")


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """What the worker opens."""

    checkpoint: str
    """Folder."""
    layout: str
    """`Layout` as JSON."""
    n_slots: int
    """Most takes at once."""
    n_context: int
    """Most tokens of a take, prompt included."""
    dtype: str
    """As vLLM calls it, `float32`."""
    kv_bytes: int
    """Of the KV cache of all slots."""
    on_gpu: bool
    n_threads: int
    """Of the CPU."""


def write_message(stream: IO[bytes], kind: str, **content: Any) -> None:
    data = json.dumps({"kind": kind, **content}).encode()
    stream.write(_LENGTH.pack(len(data)) + data)
    stream.flush()


def read_message(stream: IO[bytes]) -> Message | None:
    """None at the end of the stream, even if a message is incomplete there."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    data = stream.read(length)
    if len(data) < length:
        return None
    message: Message = json.loads(data)
    return message


def write_request(stream: IO[bytes], key: str, request: DecodingRequest) -> None:
    """Without the text and the voice: the worker needs only tokens."""
    write_message(
        stream,
        "take",
        key=key,
        prompt=list(request.prompt),
        seed=request.request.seed,
        settings=request.settings.as_sampling(),
        n_tokens=request.n_tokens,
        budget=request.budget,
    )


def read_request(message: Message) -> DecodingRequest:
    return DecodingRequest(
        TakeRequest(message["key"], "", "", message["seed"]),
        message["prompt"],
        SamplerSettings.of(message["settings"]),
        message["n_tokens"],
        message["budget"],
    )


def write_codes(stream: IO[bytes], sampled: SampledCodes) -> None:
    codes = sampled.codes
    write_message(
        stream,
        "taken",
        key=sampled.request.key,
        frames=codes.frames.tolist(),
        traces=[getattr(codes, name).tolist() for name in _TRACES],
        stop=sampled.stop,
        seconds=sampled.seconds,
        detail=sampled.detail,
    )


def read_codes(message: Message, request: TakeRequest) -> SampledCodes:
    """request: the one with the message's key."""
    frames = np.array(message["frames"], np.int32).reshape(-1, CODES_PER_FRAME)
    traces: Sequence[Any] = [np.array(trace, np.float16) for trace in message["traces"]]
    stop = StopReason(message["stop"])
    return SampledCodes(request, Codes(frames, *traces), stop, message["seconds"], message["detail"])
