"""Roman numerals: bare headings, after chapter and act, of kings and popes, of centuries."""

import unicodedata

import regex

from mayabook.core.spoken_form import WordClass
from mayabook.script.verbalisation import number_words
from mayabook.script.verbalisation.rules import (
    Context,
    Family,
    Match,
    Rule,
    ends_sentence,
    follows,
    preceding,
    word_before,
)
from mayabook.script.verbalisation.vocabulary import is_common

_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
NUMERAL = r"(?=[IVXLCDM])M{0,4}(?:CM|CD|D?C{0,4})(?:XC|XL|L?X{0,4})(?:IX|IV|V?I{0,4})"
LOWER_NUMERAL = NUMERAL.translate(str.maketrans("IVXLCDM", "ivxlcdm"))
_WORDS = frozenset(
    "MIX DI DIM DIX LI MI MID MILL CIVIL LIV DIV CLI MCI CIV MD CD MC DC CC CV CI DL CL MM CM DV XL DVI MDI CID".split()
)
"""Numerals that are words, names or acronyms first."""
_NUMBERED = (
    "acts?|adventures?|appendix|articles?|books?|cantos?|cap|chapters?|ch|chap|charges?|class|columns?|"
    "commandments?|counts?|divisions?|episodes?|"
    "figures?|fig|fits?|fitt|folio|games?|grades?|groups?|hymns?|lessons?|letters?|levels?|lines?|mark|"
    "movements?|no|nos|numbers?|"
    "odes?|opus|pages?|pp?|parts?|pt|phases?|plates?|propositions?|psalms?|quatrains?|rounds?|rules?|sagas?|"
    "scenes?|sec|sections?|seasons?|"
    "sonnets?|staves?|stanzas?|stave|stages?|steps?|tables?|titles?|tomes?|types?|units?|verses?|volumes?|vols?|"
    "world[ ]war|war|"
    "super[ ]bowl|apollo|gemini|saturn|rocky|vatican|theorem|lemma|problem|experiment|case|camp|sector|zone|corps|army|"
    "legion"
)
_SMALL_WORDS = frozenset("mix dim mid mild livid vivid civil did i c d l m mi di".split())
"""Lower-case numerals that are words or letters first."""
_OF_PLAYS = frozenset("act scene page p chapter book canto".split())
_LETTERED = frozenset(
    "appendix class exhibit figure fig group plate section table type zone sector unit vitamin grade level".split()
)
_MONARCHS = (
    "Alexander|Alfonso|Alphonse|Amenhotep|Antiochus|Baldwin|Benedict|Boniface|Calixtus|Catherine|Charles|"
    "Christian|Clement|"
    "Constantine|Darius|Edward|Elizabeth|Eric|Ferdinand|Francis|Franz|Frederick|Friedrich|George|Gregory|Gustav|"
    "Gustavus|Haakon|"
    "Harald|Henri|Henry|Innocent|Isabella|Ivan|James|Joan|Johann|John|Joseph|Juan[ ]Carlos|Julius|Justinian|Karl|"
    "Leo|Leopold|"
    "Louis|Ludwig|Malcolm|Margrethe|Mary|Maximilian|Mehmed|Murad|Napoleon|Nicholas|Otto|Paul|Pedro|Peter|Philip|"
    "Philippe|Pius|"
    "Ptolemy|Rameses|Ramesses|Ramses|Richard|Robert|Rudolf|Selim|Seti|Sigismund|Sixtus|Stephen|Suleiman|"
    "Theodosius|Thutmose|"
    "Umberto|Urban|Victor|Victor[ ]Emmanuel|Vladimir|Wilhelm|William|Xerxes|Yoritomo|Zog|Akbar|Abdul|Artaxerxes|"
    "Cosimo|Lorenzo|"
    "Anne|Victoria|Wenceslas|Ladislaus|Casimir|Bela|Carol|Carlos|Faisal|Hussein|Abdullah|Hassan|Mohammed|"
    "Tiberius|Michael|Andrew"
)
_GIVEN = _MONARCHS + (
    "|Thomas|Samuel|David|Daniel|Walter|Arthur|Albert|Harry|Howard|Thurston|Frank|Donald|Ronald|Davis|Loudon|"
    "Sammy|Harold|Ralph|"
    "Theodore|Winthrop|Cornelius|Hamilton|Augustus|Preston|Kenneth|Douglas|Bradley|Chester|Randolph|Reginald|"
    "Archibald|Eugene|Edwin"
)
_ROYAL = r"(?:King|Queen|Pope|Tsar|Czar|Kaiser|Emperor|Empress|Sultan|Pharaoh|Prince|Shah|Tsarina|Duke|Saint|St\.)"
_OF_FIRST_PERSON = (
    "am|have|think|know|do|don[’']t|guess|mean|want|need|see|say|suppose|wish|believe|remember|love|hate|like|feel|hope|"
    "owe|find|trust|fear|went|shall|myself"
)
"""Words after "I" that make it a pronoun, not a numeral: "Charles I am" does not name a king."""
_PAST_VERBS = (
    "was|had|did|didn[’']t|could|couldn[’']t|would|wouldn[’']t|should|must|may|might|will|can|can[’']t|saw|told|said|felt|"
    "met|heard|knew|thought|took|got|made|found|came|gave|lost|left|kept|sat|stood|ran|ate|read|wrote|spoke|drank|slept|"
    "learnt|fell|spent|began|became|won|held|put|led|sent|bought|brought|caught|understood"
)
_OF_FEELING = "liked|loved|knew|hated|trusted|admired|remembered|feared|adored|met|respected|missed|preferred|wanted"
_ADVERBS = "never|always|often|only|once|also|still|just|ever|really|even|soon|first"
_FRONTED = (
    "With|To|From|For|Of|In|After|Before|About|Like|Unlike|Without|Against|Toward|Towards|Beside|Behind|Besides|By|"
    "As for|Next to|Thanks to|Because of|Instead of|At|On|Between|Since"
)
_TAKING_A_PERSON = (
    "told|tell|tells|telling|saw|met|asked|promised|assured|warned|informed|reminded|convinced|knew|loved|hated|married|"
    "left|found|kissed|heard|swear|swore|say|said|think|thought|gave|showed|sent|thanked|joined|followed|missed|watched"
)
_HEADING_MARK = r"[.:)—–-]"


def roman_value(numeral: str) -> int:
    values = [_VALUES[char] for char in numeral.upper()]
    return sum(-one if one < after else one for one, after in zip(values, [*values[1:], 0], strict=True))


def _cardinal(numeral: str, context: Context) -> str:
    return number_words.cardinal(roman_value(numeral), british=context.british)


def _bare(match: Match, context: Context) -> str | None:
    """A numeral that is a whole sentence, or leads a heading."""
    numeral = match["numeral"]
    whole = not match.string[match.end() :].strip(" .:)—–-*]")
    if not whole and not context.heading and len(numeral) < 2:
        return None
    if len(numeral) == 1 and (numeral not in "IVX" and not context.heading):
        return None
    if numeral in _WORDS and not (whole and context.heading):
        return None
    if whole and context.heading and numeral in ("MIX", "CIVIL", "DIM", "MILL", "DI"):
        return None
    if not whole and not match["mark"] and (not context.heading or len(numeral) < 2):
        return None
    value = roman_value(numeral)
    said = number_words.year(value) if 1000 < value < 2100 and len(numeral) > 3 else _cardinal(numeral, context)
    return _capitalised(said) + (match["mark"] or "")


def _small(match: Match, context: Context) -> str | None:
    """A numeral in small letters that is the whole text, and no word: "vii", in a heading also "mix"."""
    return _cardinal(match["numeral"], context) if context.heading or set(match["numeral"]) <= set("ivx") else None


def _after_keyword(match: Match, context: Context) -> str | None:
    keyword, numeral = match["keyword"], match["numeral"]
    bare = keyword.lower().strip(". ")
    ends = follows(match, r"[.,;:)\]—–-]|[”’\"]*$") and bare != "case"
    shortened = keyword.endswith(".") and follows(match, r"\s(?:of|and|to|for|in)\b")
    if numeral == "I" and keyword[0].islower() and not (ends or shortened):
        return None
    if numeral == "I" and bare in (
        "p",
        "pp",
        "no",
        "nos",
        "l",
        "line",
        "lines",
        "number",
        "numbers",
        "page",
        "pages",
        "case",
        "war",
    ):
        return None
    if numeral == "I" and follows(match, r"\s(?:am|have|think|know|do|don[’']t)\b"):
        return None
    if numeral in _SMALL_WORDS and not (numeral == "i" and bare in _OF_PLAYS):
        return None
    if len(numeral) == 1 and numeral in "CDLM" and (bare in _LETTERED or numeral in "DM"):
        return None
    if numeral in ("MIX", "CIVIL", "DIM"):
        return None
    words = _cardinal(numeral, context)
    if not match["more"]:
        return words
    link = match["link"].strip()
    joint = " and " if link in ("and", "&") else ", " if link == "," else " to "
    return f"{words}{joint}{_cardinal(match['more'], context)}"


def _of_a_monarch(match: Match, context: Context) -> str | None:
    name, numeral = match["name"], match["numeral"]
    if numeral in ("MIX", "MD", "DC", "CD", "MC", "CC", "C", "D", "M", "L"):
        return None
    if numeral == "I" and _is_pronoun(match):
        return None
    if numeral == "X" and name == "Malcolm":
        return None
    more = f" and {number_words.ordinal(roman_value(match['more']))}" if match["more"] else ""
    return f"the {number_words.ordinal(roman_value(numeral))}{more}"


def _is_pronoun(match: Match) -> bool:
    """Whether I after a name begins a clause: "With Charles I was never afraid", "I told Charles I knew"."""
    before = preceding(match)[: -len(match["name"]) - 1]
    if regex.search(rf"\b{_ROYAL}\s$", before, regex.IGNORECASE):
        return False
    if follows(match, rf"[’'](?:m|ve|ll|d)\b|\s(?:{_OF_FIRST_PERSON})\b"):
        return True
    if follows(match, rf"\s(?:{_OF_FEELING})(?:[,.;!?]|\s(?:best|most|well|at\sonce|least)\b)"):
        return True
    if not follows(match, rf"\s(?:(?:{_ADVERBS})\s)?(?:{_PAST_VERBS}|\p{{Ll}}+ed)\b"):
        return False
    return regex.search(rf"(?:^|[.;:—“\"(]\s?)(?:{_FRONTED})\s$|\b(?:{_TAKING_A_PERSON})\s$", before) is not None


def _after_name(match: Match, context: Context) -> str | None:
    """After another capitalised word: a person is the third, a machine or a sequel is three."""
    numeral = match["numeral"]
    if numeral in _WORDS or (numeral == "V" and (len(match["name"]) < 4 or follows(match, r"\.\s?\p{Lu}"))):
        return None
    given = regex.fullmatch(_GIVEN, match["name"].split()[0])
    first, _, last = match["name"].partition(" ")
    if last and (given or not is_common(first.lower())):
        return f"the {number_words.ordinal(roman_value(numeral))}"
    return _cardinal(numeral, context)


def _century(match: Match, context: Context) -> str:
    if regex.search(rf"\b(?:{_MONARCHS})\s$", preceding(match)):
        return f"the {number_words.ordinal(roman_value(match['numeral']))}"
    return number_words.ordinal(roman_value(match["numeral"]))


def _world_war(match: Match, context: Context) -> str:
    return f"World War {'One' if match['number'] in ('I', '1') else 'Two'}"


def _anywhere(match: Match, context: Context) -> str | None:
    numeral = match["numeral"]
    if numeral in _WORDS:
        return None
    if numeral == "IV" and follows(
        match, r"\s(?:drip|line|bag|needle|pole|fluid|antibiotic|stand|tube|push|catheter)s?\b"
    ):
        return "I.V."
    if numeral == "IV" and word_before(match).lower() in ("an", "the", "her", "his", "by", "through", "to", "hooked"):
        return "I.V." if not ends_sentence(match) else "I.V"
    value = roman_value(numeral)
    if 1000 < value < 2100 and len(numeral) > 3:
        return number_words.year(value, british=context.british)
    if not set(numeral) <= set("IVX") and len(numeral) < 4:
        return None
    return number_words.cardinal(value, british=context.british)


def _listed(match: Match, context: Context) -> str:
    return f"({_cardinal(match['numeral'], context)})"


def _own_characters(match: Match, context: Context) -> str:
    """Ⅳ, which is a character of its own."""
    numeral = unicodedata.normalize("NFKC", match["numeral"])
    if match["name"]:
        return f"{match['name']}the {number_words.ordinal(roman_value(numeral))}"
    return _cardinal(numeral, context)


def _capitalised(words: str) -> str:
    return words[:1].upper() + words[1:]


_NOT_A_WORD = r"(?![\p{L}\p{N}]|[’'](?!s\b)\p{L}|[.&-]\p{L})"
FAMILY = Family(
    regex.compile(
        r"(?<!\p{L})[IVXLCDM]{2}[IVXLCDM]*(?:th|st|nd|rd)?(?!\p{L})|(?<!\p{L})[VXLCDM](?!\p{L})|"
        r"I(?=[.,;:)\]—–-]|\s*$)(?<!\p{L}I)|I(?<=(?:\p{Lu}\p{L}+|\.)\s(?:the\s)?I)(?!\p{L})|(?<!\p{L})[ivxlcdm]+(?!\p{L})|\(a\)|"
        r"WW[I12]|[Ⅰ-ↈ]"
    ),
    [
        Rule(
            WordClass.ROMAN, regex.compile(rf"(?P<name>(?<=\b(?:{_MONARCHS})\s))?(?P<numeral>[Ⅰ-ↈ]+)"), _own_characters
        ),
        Rule(WordClass.ROMAN, regex.compile(r"\bWW-?(?P<number>II|I|1|2)\b"), _world_war),
        Rule(
            WordClass.ROMAN,
            regex.compile(rf"^(?P<numeral>(?=\p{{L}}\p{{L}}){LOWER_NUMERAL})(?=\.?$)"),
            _small,
        ),
        Rule(
            WordClass.ROMAN,
            regex.compile(rf"^(?P<numeral>(?![cdlm][.)])(?:{LOWER_NUMERAL}))(?=[.)](?:\s|$))"),
            lambda match, context: (
                None if match["numeral"] in (_SMALL_WORDS - {"i"}) else _cardinal(match["numeral"], context)
            ),
        ),
        Rule(
            WordClass.ROMAN,
            regex.compile(rf"^(?P<numeral>{NUMERAL})(?P<mark>{_HEADING_MARK})?(?=\s|$)"),
            _bare,
        ),
        Rule(
            WordClass.ROMAN,
            regex.compile(
                rf"(?<=(?<![\p{{L}}’'])(?P<keyword>(?i:{_NUMBERED})\.?)\s(?:the\s)?)(?P<numeral>{NUMERAL}|{LOWER_NUMERAL})"
                rf"(?:(?P<link>\s?[-–—,&]\s?|\s(?:and|to)\s)(?P<more>(?<=[–—-]\s?|[&d]\s)(?:{NUMERAL}|{LOWER_NUMERAL})))?{_NOT_A_WORD}"
            ),
            _after_keyword,
        ),
        Rule(
            WordClass.ROMAN,
            regex.compile(
                rf"(?<=\b(?P<name>{_MONARCHS}|{_MONARCHS.upper()})\s)(?P<numeral>{NUMERAL})"
                rf"(?:\s(?:and|&)\s(?P<more>{NUMERAL}))?{_NOT_A_WORD}"
            ),
            _of_a_monarch,
        ),
        Rule(
            WordClass.ROMAN,
            regex.compile(
                rf"(?<!\p{{L}})(?P<numeral>(?=[IVX]){NUMERAL})(?:(?:st|nd|rd|th)\b|(?=\s(?:century|centuries|"
                rf"[Dd]ynasty|[Ll]egion|Corps|Army|Olympiad|Amendment|[Aa]rrondissement)\b))"
            ),
            _century,
        ),
        Rule(
            WordClass.ROMAN,
            regex.compile(
                rf"(?<=\b(?P<name>(?:\p{{Lu}}\p{{Ll}}+\s)?\p{{Lu}}\p{{Ll}}+),?\s)(?P<numeral>(?=[IVX]{{2}})[IVX]+(?<={NUMERAL})|(?<!\b(?:Agent|Mister|Madame|Lord|Lady|Doctor|Project|Plan|Point|Exhibit|Vitamin|Hepatitis)\s)V(?![’'-])){_NOT_A_WORD}"
            ),
            _after_name,
        ),
        Rule(
            WordClass.ROMAN,
            regex.compile(r"(?<![\w.])(?P<act>[IVX]+)\.(?P<scene>[ivx]+)(?!\w)"),
            lambda match, context: f"{_cardinal(match['act'], context)} {_cardinal(match['scene'], context)}",
        ),
        Rule(
            WordClass.ROMAN, regex.compile(r"(?<!\w)\(a\)(?!\w)"), lambda match, context: "(A)"
        ),  # the first of a list
        Rule(
            WordClass.ROMAN,
            regex.compile(rf"(?<!(?:\b\p{{L}}|[⁰¹²³⁴-⁹₀-₉])\s?)\((?P<numeral>{LOWER_NUMERAL}|{NUMERAL})\)(?=\s)"),
            lambda match, context: None if match["numeral"] in "cdlmCDLM" else _listed(match, context),
        ),
        Rule(
            WordClass.ROMAN,
            regex.compile(rf"(?<![\p{{L}}\p{{N}}.’'&-])(?P<numeral>(?=\p{{L}}\p{{L}}){NUMERAL}){_NOT_A_WORD}"),
            _anywhere,
        ),
    ],
)
