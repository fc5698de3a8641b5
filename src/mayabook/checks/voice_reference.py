"""What is known of a voice from takes of it: pace, timbre and speaker. Its further takes are judged against that."""

import json
from dataclasses import dataclass

import numpy as np

from mayabook.checks.speaker_embedding import Embedding
from mayabook.checks.voice_drift import Timbre

_DECIMALS = 4


@dataclass(frozen=True, slots=True)
class VoiceReference:
    """pace: seconds a phoneme. speaker: embedding. Each is None if it is not known, usually because there are too few
    takes."""

    pace: float | None = None
    timbre: Timbre | None = None
    speaker: Embedding | None = None

    def to_json(self) -> str:
        timbre = self.timbre and {
            "means": np.round(self.timbre.means, _DECIMALS).tolist(),
            "variances": np.round(self.timbre.variances, _DECIMALS).tolist(),
            "log_weights": np.round(self.timbre.log_weights, _DECIMALS).tolist(),
        }
        known: dict[str, object] = {"pace": self.pace, "timbre": timbre}
        if self.speaker is not None:
            known["speaker"] = [round(float(value), _DECIMALS) for value in self.speaker]
        return json.dumps(known)

    @classmethod
    def from_json(cls, text: str) -> "VoiceReference":
        known = json.loads(text)
        timbre = known["timbre"] and Timbre(**{name: np.array(value) for name, value in known["timbre"].items()})
        speaker = np.array(known["speaker"], np.float32) if "speaker" in known else None
        return cls(known["pace"], timbre, speaker)


UNKNOWN_VOICE = VoiceReference()
