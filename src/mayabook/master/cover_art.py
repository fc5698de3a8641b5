"""The cover as a JPEG or PNG that every player shows."""

import io
from dataclasses import dataclass
from fractions import Fraction

import av
from av.codec import CodecContext
from av.codec.context import Flags
from av.error import FFmpegError
from av.video.frame import VideoFrame

from mayabook.core.book import Cover

MAX_BYTES = 4 << 20
"""A larger cover is encoded again."""
MAX_SIDE = 2400
"""Pixels of the longer side of a cover that is encoded again."""
MAX_PIXELS = 100_000_000
"""An image with more is not decoded: a small file may hold one that fills the memory."""
IMAGES = "jpeg_pipe,png_pipe,apng,gif,webp_pipe,bmp_pipe,tiff_pipe,j2k_pipe"
"""FFmpeg's demuxers that may read a cover. The book is untrusted, and others of its demuxers open further files."""
END_OF_JPEG = b"\xff\xd9"


@dataclass(frozen=True, slots=True)
class Picture:
    """codec: `mjpeg` or `png`. width, height: pixels."""

    data: bytes
    codec: str
    width: int
    height: int

    @property
    def media_type(self) -> str:
        return "image/png" if self.codec == "png" else "image/jpeg"


def picture(cover: Cover) -> Picture | None:
    """The cover's own bytes if they are a complete JPEG or PNG, else the image encoded as JPEG, else None."""
    try:
        codec, frame = _decode(cover.data)
        sound = codec == "png" or (codec == "mjpeg" and cover.data.endswith(END_OF_JPEG))
        if sound and len(cover.data) <= MAX_BYTES:
            return Picture(cover.data, codec, frame.width, frame.height)
        return _jpeg(frame)
    except (FFmpegError, StopIteration):
        return None


def _decode(data: bytes) -> tuple[str, VideoFrame]:
    limit = {"max_pixels": str(MAX_PIXELS)}
    with av.open(io.BytesIO(data), "r", options={"format_whitelist": IMAGES, **limit}) as container:
        stream = container.streams.video[0]
        stream.codec_context.options = limit
        return stream.codec_context.name, next(container.decode(stream))


def _jpeg(frame: VideoFrame) -> Picture:
    scale = min(1.0, MAX_SIDE / max(frame.width, frame.height))
    width, height = max(1, round(frame.width * scale)), max(1, round(frame.height * scale))
    encoder = CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuvj420p"
    encoder.time_base = Fraction(1)
    encoder.flags |= Flags.bitexact
    image = frame.reformat(width, height, "yuvj420p")
    image.pts = 0
    packets = [*encoder.encode(image), *encoder.encode(None)]
    return Picture(b"".join(bytes(packet) for packet in packets), "mjpeg", width, height)
