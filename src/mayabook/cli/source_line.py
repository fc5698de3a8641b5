"""Where the words of a book file went, in one line."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mayabook.source_check import SourceCheck


def source_line(source: "SourceCheck") -> str:
    went = f"{source.n_narrated:,} narrated, {sum(source.left_out.values()):,} left out for a reason"
    if not source.is_known_format:
        return f"{went}; there is no second reader for this format, so that none is lost is not proved"
    lost = f"{source.n_lost:,} lost in reading: NOT PROVED" if source.differences else "none lost in reading"
    return f"{source.n_words:,} words in the file, {went}, {lost}"
