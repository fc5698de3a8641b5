"""Take -> verdict: scores of signal, codes and transcript, thresholds that were calibrated on labelled takes."""

from mayabook.checks.checker import Checker

__all__ = ["Checker"]
