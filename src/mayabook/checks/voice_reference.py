"""What is known of a voice from takes of it, its pace and its timbre: its further takes are judged against that."""

import json
from dataclasses import dataclass

import numpy as np

from mayabook.checks.voice_drift import Timbre

_DECIMALS = 4


@dataclass(frozen=True, slots=True)
class VoiceReference:
    """pace: seconds a phoneme. Each is None if it is not known, mostly because there are too few takes."""

    pace: float | None = None
    timbre: Timbre | None = None

    def to_json(self) -> str:
        timbre = self.timbre and {
            "means": np.round(self.timbre.means, _DECIMALS).tolist(),
            "variances": np.round(self.timbre.variances, _DECIMALS).tolist(),
            "log_weights": np.round(self.timbre.log_weights, _DECIMALS).tolist(),
        }
        return json.dumps({"pace": self.pace, "timbre": timbre})

    @classmethod
    def from_json(cls, text: str) -> "VoiceReference":
        known = json.loads(text)
        timbre = known["timbre"] and Timbre(**{name: np.array(value) for name, value in known["timbre"].items()})
        return cls(known["pace"], timbre)


UNKNOWN_VOICE = VoiceReference()
