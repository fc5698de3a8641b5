"""Keys and seeds of takes: hashes of content, never of a position in the book."""

import hashlib
import zlib
from collections.abc import Iterable, Mapping
from itertools import combinations

from mayabook.core.chunk import Chunk
from mayabook.engines import Engine
from mayabook.engines.engine import HasFormerIdentities


def content_key(engine: Engine, chunk: Chunk) -> str:
    """32 hexadecimal digits that identify the takes of a chunk: a hash of engine, voice, sampler settings and text."""
    return _hash(engine.identity, engine, chunk)


def part_key(engine: Engine, part: Chunk) -> str:
    """Identifies takes of some sentences of a chunk, apart from those of a whole chunk with the same text."""
    return f"part-{content_key(engine, part)}"


def former_keys(engine: Engine, chunks: Iterable[Chunk]) -> Mapping[str, str]:
    """Keys under which earlier versions stored takes of the chunks and of their parts -> keys of today."""
    identities = engine.former_identities if isinstance(engine, HasFormerIdentities) else ()
    keys: dict[str, str] = {}
    for chunk in chunks if identities else ():
        parts = [chunk.part(*ends) for ends in combinations(range(len(chunk.sentences) + 1), 2)]
        for identity in identities:
            keys[_hash(identity, engine, chunk)] = content_key(engine, chunk)
            keys |= {f"part-{_hash(identity, engine, part)}": part_key(engine, part) for part in parts}
    return keys


def _hash(identity: str, engine: Engine, chunk: Chunk) -> str:
    parts = (identity, engine.voice, repr(sorted(engine.sampling(0).items())), chunk.text, chunk.spoken)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def take_seed(voice: str, text: str, attempt: int) -> int:
    """The sampler's seed: CRC-32 of voice and text, plus the attempt (from 0), modulo 2**32."""
    return (zlib.crc32(f"{voice}\n{text}".encode()) + attempt) % 2**32
