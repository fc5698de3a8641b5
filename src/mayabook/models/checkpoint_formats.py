"""The formats that MayaBook quantises checkpoints to, as compressed-tensors stores them: one row for each."""

from dataclasses import dataclass

METHOD = "compressed-tensors"
"""What `quantization_config` in config.json calls the method."""
N_TAKES = 128
"""Takes that a format is calibrated on by default: about 100,000 tokens of speech."""


@dataclass(frozen=True, slots=True)
class CheckpointFormat:
    """A quantised format of a checkpoint. Embedding and head keep the checkpoint's dtype."""

    name: str
    bits: float
    """Bits of a weight in the matrices of the layers; of 4-bit weights, 128 share a scale of 16 bits."""
    is_calibrated: bool
    """Whether its rounding is fitted to the activations of calibration sequences."""


_ROWS = (
    CheckpointFormat("FP8", 8, is_calibrated=False),
    CheckpointFormat("GPTQ", 4.125, is_calibrated=True),
    CheckpointFormat("AWQ", 4.125, is_calibrated=True),
    CheckpointFormat("RTN", 4.125, is_calibrated=False),
)
FORMATS = {row.name: row for row in _ROWS}
"""FP8: weights and activations in 8-bit floating point (W8A8), a scale for each row and each token. The others: 4-bit
integers (W4A16); RTN is plain round-to-nearest, the control that GPTQ and AWQ are compared with."""
