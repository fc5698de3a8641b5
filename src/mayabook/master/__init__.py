"""Kept takes -> audiobook: timeline, pauses, loudness, encoding, chapters, tags, captions."""

from mayabook.master.audiobook import Audiobook, AudiobookChapter, write_audiobook
from mayabook.master.metadata_tags import Tags
from mayabook.master.output_paths import check_output, destination
from mayabook.master.timeline import TakeSegment, Timeline, build_timeline
from mayabook.master.word_times import SpokenChunk, describe_timeline

__all__ = [
    "Audiobook",
    "AudiobookChapter",
    "SpokenChunk",
    "Tags",
    "TakeSegment",
    "Timeline",
    "build_timeline",
    "check_output",
    "describe_timeline",
    "destination",
    "write_audiobook",
]
