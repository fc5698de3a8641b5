"""Checks takes: scores of signal, codes and transcript against thresholds that were fitted on labelled takes."""

from typing import TYPE_CHECKING

from mayabook.core.lazy_imports import lazy_names

if TYPE_CHECKING:  # loads scipy and ONNX Runtime, which the plain data of this package do not need
    from mayabook.checks.checker import Checker

__all__ = ["Checker"]

__getattr__ = lazy_names(__name__, {"Checker": "mayabook.checks.checker"})
