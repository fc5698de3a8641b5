"""What identifies a take: content, never position."""

import hashlib
import zlib

from mayabook.core.chunk import Chunk
from mayabook.engines import Engine


def content_key(engine: Engine, chunk: Chunk) -> str:
    """Names everything the takes of a chunk depend on but seed and attempt; 32 hexadecimal digits."""
    parts = (engine.identity, engine.voice, repr(sorted(engine.sampling(0).items())), chunk.text, chunk.spoken)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def part_key(engine: Engine, part: Chunk) -> str:
    """Names the takes of some sentences by themselves, apart from those of a chunk that has the same text."""
    return f"part-{content_key(engine, part)}"


def seed(voice: str, text: str, attempt: int) -> int:
    """CRC-32 of voice and text, plus the attempt (from 0), in 32 bits."""
    return (zlib.crc32(f"{voice}\n{text}".encode()) + attempt) % 2**32
