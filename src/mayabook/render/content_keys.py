"""Keys and seeds of takes: hashes of content, never of a position in the book."""

import hashlib
import zlib

from mayabook.core.chunk import Chunk
from mayabook.engines import Engine


def content_key(engine: Engine, chunk: Chunk) -> str:
    """32 hexadecimal digits that identify the takes of a chunk: a hash of all they depend on but seed and attempt."""
    parts = (engine.identity, engine.voice, repr(sorted(engine.sampling(0).items())), chunk.text, chunk.spoken)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def part_key(engine: Engine, part: Chunk) -> str:
    """Identifies takes of some sentences of a chunk, apart from those of a whole chunk with the same text."""
    return f"part-{content_key(engine, part)}"


def take_seed(voice: str, text: str, attempt: int) -> int:
    """The sampler's seed: CRC-32 of voice and text, plus the attempt (from 0), modulo 2**32."""
    return (zlib.crc32(f"{voice}\n{text}".encode()) + attempt) % 2**32
