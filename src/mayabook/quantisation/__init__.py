"""Quantises checkpoints: GPTQ and AWQ, calibrated on speech that the model itself generates, RTN and FP8."""
