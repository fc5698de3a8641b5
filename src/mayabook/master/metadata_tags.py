"""What a player shows of the book, in the words of each container."""

import base64
from dataclasses import dataclass

from mayabook.core.book import Book, Cover
from mayabook.core.language import Language
from mayabook.core.output_formats import TagStyle
from mayabook.master.cover_art import Picture

FRONT_COVER = 3


@dataclass(frozen=True, slots=True)
class Tags:
    """language: BCP 47. year: four digits or empty."""

    title: str
    authors: tuple[str, ...] = ()
    narrator: str = ""
    year: str = ""
    description: str = ""
    language: str = "en"
    publisher: str = ""
    cover: Cover | None = None

    @classmethod
    def of(cls, book: Book, narrator: str) -> "Tags":
        return cls(
            title=book.title,
            authors=book.authors,
            narrator=narrator,
            year=book.year,
            description=book.description,
            language=book.language,
            publisher=book.publisher,
            cover=book.cover,
        )

    @property
    def language_code(self) -> str:
        """ISO 639-2, `und` where it is not known."""
        return Language.of(self.language).iso_639_2


def fields(tags: Tags, style: TagStyle, part: tuple[str, int, int] | None = None) -> dict[str, str]:
    """FFmpeg's metadata for a file; what its container cannot hold, the muxer leaves out.

    Composer is where audiobook players look for the narrator. part: title, number and count of a file that is
    one of several.
    """
    authors = ", ".join(tags.authors)
    named = {
        "title": part[0] if part else tags.title,
        "album": tags.title,
        "artist": authors,
        "album_artist": authors,
        "composer": tags.narrator,
        "date": tags.year,
        "genre": "Audiobook",
        "publisher": tags.publisher,
        "track": f"{part[1]}/{part[2]}" if part else "",
    }
    if style == TagStyle.MP4:
        named |= {"description": tags.description, "synopsis": tags.description, "media_type": "2"}
    elif style == TagStyle.ID3:
        named |= {"comment": tags.description, "language": tags.language_code, "narrator": tags.narrator}
    else:
        named |= {"description": tags.description, "language": tags.language, "narrator": tags.narrator}
    return {name: value for name, value in named.items() if value}


def picture_comment(picture: Picture) -> str:
    """The cover as Vorbis comments carry it: a FLAC picture block (RFC 9639, section 8.8) in base64."""

    def number(value: int) -> bytes:
        return value.to_bytes(4, "big")

    media_type = picture.media_type.encode()
    block = (
        *(number(FRONT_COVER), number(len(media_type)), media_type, number(0)),  # 0: no description
        *(number(picture.width), number(picture.height), number(24), number(0)),  # bits per pixel, no palette
        *(number(len(picture.data)), picture.data),
    )
    return base64.b64encode(b"".join(block)).decode()
