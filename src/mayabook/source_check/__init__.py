"""A book file and its `Book` -> what reading lost: the file is read a second time, by other parsers."""

from mayabook.source_check.comparison import Difference, DifferenceKind, SourceCheck, check_source

__all__ = ["Difference", "DifferenceKind", "SourceCheck", "check_source"]
