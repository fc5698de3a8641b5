"""Checks takes: scores of signal, codes and transcript against thresholds that were fitted on labelled takes."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # loads scipy and ONNX Runtime, which the plain data of this package do not need
    from mayabook.checks.checker import Checker

__all__ = ["Checker"]


def __getattr__(name: str) -> object:
    if name != "Checker":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from mayabook.checks.checker import Checker

    return Checker
