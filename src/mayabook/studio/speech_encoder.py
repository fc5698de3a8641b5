"""Encodes speech piece by piece into a format that can be sent while it is made."""

from collections.abc import Iterator
from typing import cast

import av
import numpy as np
from av import AudioFrame
from av.audio.stream import AudioStream
from av.filter import Graph

from mayabook.core.take import Audio
from mayabook.studio.speech_formats import SPEECH_FORMATS


class _Sink:
    """File object that FFmpeg writes to, without seeking."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._written.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        written, self._written = b"".join(self._written), []
        return written


class SpeechEncoder:
    """Encodes audio incrementally: `encode` each chunk, then `finish`; both return bytes to send."""

    def __init__(self, format: str, sample_rate: int, speed: float = 1.0) -> None:
        """format: a key of SPEECH_FORMATS. sample_rate: Hz. speed: from MIN_SPEED to MAX_SPEED; does not change the
        pitch."""
        form = SPEECH_FORMATS[format]
        self._sink, self._sample_rate, self._n_samples = _Sink(), sample_rate, 0
        self._container = av.open(
            self._sink, "w", format=form.muxer, options={"fflags": "+bitexact", "flush_packets": "1"}
        )
        self._stream = cast(AudioStream, self._container.add_stream(form.codec, sample_rate, layout="mono"))
        if form.bitrate:
            self._stream.bit_rate = form.bitrate
        self._tempo = None if speed == 1.0 else _tempo_graph(speed, sample_rate)
        self._container.start_encoding()

    def encode(self, audio: Audio) -> bytes:
        frame = AudioFrame.from_ndarray(audio[np.newaxis], format="flt", layout="mono")
        frame.sample_rate, frame.pts = self._sample_rate, self._n_samples
        self._n_samples += len(audio)
        for each in self._at_tempo(frame):
            self._container.mux(self._stream.encode(each))
        return self._sink.take()

    def finish(self) -> bytes:
        """The rest of the file; nothing can be encoded afterwards."""
        if self._tempo is not None:
            for each in self._at_tempo(None):
                self._container.mux(self._stream.encode(each))
        self._container.mux(self._stream.encode(None))
        self._container.close()
        return self._sink.take()

    def _at_tempo(self, frame: AudioFrame | None) -> Iterator[AudioFrame]:
        if self._tempo is None:
            assert frame is not None
            yield frame
            return
        self._tempo.push(frame)
        while True:
            try:
                yield cast(AudioFrame, self._tempo.pull())
            except (BlockingIOError, EOFError):
                return


def _tempo_graph(speed: float, sample_rate: int) -> Graph:
    """A graph of FFmpeg's atempo filter, which accepts 0.5 at least: for slower speech, two of them in series."""
    graph = Graph()
    n_filters = 1 if speed >= 0.5 else 2
    tempo = f"{speed ** (1 / n_filters):.6f}"
    graph.link_nodes(
        graph.add_abuffer(sample_rate=sample_rate, format="flt", layout="mono"),
        *(graph.add("atempo", tempo) for _ in range(n_filters)),
        graph.add("abuffersink"),
    ).configure()
    return graph
