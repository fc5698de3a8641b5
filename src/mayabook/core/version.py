"""The version of MayaBook that is installed."""

from importlib.metadata import version

__version__ = version("mayabook")
