"""The containers that an audiobook can be written in, a row each.

A container is added by a row of FORMATS, if FFmpeg has its muxer and codec and one of the ways below holds its
chapters, cover and tags; the encoder, the file names, the tags, the command line's help and the tests read this table.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto


class ChapterStyle(Enum):
    """How chapters are written."""

    NONE = auto()
    CONTAINER = auto()
    """The container's own: MP4's chapter track and list, ID3's CHAP frames."""
    COMMENTS = auto()
    """Vorbis comments CHAPTER000 and CHAPTER000NAME. FFmpeg's FLAC muxer writes none of its own, and its Ogg muxer
    rounds the seconds of its own up."""


class CoverStyle(Enum):
    """How the cover is written."""

    NONE = auto()
    STREAM = auto()
    """A stream with one picture, FFmpeg's `attached_pic`: MP4's covr, ID3's APIC, FLAC's PICTURE block."""
    COMMENT = auto()
    """A Vorbis comment METADATA_BLOCK_PICTURE."""


class TagStyle(Enum):
    """Which names and codes tags have; what each holds is in `mayabook.master.metadata_tags`."""

    MP4 = auto()
    ID3 = auto()
    VORBIS = auto()


@dataclass(frozen=True, slots=True)
class OutputFormat:
    """One container with its codec."""

    suffix: str
    """Of the file's name, with its dot, in lower case."""
    name: str
    """For a person."""
    muxer: str
    """FFmpeg's name of the container."""
    codec: str
    """FFmpeg's name of the encoder."""
    sample_format: str
    """FFmpeg's name of the samples that the encoder takes."""
    chapters: ChapterStyle
    cover: CoverStyle
    tags: TagStyle
    players: str
    """Where it plays, and what a listener sees there."""
    max_bitrate: int = 0
    """Kilobits per second that the codec takes in mono at 24 kHz; 0 where it is lossless."""
    codec_scale: float = 1.0
    """What the encoder multiplies samples by of its own accord."""
    options: Mapping[str, str] = field(default_factory=dict)
    """FFmpeg's options of muxer and encoder."""
    shortcoming: str = ""
    """What a person who chooses it is told."""

    @property
    def is_lossless(self) -> bool:
        return not self.max_bitrate


_ROWS = (
    OutputFormat(
        suffix=".m4b",
        name="M4B (AAC)",
        muxer="mp4",
        codec="aac",
        sample_format="fltp",
        chapters=ChapterStyle.CONTAINER,
        cover=CoverStyle.STREAM,
        tags=TagStyle.MP4,
        players="Apple Books and most audiobook players, which keep your position",
        max_bitrate=144,
        options={"brand": "M4B ", "aac_coder": "fast"},
    ),
    OutputFormat(
        suffix=".mp3",
        name="MP3",
        muxer="mp3",
        codec="libmp3lame",
        sample_format="fltp",
        chapters=ChapterStyle.CONTAINER,
        cover=CoverStyle.STREAM,
        tags=TagStyle.ID3,
        players="everywhere; chapters in players that read ID3's",
        max_bitrate=160,
        codec_scale=0.95,
        options={"id3v2_version": "3", "compression_level": "7"},
    ),
    OutputFormat(
        suffix=".opus",
        name="Opus",
        muxer="ogg",
        codec="libopus",
        sample_format="flt",
        chapters=ChapterStyle.COMMENTS,
        cover=CoverStyle.COMMENT,
        tags=TagStyle.VORBIS,
        players="Android and desktop players; the smallest files for the same sound",
        max_bitrate=256,
    ),
    OutputFormat(
        suffix=".flac",
        name="FLAC",
        muxer="flac",
        codec="flac",
        sample_format="s32",
        chapters=ChapterStyle.COMMENTS,
        cover=CoverStyle.STREAM,
        tags=TagStyle.VORBIS,
        players="desktop players; lossless, for an archive or for conversion",
    ),
    OutputFormat(
        suffix=".wav",
        name="WAV",
        muxer="wav",
        codec="pcm_s24le",
        sample_format="s32",
        chapters=ChapterStyle.NONE,
        cover=CoverStyle.NONE,
        tags=TagStyle.ID3,
        players="everywhere, and audio editors; lossless and large",
        options={"rf64": "auto"},  # RF64 above 4 GiB
        shortcoming="WAV holds neither chapters nor a cover; .flac does, without loss.",
    ),
)
FORMATS: Mapping[str, OutputFormat] = {row.suffix: row for row in _ROWS}
"""By suffix; the first is the default."""


def suffixes_in_words() -> str:
    """For the help of a command: `.m4b (default), .mp3, .opus, .flac or .wav`."""
    first, *between, last = FORMATS
    return f"{', '.join([f'{first} (default)', *between])} or {last}"
