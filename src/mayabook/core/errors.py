"""The exceptions for everything that a user or caller can cause or mend.

The message of each is one line that ends in what to do next; the command line prints it without a traceback.
"""


class MayaBookError(Exception):
    """Base of every exception that MayaBook raises for something a user or caller can cause or mend."""


class Cancelled(MayaBookError):  # noqa: N818 - nothing went wrong
    """The caller set the `cancel` event; the job is left as Ctrl-C leaves it, and can be resumed."""


class BookError(MayaBookError):
    """The book cannot be read."""


class DrmError(BookError):
    """The book is encrypted."""


class ScriptError(MayaBookError):
    """The text cannot be turned into chunks, or a lexicon is malformed."""


class EngineError(MayaBookError):
    """An engine, voice or model cannot be used."""


class ModelError(EngineError):
    """The files of a model are missing, damaged, of another architecture, or do not belong together."""


class ToolEnvironmentError(EngineError):
    """The virtual environment of an engine or tool is missing or cannot be made."""


class FrameError(EngineError):
    """Tokens that are not well-formed frames."""


class ClusterError(MayaBookError):
    """A cluster or its workers cannot be used."""


class CheckError(MayaBookError):
    """The recogniser cannot be used."""


class SettingsError(MayaBookError):
    """A setting is unknown or out of range."""


class JobError(MayaBookError):
    """A job folder is in use, unreadable or from another version."""


class OutputError(MayaBookError):
    """The audiobook cannot be written."""


class LabError(MayaBookError):
    """An experiment's plan or rows cannot be used."""


class AudioError(MayaBookError):
    """A recording cannot be read, or is not of the text it is compared with."""


class LibraryError(MayaBookError):
    """A book is not in the library folder, or cannot be added to it."""


class QueueError(MayaBookError):
    """A book cannot be queued, paused or resumed now."""
