"""MayaBook turns an EPUB into an audiobook and proves that every sentence was spoken once, as written."""

from importlib.metadata import version

__version__ = version("mayabook")
