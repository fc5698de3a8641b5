"""Book -> list[Chunk]: sentences, chunks of them, emotion tags, lexicon, pauses."""

from mayabook.script.coverage import WordCoverage, check_coverage
from mayabook.script.lexicon import Lexicon, Respelling, read_lexicon
from mayabook.script.names import rare_names
from mayabook.script.write import Script, write_script

__all__ = [
    "Lexicon",
    "Respelling",
    "Script",
    "WordCoverage",
    "check_coverage",
    "rare_names",
    "read_lexicon",
    "write_script",
]
