"""Covers as books bring them: sound, odd, broken, hostile."""

import io
import struct
import zlib

import av
import numpy as np
import pytest

from mayabook.core.book import Cover
from mayabook.master.cover_art import picture


def image(codec: str, width: int = 90, height: int = 120, muxer: str = "image2pipe") -> bytes:
    """A picture whose left half is red and whose right half is blue."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, : width // 2, 0] = pixels[:, width // 2 :, 2] = 255
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=muxer) as container:
        stream = container.add_stream(codec, rate=1)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = width, height
        assert stream.codec_context.codec.video_formats
        stream.pix_fmt = stream.codec_context.codec.video_formats[0].name
        container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format=stream.pix_fmt)))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def seen(data: bytes) -> np.ndarray:
    with av.open(io.BytesIO(data)) as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24").astype(int)


@pytest.mark.parametrize("codec", ["mjpeg", "png"])
def test_a_sound_jpeg_or_png_is_kept_to_the_byte(codec):
    data = image(codec)
    shown = picture(Cover(data, "application/octet-stream"))
    assert (shown.data, shown.codec, shown.width, shown.height) == (data, codec, 90, 120)
    assert shown.media_type == {"mjpeg": "image/jpeg", "png": "image/png"}[codec]


@pytest.mark.parametrize(("codec", "muxer"), [("gif", "gif"), ("libwebp", "image2pipe"), ("bmp", "image2pipe")])
def test_other_images_become_jpeg_and_look_the_same(codec, muxer):
    shown = picture(Cover(image(codec, muxer=muxer), "image/jpeg"))
    assert shown.codec == "mjpeg"
    assert shown.data.startswith(b"\xff\xd8")
    pixels = seen(shown.data)
    assert pixels.shape == (120, 90, 3)
    assert pixels[:, 5:40].mean(axis=(0, 1)) == pytest.approx([255, 0, 0], abs=40)
    assert pixels[:, 50:85].mean(axis=(0, 1)) == pytest.approx([0, 0, 255], abs=40)


def test_a_cut_jpeg_is_mended():
    data = image("mjpeg", 400, 400)
    shown = picture(Cover(data[: len(data) * 3 // 4], "image/jpeg"))
    assert shown.data.endswith(b"\xff\xd9")
    assert seen(shown.data)[:100, 10:190].mean(axis=(0, 1)) == pytest.approx([255, 0, 0], abs=40)


def test_a_huge_image_is_made_smaller():
    shown = picture(Cover(image("bmp", 3600, 1200), "image/bmp"))
    assert (shown.width, shown.height) == (2400, 800)
    assert seen(shown.data).shape == (800, 2400, 3)


def test_images_that_cannot_be_read_are_left_out(tmp_path):
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 12000, 12000, 1, 0, 0, 0, 0))
    bomb += chunk(b"IDAT", zlib.compress(bytes(1501 * 12000), 9)) + chunk(b"IEND", b"")
    secret = tmp_path / "secret.png"
    secret.write_bytes(image("png"))
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{secret}\n#EXT-X-ENDLIST\n".encode()
    concat = f"ffconcat version 1.0\nfile '{secret}'\n".encode()
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'
    for data in (b"", b"no image", svg, image("mjpeg")[:100], image("png")[:200], bomb, playlist, concat):
        assert picture(Cover(data, "image/png")) is None
