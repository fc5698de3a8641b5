"""Checks takes: scores of signal, codes and transcript against thresholds that were fitted on labelled takes."""

from mayabook.checks.checker import Checker

__all__ = ["Checker"]
