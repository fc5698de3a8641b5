"""How a take is cut to its sound, and its edges softened, before it goes into the audiobook."""

from mayabook.core.audio_edges import FadeShape, fade_edges, sound_bounds
from mayabook.core.take import Audio

FRAME_SECONDS = 0.005
"""Length of the frames whose level is compared: shorter than the onset of a consonant."""
THRESHOLD_DB = -50.0
"""Level below that of the take's loudest frame at which a frame counts as silent. Speech fades below it only in the
onset of soft consonants and in the last decay, which the margins keep."""
LEAD_SECONDS = 0.06
"""What is kept before the sound begins: soft consonants."""
TAIL_SECONDS = 0.1
"""What is kept after it ends: the last decay."""
FADE_SECONDS = 0.008
"""Of the fades, so that a take joins silence without a click. They lie within the margins."""


def sounding(audio: Audio, sample_rate: int) -> tuple[int, int]:
    """Start and end (exclusive) of the audible part, in samples; the whole take if all of it is silent."""
    return sound_bounds(audio, max(1, round(FRAME_SECONDS * sample_rate)), THRESHOLD_DB) or (0, len(audio))


def faded(audio: Audio, sample_rate: int) -> Audio:
    """A copy that fades in and out in a raised cosine."""
    return fade_edges(audio, round(FADE_SECONDS * sample_rate), FadeShape.RAISED_COSINE)
