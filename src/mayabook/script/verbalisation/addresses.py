"""E-mail and web addresses, file names, hashtags and handles."""

import regex

from mayabook.core.spoken_form import WordClass
from mayabook.script.verbalisation import number_words
from mayabook.script.verbalisation.rules import Context, Family, Match, Rule, is_said_beside, pattern

_TOP_LEVEL = (
    "com|org|net|edu|gov|mil|info|biz|"
    "io|co|uk|us|ca|au|de|fr|it|es|nl|eu|ch|at|jp|cn|ru|in|ie|nz|za|tv|me|ly|ai|app|dev"
)
_SUFFIXES = (
    "txt|pdf|docx?|xlsx?|pptx?|jpe?g|png|gif|svg|bmp|mp3|mp4|m4a|m4b|wav|flac|avi|mov|mkv|zip|tar|gz|exe|dll|"
    "html?|css|js|"
    "json|xml|csv|py|cpp|java|epub|mobi|rtf|log|bat|sh|ini|cfg|toml|yaml|md|iso|dat|bak"
)
_SAID_AS_WORDS = frozenset(
    "co com org net gov info biz app dev bat log zip tar mov wav dat flac gif doc json java ini toml iso me at in "
    "it us".split()
) - {"at", "in", "it", "us"}
_SIGNS = {
    ".": "dot",
    "/": "slash",
    "-": "dash",
    "_": "underscore",
    "@": "at",
    ":": "colon",
    "~": "tilde",
    "?": "question mark",
    "=": "equals",
    "&": "and",
    "#": "hash",
    "%": "percent",
    "+": "plus",
    "\\": "backslash",
}
_PIECE = regex.compile(r"\p{Lu}+(?=\p{Lu}\p{Ll})|\p{Lu}?\p{Ll}+|\p{Lu}+|\d+|[^\w\s]|_")


def _say_address(text: str) -> str:
    text = regex.sub(r"/$", "", text)
    scheme = regex.match(r"(https?|ftp|file)://", text)
    words = []
    if scheme:
        text = text[scheme.end() :]
    parts = regex.findall(r"[^\W_]+|[^\w\s]|_", text)
    for place, part in enumerate(parts):
        after_dot = place > 0 and parts[place - 1] == "."
        if part in _SIGNS:
            words.append(_SIGNS[part])
        elif part.lower() == "www":
            words.append("w w w")
        else:
            words.append(_say_label(part, (after_dot and place == len(parts) - 1) or (after_dot and len(part) <= 3)))
    return " ".join(words)


def _say_label(part: str, suffix: bool) -> str:
    """One piece between dots: a word, letters, digits. suffix: whether it may be an ending such as `com` or `uk`."""
    if suffix and part.isascii() and part.isalpha() and len(part) <= 3 and part.lower() not in _SAID_AS_WORDS:
        return " ".join(part.lower())
    return _say_pieces(part)


def _say_pieces(text: str) -> str:
    words = []
    for piece in _PIECE.findall(text):
        if piece.isdecimal():
            year = len(piece) == 4 and piece[0] in "12"
            words.append(number_words.year(int(piece)) if year else number_words.number(piece))
        elif piece in _SIGNS:
            words.append(_SIGNS[piece])
        else:
            words.append(piece if len(piece) == 1 or (piece.isupper() and len(piece) < 4) else piece.lower())
    return " ".join(words)


def _address(match: Match, context: Context) -> str:
    return _say_address(match[0].lower() if match[0].isupper() else match[0])


def _suffix(match: Match, context: Context) -> str:
    """ ".com", ".exe": the ending alone."""
    return f"dot {_say_label(match['suffix'].lower(), True)}"


def _file_name(match: Match, context: Context) -> str:
    suffix = match["suffix"]
    letters = _say_pieces(suffix) if suffix.lower() in _SAID_AS_WORDS else _spelled(suffix)
    return f"{_say_pieces(match['stem'])} dot {letters}"


def _spelled(suffix: str) -> str:
    return " ".join(number_words.spell_digits(char) if char.isdecimal() else char.lower() for char in suffix)


def _hashtag(match: Match, context: Context) -> str:
    return f"{'' if is_said_beside(match, 'hashtag') else 'hashtag '}{_say_pieces(match['tag'])}"


def _handle(match: Match, context: Context) -> str:
    return f"at {_say_pieces(match['name']).replace('underscore ', '')}"


_END = r"(?<![.,;:!?'\"”’)])"
FAMILY = Family(
    regex.compile(rf"[@#/\\]|\bwww\.|\.(?i:{_TOP_LEVEL}|{_SUFFIXES})(?!\w)"),
    [
        Rule(WordClass.ADDRESSES, regex.compile(r"(?<![\w.])[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), _address),
        Rule(
            WordClass.ADDRESSES,
            regex.compile(rf"(?<!\w)(?:(?:https?|ftp|file)://|www\.)[^\s<>“”]+{_END}", regex.I),
            _address,
        ),
        Rule(
            WordClass.ADDRESSES,
            regex.compile(
                rf"(?<![\w.@-])(?P<stem>[A-Za-z0-9][\w-]*(?:\.(?:tar|min|test|"
                rf"config))?)\.(?P<suffix>{_SUFFIXES})(?![\w/-]|\.\w)",
                regex.I,
            ),
            _file_name,
        ),
        Rule(
            WordClass.ADDRESSES,
            regex.compile(rf"(?<![\w.@-])(?:[a-z0-9-]+\.)+(?:{_TOP_LEVEL})(?:/[^\s<>“”]*{_END})?(?!\w|\.\w)", regex.I),
            _address,
        ),
        Rule(
            WordClass.ADDRESSES,
            regex.compile(
                rf"(?<![\w.])[A-Za-z]:\\[^\s<>“”\"?*|]*{_END}|(?<![\w.\\])\\\\\w[^\s<>“”\"]*{_END}|"
                rf"(?<![\w./~])~?/[a-z][\w.-]*(?:/[\w.-]+)+/?{_END}|(?<![\w/])[ru]/\w{{3,}}(?![\w/])"
            ),
            _address,
        ),
        Rule(
            WordClass.ADDRESSES, regex.compile(rf"(?<![\w.])\.(?P<suffix>{_TOP_LEVEL}|{_SUFFIXES})(?![\w.])"), _suffix
        ),
        Rule(WordClass.ADDRESSES, pattern(r"(?<![\w&/])[#](?P<tag>\p{L}\w+)"), _hashtag),
        Rule(WordClass.ADDRESSES, pattern(r"(?<![\w.])@(?P<name>[A-Za-z]\w+)"), _handle),
    ],
)
