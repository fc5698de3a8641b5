"""Words in capitals: those in common use are spoken as words, acronyms stay as they are."""

import regex

from mayabook.core.spoken_form import WordClass
from mayabook.script.verbalisation.rules import Context, Family, Match, Rule, follows, pattern, preceding, word_before
from mayabook.script.verbalisation.vocabulary import is_word

_ACRONYMS = frozenset(
    """
    AA AAA ABC AC AD BC BCE CE ACLU AFAIK AI AIDS AKA AP APB ASAP ATM AWOL BA BAFTA BBC BBQ BLT BMW BS BSE BST CBE
    CBI CBS CCTV CD CDC CEO CERN CFC CFO CGI CIA CID CNN CO COVID CPA CPR CPU CRT CSI CTO CV DA DC DDT DEA DIY DJ
    DMV DNA DOA DOB DPP DSO DUI DVD ECG EEC EEG EFTA EKG EMT EQ ER ESL ESP EST ETA EU FA FAO FAQ FBI FCC FDA FDR
    FEMA FIFA FM FYI GB GBH GCSE GDP GHQ GI GMO GMT GOP GP GPS GPU GTA HBO HD HIV HMO HMS HMV HQ HR HRH HTML HTTP
    IBM ICBM ICU ID IMAX IMF IQ IRA IRS ISBN ISDN ISO ISP ITV IUD IVF JFK JP KFC KGB KKK KO LA LAPD LAX LCD LED LGBT LLB
    LLC LLD LP LSD LSE LTD LUV MBA MBE MC MD MGM MI MIA MIT MLK MO MOT MP MPH MRI MS MSG MTV NAACP NASA NASCAR NATO
    NBA NBC NCO NFL NGO NHL NHS NKVD NPR NRA NSA NSW NYC NYPD NYU NZ OAP OBE OCD OECD OK OM OPEC OSS OT OXFAM PA PBS
    PC PCP PDF PE PHD PHP PIN PLC PLO PM PMS PO POW PPS PR PS PSI PTA PTSD PVC QC QED QVC RA RAC RADAR RAF RAM REM
    RIP RN RNA ROM ROTC RPG RPM RSPCA RSVP RV SARS SAS SAT SCUBA SDP SEAL SMS SNP SONAR SOS SPCA SPF SS SSR STD SUV
    SWAT TA TB TBA TGIF THC TLC TNT TSA TSB TV TVA UAE UCLA UFC UFO UHF UK UN UNESCO UNICEF UPS URL US USA USAF USB
    USDA USMC USN USS USSR UTC UV VA VAT VCR VD VE VHF VHS VIP VJ VP WAAF WASP WC WHO WPA WPC WTO WWF XL YMCA YWCA
    ZIP FWIW IRL LMAO ROFL SMH NSFW TTYL IDK BTW IMHO
    """.split()
)
_SPELLED_WORDS = {
    "US": "U.S.",
    "IT": "I.T.",
    "WHO": "W.H.O.",
    "LA": "L.A.",
    "ID": "I.D.",
    "ER": "E.R.",
    "LAX": "L.A.X.",
}
"""Acronyms that are words in small letters, as letters."""
_AMBIGUOUS = frozenset(
    """
    ACT AID AIDS AM BA BE BS CO CAT DA DO ER GI HER HIS HMM ID IN IS IT LA LAX LED LP MA ME MI MO MS MUM OM
    OR PA PE PI PIN PO POW RA RAM REM RIP SAD SAM SAT SEAL SO TA UP US VAT WASP WE WHO ZIP SWAT
    """.split()
)
"""Words and acronyms alike: words among other words in capitals, otherwise as their neighbours say."""
_LETTER_ONLY = frozenset("CO DC MC MD MS PC PM PR TV UK UN EU TB PE OT SS QC".split())
_DETERMINERS = frozenset("the a an her his my your our their this that every some any no these those".split())
_NOUNS_AFTER = {
    "US": r"(?i:senat|congress|president|govern|army|navy|air|marine|troop|soldier|dollar|citizen|econom|embass|"
    r"feder|supreme|state|"
    r"milit|forces|attorney|marshal|court|treasur|constit|flag|mail|mint|policy|border|market|open|bank|census|"
    r"visa|passport|secret|house)",
    "IT": r"(?i:department|guy|support|staff|manager|team|skills|sector|industry|consult|system|people|girl|man|"
    r"job|help|expert|specialist|"
    r"infrastructure|company|firm|director|office|room|budget|security|professional)",
    "WHO": r"(?i:said|says|declared|report|estimat|warn|official|recommend|announce|director|guidelin|has|was|is|"
    r"team|figures)",
    "AM": r"(?i:radio|frequen|station|band|dial)",
    "ER": r"(?i:doc|nurse|staff|room|visit|waiting|bay|team|physician|entrance)",
    "ID": r"(?i:card|badge|number|tag|papers)",
}
_BEFORE_IT = frozenset(
    "an our your his her my their call ask phone email ring contact calling asked called emailed".split()
)
_WORK_IN = (
    r"(?i:\b(?:work\w*|job|jobs|career|degree|is|was|are|were|been|years|experience|someone|somebody|guy|man|"
    r"woman|friend|people|team|started|"
    r"retrained)\sin\s)$"
)
_SHORT_WORDS = frozenset(
    "AH AM AN AS AT BE BY DO EH GO HA HE HI HO IF IN IS IT ME MR MS MY NO OF OH ON OR OW OX SO ST TO UM UP US WE YE "
    "YO DR JR".split()
)
"""Words of two letters that are said loudly; other letters in capitals are an acronym."""
_ROMAN_LIKE = frozenset("I II III IV V VI VII VIII IX X".split())
_CAPITAL_WORD = regex.compile(r"(?<![\p{L}\p{N}])\p{Lu}+(?:['’]\p{Lu}+)*(?![\p{L}\p{N}])")
_WORD = regex.compile(r"[\p{L}\p{N}]+(?:['’]\p{L}+)*")


def _in_capitals(match: Match, context: Context) -> str | None:
    word = match[0]
    letters = word.replace("’", "'")
    if len(letters) == 1:
        return _single(match, context)
    if match.string[match.end() : match.end() + 2] and regex.match(r"\.\p{Lu}", match.string[match.end() :]):
        return None
    run = _is_in_run(match)
    if len(letters) == 2 and letters not in _SHORT_WORDS and not run:
        return None if letters not in _AMBIGUOUS else _ambiguous(match, letters, context)
    if letters in _ACRONYMS or letters in _AMBIGUOUS:
        if not run or letters not in _AMBIGUOUS:
            if letters not in _AMBIGUOUS:
                return None
            return _ambiguous(match, letters, context)
        return _cased(match, letters.lower())
    if letters in ("OK", "O'K"):
        return None
    lower = letters.lower()
    if lower in ("mr", "mrs", "ms", "dr", "st", "jr"):
        return lower.capitalize()
    if is_word(lower) or (is_word(lower.replace("'", "")) and "'" in lower):
        return _cased(match, lower)
    if lower.endswith("'s") and (is_word(lower[:-2]) or is_word(lower[:-2].capitalize())):
        return _cased(match, lower if is_word(lower[:-2]) else lower.capitalize())
    if is_word(lower.capitalize()):
        return lower.capitalize()
    if _looks_spoken(lower) and (run or len(letters) > 4):
        return _name(lower)
    return None


def _single(match: Match, context: Context) -> str | None:
    """A lone A among words in capitals; I, O and initials stay."""
    return _cased(match, "a") if match[0] == "A" and _is_in_run(match) and not follows(match, r"\.") else None


def _ambiguous(match: Match, letters: str, context: Context) -> str | None:
    before = word_before(match)
    noun = _NOUNS_AFTER.get(letters)
    spelled = _SPELLED_WORDS.get(letters)
    if noun and follows(match, rf"\s{noun}"):
        return spelled
    if letters == "US":
        return (
            "us"
            if before.lower() in ("of", "for", "with", "let", "to", "between", "about", "told", "tell", "like", "than")
            and not follows(match, r"\s\p{Lu}")
            else spelled
        )
    if letters in ("AM",):
        return None if regex.search(r"\d\s?$", preceding(match)) else "am"
    if letters in ("IT", "WHO"):
        if before.lower() == "the" or _has_company(match):
            return spelled
        if letters == "IT" and (before.lower() in _BEFORE_IT or regex.search(_WORK_IN, preceding(match))):
            return spelled
        return _cased(match, letters.lower())
    if letters in ("MA", "BA", "PA", "GI", "ER", "OR", "PO", "MS", "BS", "MO", "CO", "PE", "LP", "DA", "RA", "TA"):
        if before.lower() in _DETERMINERS or regex.search(r"[,;]\s$", preceding(match)) or letters in _LETTER_ONLY:
            return ".".join(letters) + "."
        return _cased(match, letters.lower())
    if letters in ("ID", "LA", "LAX", "VAT", "LED", "AIDS", "RAM", "SAT", "SWAT", "PIN", "POW", "REM", "RIP"):
        return (
            spelled
            if letters in ("ID", "LAX") or (letters == "LA" and before.lower() in ("in", "to", "from", "of"))
            else None
        )
    return _cased(match, letters.lower())


def _has_company(match: Match) -> bool:
    """Whether the sentence has another acronym, and no other word in capitals."""
    others = [
        each[0] for each in _CAPITAL_WORD.finditer(match.string) if each.span() != match.span() and len(each[0]) > 1
    ]
    return any(each in _ACRONYMS - _AMBIGUOUS for each in others) and not any(map(_is_shouted, others))


def _is_in_run(match: Match) -> bool:
    """Whether a neighbour is another word in capitals, rather than an acronym or a numeral."""
    text = match.string
    before = [found[0] for found in _WORD.finditer(text[: match.start()])][-2:]
    after = [found[0] for found in _WORD.finditer(text[match.end() : match.end() + 60])][:2]
    near = [*before, *after]
    return any(_is_shouted(word) for word in near) or (
        bool(near) and all(word.isupper() and word.isalpha() for word in near) and len(match[0]) > 1 and len(near) > 1
    )


def _is_shouted(word: str) -> bool:
    letters = word.replace("’", "'")
    if len(letters) < 2 or not letters.isupper() or letters in _ACRONYMS or letters in _ROMAN_LIKE:
        return False
    return (
        letters in _AMBIGUOUS
        or is_word(letters.lower())
        or is_word(letters.capitalize())
        or (_looks_spoken(letters.lower()) and len(letters) > 4)
    )


def _looks_spoken(lower: str) -> bool:
    """Whether an unknown word has a vowel and no cluster that nobody could say."""
    return (
        regex.search(r"[aeiouy]", lower) is not None
        and len(lower) > 2
        and not regex.search(r"[bcdfghjklmnpqrstvwxz]{5}|^[bcdfghjklmnpqrstvwxz]{4}|[bcdfgjkmpqvwxz]{4}$", lower)
    )


def _cased(match: Match, lower: str) -> str:
    """With a capital where a sentence begins, and for I."""
    if regex.match(r"i(?:$|')", lower):
        return lower.capitalize()
    before = preceding(match).rstrip(" \"'“‘«(*_—–-")
    starts = not before or before[-1] in ".!?…"
    return lower.capitalize() if starts else lower


def _name(lower: str) -> str:
    found = regex.match(r"(o'|mc|mac(?=[^aeiouhk]))(.{3,})", lower)
    if found and found[1] != "mac":
        return found[1].capitalize() + found[2].capitalize()
    return lower.capitalize()


FAMILY = Family(
    regex.compile(r"\p{Lu}{2}|\p{Lu}['’]\p{Lu}"),
    [
        Rule(
            WordClass.CAPITALS,
            pattern(
                r"(?<![\p{L}\p{M}\p{N}.@&]|\p{L}['’]|(?<!\p{L}\p{L})/)\p{Lu}+(?:['’]\p{Lu}+)*(?![\p{L}\p{M}\p{N}&]|['’]\p{L}\p{L})"
            ),
            _in_capitals,
        ),
    ],
)
