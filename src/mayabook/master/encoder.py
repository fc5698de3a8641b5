"""Encodes one audio file with its chapters, cover and tags, by FFmpeg through PyAV."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, cast

import av
import numpy as np
from av import AudioFrame, Packet
from av.audio.stream import AudioStream
from av.codec import Codec
from av.codec.context import Flags
from av.container import OutputContainer
from av.stream import Disposition, Stream

from mayabook.core.output_formats import FORMATS, ChapterStyle, CoverStyle, OutputFormat
from mayabook.core.take import Audio
from mayabook.master.cover_art import Picture
from mayabook.master.metadata_tags import picture_comment
from mayabook.master.timeline import ChapterMark

if TYPE_CHECKING:
    from av.container.core import Chapter

FULL_SCALE = 1 << 23
"""Amplitude 1.0 as a 24-bit integer, which the lossless formats hold."""


@dataclass(frozen=True, slots=True)
class Labels:
    """Metadata of a file. metadata: by FFmpeg's names. language: ISO 639-2. chapters: from sample 0 on."""

    metadata: Mapping[str, str]
    language: str
    chapters: Sequence[ChapterMark]
    picture: Picture | None


def encode(path: Path, blocks: Iterable[Audio], sample_rate: int, bitrate: int, labels: Labels) -> None:
    """Writes the file that the suffix of `path` asks for; the same samples and labels give the same bytes.

    The sample rate is kept if the codec supports it, else it is the next one that the codec supports. bitrate: kbit/s
    of a lossy format. WAV holds neither chapters nor cover. Raises OSError.
    """
    form = FORMATS[path.suffix.lower()]
    options = {"fflags": "+bitexact", **form.options}
    with av.open(path.absolute(), "w", format=form.muxer, options=options) as container:
        stream = cast(AudioStream, container.add_stream(form.codec, _rate(form.codec, sample_rate), layout="mono"))
        stream.codec_context.flags |= Flags.bitexact
        stream.format = form.sample_format
        if not form.is_lossless:
            stream.bit_rate = min(bitrate, form.max_bitrate) * 1000
        cover = _label(container, stream, form, labels, sample_rate)
        container.start_encoding()
        if cover:
            container.mux(cover)
        position = 0
        for block in blocks:
            frame = _frame(block, form)
            frame.sample_rate, frame.pts, frame.time_base = sample_rate, position, Fraction(1, sample_rate)
            position += len(block)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _rate(codec: str, sample_rate: int) -> int:
    rates = Codec(codec, "w").audio_rates
    if not rates or sample_rate in rates:
        return sample_rate
    return min((rate for rate in rates if rate > sample_rate), default=max(rates))


def _frame(block: Audio, form: OutputFormat) -> AudioFrame:
    if not form.is_lossless:
        return AudioFrame.from_ndarray(block[np.newaxis] / np.float32(form.codec_scale), format="flt", layout="mono")
    integers = np.rint(block.astype(np.float64) * FULL_SCALE).clip(-FULL_SCALE, FULL_SCALE - 1).astype(np.int32)
    return AudioFrame.from_ndarray(integers[np.newaxis] << 8, format="s32", layout="mono")


def _label(
    container: OutputContainer, stream: AudioStream, form: OutputFormat, labels: Labels, sample_rate: int
) -> "Packet[Stream] | None":
    """Sets chapters and tags; returns the cover as a packet if the format has a stream for it."""
    container.metadata.update(labels.metadata)
    stream.metadata["language"] = labels.language
    if form.chapters == ChapterStyle.CONTAINER:
        container.set_chapters(_chapter_marks(labels.chapters, sample_rate))
    comments = _chapter_comments(labels.chapters, sample_rate) if form.chapters == ChapterStyle.COMMENTS else {}
    if form.muxer == "ogg":  # its tags belong to the stream
        stream.metadata.update({**labels.metadata, **comments})
    else:
        container.metadata.update(comments)
    if labels.picture and form.cover == CoverStyle.COMMENT:
        stream.metadata["METADATA_BLOCK_PICTURE"] = picture_comment(labels.picture)
    if labels.picture is None or form.cover != CoverStyle.STREAM:
        return None
    shown = container.add_mux_stream(labels.picture.codec, width=labels.picture.width, height=labels.picture.height)
    shown.disposition = Disposition.attached_pic
    shown.metadata["comment"] = "Cover (front)"
    packet: Packet[Stream] = Packet(labels.picture.data)
    packet.stream, packet.pts, packet.dts, packet.is_keyframe = shown, 0, 0, True
    return packet


def _chapter_marks(chapters: Iterable[ChapterMark], sample_rate: int) -> "list[Chapter]":
    """As FFmpeg takes them, in whole milliseconds."""
    return [
        {
            "id": number,
            "start": mark.start * 1000 // sample_rate,
            "end": mark.end * 1000 // sample_rate,
            "time_base": Fraction(1, 1000),
            "metadata": {"title": mark.title},
        }
        for number, mark in enumerate(chapters)
    ]


def _chapter_comments(chapters: Iterable[ChapterMark], sample_rate: int) -> dict[str, str]:
    """Vorbis comments as players expect them: name -> value."""
    comments: dict[str, str] = {}
    for number, mark in enumerate(chapters):
        minutes, milliseconds = divmod(mark.start * 1000 // sample_rate, 60_000)
        time = f"{minutes // 60:02}:{minutes % 60:02}:{milliseconds / 1000:06.3f}"
        comments |= {f"CHAPTER{number:03}": time, f"CHAPTER{number:03}NAME": mark.title}
    return comments
