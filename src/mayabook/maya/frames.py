"""Converts token ids to frames of codes and back. A token in the wrong place is an error, never wrapped into range."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mayabook.core.errors import FrameError
from mayabook.maya.token_layout import CODEBOOK_LEVELS, CODES_PER_FRAME, Layout

Frames = NDArray[np.int32]
"""Codes in 0 to codebook_size - 1, shape (n_frames, 7), one column for each position within the frame."""


def pack(frames: Frames, layout: Layout) -> list[int]:
    """Token ids of frames, seven for each. Raises FrameError for a code out of range or a wrong shape."""
    frames = np.asarray(frames)
    if frames.ndim != 2 or frames.shape[1] != CODES_PER_FRAME:
        raise FrameError(f"Frames have the shape (n_frames, {CODES_PER_FRAME}), not {frames.shape}.")
    if frames.size and (frames.min() < 0 or frames.max() >= layout.codebook_size):
        raise FrameError(f"Codes go from 0 to {layout.codebook_size - 1}, not {frames.min()} to {frames.max()}.")
    ids = frames + layout.first_code + layout.codebook_size * np.arange(CODES_PER_FRAME)
    return [int(token) for token in ids.reshape(-1)]


def unpack(tokens: Sequence[int], layout: Layout) -> Frames:
    """Frames of token ids. Raises FrameError for a token that is not a code of its position, or an incomplete frame."""
    if len(tokens) % CODES_PER_FRAME:
        raise FrameError(f"{len(tokens)} tokens are not whole frames of {CODES_PER_FRAME}.")
    ids = np.asarray(tokens, dtype=np.int64).reshape(-1, CODES_PER_FRAME)
    codes = ids - layout.first_code - layout.codebook_size * np.arange(CODES_PER_FRAME)
    wrong = np.argwhere((codes < 0) | (codes >= layout.codebook_size))
    if len(wrong):
        frame, position = (int(at) for at in wrong[0])
        token = ids[frame, position]
        raise FrameError(f"Token {token} at position {position} of frame {frame} is not a code of that position.")
    return codes.astype(np.int32)


def levels(frames: Frames) -> list[NDArray[np.int64]]:
    """The codec's three code sequences, coarsest first: shapes (n_frames,), (2 n_frames,), (4 n_frames,)."""
    level_of = np.asarray(CODEBOOK_LEVELS)
    return [frames[:, level_of == level].reshape(-1).astype(np.int64) for level in range(max(CODEBOOK_LEVELS) + 1)]


def from_levels(codes: Sequence[NDArray[np.integer]]) -> Frames:
    """The inverse of `levels`."""
    level_of = np.asarray(CODEBOOK_LEVELS)
    frames = np.empty((len(codes[0]), CODES_PER_FRAME), np.int32)
    for level, sequence in enumerate(codes):
        frames[:, level_of == level] = np.asarray(sequence).reshape(len(frames), np.count_nonzero(level_of == level))
    return frames
