"""Book -> list[Chunk]: sentences, chunks of them, emotion tags, verbalisation, lexicon, pauses."""

from mayabook.script.forecast import Forecast, forecast
from mayabook.script.lexicon import Lexicon, Respelling, read_lexicon
from mayabook.script.name_spotting import RareName, find_rare_names, write_lexicon_template
from mayabook.script.script_writer import Script, script_book, script_chapters, write_script
from mayabook.script.verbalisation import Verbaliser
from mayabook.script.word_coverage import WordCoverage, check_coverage

__all__ = [
    "Forecast",
    "Lexicon",
    "RareName",
    "Respelling",
    "Script",
    "Verbaliser",
    "WordCoverage",
    "check_coverage",
    "find_rare_names",
    "forecast",
    "read_lexicon",
    "script_book",
    "script_chapters",
    "write_lexicon_template",
    "write_script",
]
