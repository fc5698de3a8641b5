"""A take becomes a verdict: what the signal shows, what a recogniser heard, and how far that is what is written."""

from mayabook.checks.checker import Checker

__all__ = ["Checker"]
