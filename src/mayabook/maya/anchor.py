"""An anchor: a take of a known text that every chunk continues, so that a book has one speaker.

Maya1 invents another speaker for each take, even from the same description. A prompt with an anchor holds the anchor's
text before the chunk's, and ends with the anchor's codes: the model continues a reading that has begun.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mayabook.core.errors import EngineError
from mayabook.maya.frames import Frames
from mayabook.maya.token_layout import CODES_PER_FRAME


@dataclass(frozen=True, slots=True, eq=False)
class Anchor:
    """A text and the codes that speak it."""

    text: str
    """What is said."""
    frames: Frames
    """Codes, shape (n_frames, 7)."""

    @property
    def digest(self) -> str:
        """16 hexadecimal digits of the SHA-256 of text and codes."""
        codes = self.frames.astype("<u2").tobytes()
        return hashlib.sha256(self.text.encode() + b"\0" + codes).hexdigest()[:16]


@dataclass(frozen=True, slots=True, eq=False)
class AnchoredVoice:
    """A voice that can be kept: its description, and the anchor that makes it one speaker."""

    description: str
    """The description in the prompts of its takes."""
    codec: str
    """`Codec.identity` of the codec that the codes belong to."""
    anchor: Anchor

    def to_json(self) -> str:
        facts = {"description": self.description, "codec": self.codec, "text": self.anchor.text}
        return json.dumps({**facts, "codes": self.anchor.frames.tolist()}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str, origin: str) -> "AnchoredVoice":
        """origin: names the text in errors. Raises EngineError if it holds no voice."""
        try:
            values = json.loads(text)
            frames = np.array(values["codes"], np.int32).reshape(-1, CODES_PER_FRAME)
            facts = [values[name] for name in ("description", "codec", "text")]
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            raise EngineError(f"{origin} is damaged or holds no voice; save the voice again, or delete it.") from error
        if not all(isinstance(fact, str) and fact for fact in facts) or not len(frames) or frames.min() < 0:
            raise EngineError(f"{origin} is damaged or holds no voice; save the voice again, or delete it.")
        description, codec, spoken = facts
        return cls(description, codec, Anchor(spoken, frames))


def read_anchored_voice(file: Path) -> AnchoredVoice:
    """Raises EngineError where the file is damaged."""
    return AnchoredVoice.from_json(file.read_text(encoding="utf-8", errors="replace"), str(file))
