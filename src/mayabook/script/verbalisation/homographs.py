"""Homographs: words with two pronunciations, where the words beside them leave no doubt.

A voice chooses by part of speech, which tells "I read" from "I will read" but not the metal from the leash. Only the
rarer noun is respelt, as a word that sounds the same.
"""

import regex

from mayabook.core.spoken_form import WordClass
from mayabook.script.verbalisation.rules import Context, Family, Match, Rule, Say

_METAL = (
    r"\blead(?=(?:-|\s)(?:pipes?|piping|weights?|roofs?|mines?|shot|bullets?|paint|poisoning|pencils?|coffins?|lined|ore|"
    r"sheeting|soldiers?|glass|acetate|sinkers?)\b)|"
    r"(?<=\b(?:molten|melted|sheet|solid|pig)\s)lead\b|"
    r"(?<=\b(?:made|pipes?|weights?|full|bullets?|pounds?|lumps?|pieces?|sheets?|strips?|ounces?|tons?|mines?|"
    r"box|coffin|bars?|balls?)\sof\s)lead\b|"
    r"(?<=\b(?:heavy|heavily|dull|grey|gray|cold)\s(?:as|like)\s)lead\b|(?<=\blike\s)lead\b(?=[.,;!?])"
)
_RIP = (
    r"(?<=\b(?:a|the|one|another|long|great|small|big|ragged)\s)tear(?=\sin\s(?:the|her|his|my|its|their|one\sof)\s\w*"
    r"(?:dress|coat|sleeve|shirt|sail|skirt|cloth|curtain|fabric|gown|paper|page|canvas|jacket|trousers|jeans|stocking|veil)s?\b)"
)
_BEND = (
    r"(?<=\b(?:low|stiff|deep|slight|formal|courtly|profound|ceremonious|polite|sweeping|mocking|graceful|curt|grave|"
    r"elaborate|respectful|solemn|gallant|stately)\s)bow\b(?!\s(?:and\sarrows?|tie|string|window))|"
    r"(?<=\b(?:[Tt]ook|[Tt]ake|[Tt]akes|[Tt]aking)\sa\s)bow\b|"
    r"\bbow(?=\sof\s(?:the|his|her|our|their)\s(?:ship|boat|canoe|vessel|schooner|launch|yacht|barge|punt|dinghy|raft)\b)|"
    r"\bbow(?=\s(?:to|and)\sstern\b)"
)


def _as(word: str) -> Say:
    def said(match: Match, context: Context) -> str:
        return word

    return said


FAMILY = Family(
    regex.compile(r"\b(?:lead|tear|bow)\b"),
    [
        Rule(WordClass.HOMOGRAPHS, regex.compile(_METAL), _as("led")),
        Rule(WordClass.HOMOGRAPHS, regex.compile(_RIP), _as("tare")),
        Rule(WordClass.HOMOGRAPHS, regex.compile(_BEND), _as("bough")),
    ],
)
