"""Words with letters dropped: 'tis, 'alf, th', o', d'you."""

import regex

from mayabook.core.ipa import with_ipa
from mayabook.core.spoken_form import WordClass
from mayabook.script.verbalisation.rules import (
    Context,
    Family,
    Match,
    Rule,
    as_cased,
    follows,
    one_of,
    pattern,
    preceding,
    word_before,
)
from mayabook.script.verbalisation.vocabulary import is_common, is_word

_BEGINNING_DROPPED = (
    "tis|twas|twere|twill|twould|tisn['’]t|twasn['’]t|tweren['’]t|twon['’]t|twouldn['’]t|tain['’]t|tother|twixt|bout|"
    "cause|cept|cos|coz|cuz|fore|fraid|gainst|lectric|mong|mongst|neath|nother|nough|nuff|pon|round|scuse|spect|spose|"
    "taters?|tween|n|nd|em|uns?|tisnt|zactly|tention|stead|specially|member|course|pends|magine|scape|mid|most|ud|ad['’]st"
)
"""Without the apostrophe these are said as they are spelt."""
_SPELT_LIKE_ANOTHER = {"n": "and", "nd": "and", "ud": "would"}
_WITHOUT_H = {
    "him": "ɪm", "have": "æv", "haves": "ævz", "having": "ˈævɪŋ", "havin": "ˈævɪn", "haven't": "ˈævənt", "head": "ɛd",
    "heads": "ɛdz", "headed": "ˈɛdɪd", "house": "aʊs", "houses": "ˈaʊzɪz", "happen": "ˈæpən", "happens": "ˈæpənz",
    "happened": "ˈæpənd", "happening": "ˈæpənɪŋ", "happy": "ˈæpi", "harry": "ˈæɹi", "henry": "ˈɛnɹi",
    "hundred": "ˈʌndɹəd", "hundreds": "ˈʌndɹədz", "hungry": "ˈʌŋɡɹi", "heart": "ɑːɹt", "heavens": "ˈɛvənz",
    "heaven": "ˈɛvən", "high": "aɪ", "honey": "ˈʌni", "heard": "ɜːɹd", "husband": "ˈʌzbənd", "half": "æf", "here": "ɪɹ",
    "hear": "ɪɹ", "her": "ɜːɹ", "his": "ɪz", "has": "æz", "had": "æd", "how": "aʊ", "home": "oʊm", "hand": "ænd",
    "hands": "ændz", "hair": "ɛɹ", "hat": "æt", "hot": "ɑːt", "hold": "oʊld", "hole": "oʊl", "hope": "oʊp",
    "hard": "ɑːɹd", "hurt": "ɜːɹt", "help": "ɛlp", "hell": "ɛl", "hit": "ɪt", "hill": "ɪl", "horse": "ɔːɹs",
    "horses": "ˈɔːɹsɪz", "who": "uː", "whose": "uːz", "he": "iː", "he's": "iːz", "he'd": "iːd", "he'll": "iːl",
}  # fmt: skip
"""IPA of common words with the H dropped, so that they are not heard as another word: "'ead" as "had"."""
_H_AND_OTHERS = {"oo": "who", "oo's": "who's", "oose": "whose", "ose": "whose", "arf": "half", "ome": "home"}
_NO_H = frozenset("em um un uns our ours over allow i ad ist at it's it'll us up in on an o a".split())
"""Words after an apostrophe that are never a word with its H dropped, even if the dictionary has one."""
_ONLY_WITHOUT_H = frozenset("ave alf e ead eads ell er im oo ow".split())
"""Dictionary words that in a book almost always have a dropped H: "'ell" is "hell"."""
_END_DROPPED = {
    "th": "the", "t": "the", "an": "and", "o": "of", "ol": "old", "wi": "with", "fo": "for", "mo": "more", "po": "poor",
    "sho": "sure", "gi": "give", "don": "don't", "jes": "just", "jus": "just", "mus": "must", "las": "last",
    "mos": "most", "nex": "next", "tha": "that", "wha": "what", "lil": "little", "tak": "take", "mak": "make",
    "d": "do", "y": "you",
}  # fmt: skip
_VOWELS = ("e", "o", "i", "u", "a", "ur", "er", "or")
_CLITICS = frozenset("s d ll re ve t m em un".split())
_BEFORE_NOUNS = frozenset("a an the my your his her its our their this that these those every each no who what".split())
_NO_VERBS = frozenset(
    "who they there that how what where why this here when nobody somebody everybody anybody someone everyone anyone "
    "it she none which you one these those boys girls".split()
)
_AFTER_WOULD = "have|be|never|not|like|love|better|rather|a|ha|been|always|only|just|all|come|go|say|think|want|do|make"
_CONTRACTED = {
    "li'l": "little", "o'er": "over", "d'you": "do you", "d'ye": "do ye", "d'ya": "do ya", "d'yer": "do yer",
    "fo'c'sle": "forecastle", "fo'c's'le": "forecastle", "fo'castle": "forecastle", "bo's'n": "bosun",
    "bos'n": "bosun", "bo'sun": "bosun", "bo'swain": "bosun", "ha'pence": "haypence", "ha'porth": "hayputh",
    "ha'p'orth": "hayputh", "ev'ry": "every", "heav'n": "heaven", "heav'nly": "heavenly", "pow'r": "power",
    "flow'r": "flower", "flow'rs": "flowers", "ev'n": "even", "i'th": "in the", "o'th": "of the",
    "i'faith": "in faith", "g'night": "good night", "s'long": "so long", "m'sieu": "monsieur", "m'sieur": "monsieur",
}  # fmt: skip
_COMPARATIVES = (
    "more|less|better|worse|rather|sooner|later|bigger|smaller|older|younger|faster|slower|higher|lower|longer|shorter|richer|"
    "poorer|harder|easier|stronger|weaker|prettier|meaner|quicker|closer|deeper|wider|hotter|colder|smarter|wiser|cheaper|"
    "nicer|crazier|drunker|tougher|uglier|happier|madder|fatter|thinner|darker|lighter|heavier|louder|taller|greater|finer"
)
_MARK = "'"


def _beginning_dropped(match: Match, context: Context) -> str | None:
    word = match["word"].replace("’", "'")
    lower = word.lower()
    if lower in ("em", "un", "uns"):
        return f"'{lower}" if match["mark"] != "'" else None
    if match["mark"] == "‘" and not lower.startswith("t") and lower not in _SPELT_LIKE_ANOTHER:
        return None  # a quotation begins
    return as_cased(_SPELT_LIKE_ANOTHER.get(lower, word), word)


def _without_h(match: Match, context: Context) -> str | None:
    """'alf, 'Arry, 'ere: the word with its H, and where it is common the sound without."""
    word = match["word"].replace("’", "'")
    lower = word.lower()
    full = _H_AND_OTHERS.get(lower, f"h{lower}")
    stem = regex.sub(r"'\p{L}+$", "", full)
    if lower in _NO_H or not (is_word(stem) or is_word(full) or is_word(stem.capitalize())):
        return None
    if match["mark"] != "’" and _may_open_quotation(match, is_word(lower) and lower not in _ONLY_WITHOUT_H):
        return None
    said = as_cased(full, word)
    return with_ipa(said, _WITHOUT_H[full]) if full in _WITHOUT_H else said


def _may_open_quotation(match: Match, is_word_without_h: bool) -> bool:
    """Whether the mark may be an opening quotation mark, as one closes later, or as the word may be what it is."""
    if regex.search(r"(?<![\s(“\"‘'])(?<!in|\b(?:th|o|an|wi))[’'](?!\p{L})", match.string, pos=match.end()):
        return True
    if match["mark"] == "‘":
        return is_word_without_h
    return is_word_without_h and not regex.search(r"[“\"]$|\p{Ll}\s$", preceding(match))


def _vowel_dropped(match: Match, context: Context) -> str | None:
    """diff'rent, mem'ry, sev'n, b'lieve: the common word that it is with a vowel in place of the mark."""
    head, tail = match["head"], match["tail"]
    if is_common(f"{head}'{tail}".lower()) or tail in _CLITICS or (tail == "n" and not head.endswith("v")):
        return None
    full = next((word for vowel in _VOWELS if is_common(word := f"{head}{vowel}{tail}".lower())), None)
    return as_cased(full, head) if full else None


def _poetic_past(match: Match, context: Context) -> str | None:
    """look'd, fix'd, but not "my mother'd have", which is "would"."""
    verb = match["verb"]
    if word_before(match).lower() in _BEFORE_NOUNS or follows(match, rf"\s(?:{_AFTER_WOULD})\b"):
        return None
    full = f"{verb}ed"
    return full if is_word(full) and verb not in _NO_VERBS else None


def _the(match: Match, context: Context) -> str | None:
    """t'kitchen"""
    return as_cased(f"the {match['noun']}", match[0]) if is_common(match["noun"]) else None


def _than(match: Match, context: Context) -> str:
    return " than"


def _end_dropped(match: Match, context: Context) -> str | None:
    return as_cased(_END_DROPPED[match["word"].lower()], match["word"])


def _contracted(match: Match, context: Context) -> str:
    return as_cased(_CONTRACTED[match[0].lower().replace("’", "'")], match[0])


FAMILY = Family(
    regex.compile(
        r"['’‘](?=\p{L})(?<!\w['’‘])|['’](?<=\p{L}['’])(?!\w)|"
        r"(?<=\p{L})['’](?=\p{Ll}{3}|n\b)|(?<=\p{Ll}{3})['’]d\b|"
        rf"(?<=\b(?i:{'|'.join({word.partition(_MARK)[0] for word in _CONTRACTED})}))['’](?=\p{{L}})"
    ),
    [
        Rule(WordClass.DIALECT, regex.compile(r"(?<=\s)['’‘][nN]['’‘](?=\s)"), lambda match, context: "and"),
        Rule(
            WordClass.DIALECT,
            pattern(r"(?<=\b(?i:{comparatives}))(?:\s|(?<!less))['’]n(?![\w'’])", comparatives=_COMPARATIVES),
            _than,
        ),
        Rule(
            WordClass.DIALECT,
            pattern(
                r"(?<![\w'’‘])(?P<mark>['’‘])(?P<word>(?i:{dropped}))(?![\p{L}\p{N}]|['’]\p{L})",
                dropped=_BEGINNING_DROPPED,
            ),
            _beginning_dropped,
        ),
        Rule(
            WordClass.DIALECT,
            regex.compile(r"(?<![\w'’‘])(?P<mark>['’‘])(?P<word>(?i:[aeiouy])\p{L}*(?:['’]\p{L}+)?)(?![\p{L}\p{N}])"),
            _without_h,
        ),
        Rule(
            WordClass.DIALECT,
            pattern(
                r"(?<![\w'’‘])(?P<word>(?i:{dropped}))['’](?![\w'’])(?=\s['’]?\p{L})", dropped=one_of(_END_DROPPED)
            ),
            _end_dropped,
        ),
        Rule(
            WordClass.DIALECT,
            regex.compile(
                r"(?<![\w'’-])(?P<head>\p{L}\p{Ll}*)['’](?P<tail>\p{Ll}{3,}|(?<=\p{L}{3}.)\p{Ll}{2}|n)(?![\w'’-])"
            ),
            _vowel_dropped,
        ),
        Rule(WordClass.DIALECT, regex.compile(r"(?<![\w'’-])(?P<verb>\p{Ll}{3,})['’]d(?![\w'’-])"), _poetic_past),
        Rule(
            WordClass.DIALECT,
            regex.compile(r"(?<![\w'’])[Tt]['’](?P<noun>\p{Ll}{3,})(?<!was|were|will|is)(?![\w'’])"),
            _the,
        ),
        Rule(
            WordClass.DIALECT,
            regex.compile(rf"(?<![\w'’])(?i:{one_of(_CONTRACTED).replace(_MARK, '[’' + _MARK + ']')})(?!\p{{L}})"),
            _contracted,
        ),
    ],
)
