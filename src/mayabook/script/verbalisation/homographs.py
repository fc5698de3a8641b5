"""Homographs: words with two pronunciations, where the words beside them tell which.

A voice chooses by part of speech, which tells "I read" from "I will read" but not the metal from the leash. Only the
way that voices miss is written here, as a word that sounds the same, or in IPA where there is none.
"""

from dataclasses import dataclass

import regex

from mayabook.core.ipa import with_ipa
from mayabook.core.spoken_form import WordClass
from mayabook.script.verbalisation.rules import Family, Rule, Say

_DETERMINERS = "a|an|the|this|that|his|her|its|my|your|our|their|some|any|no|every|each|another"
_BE = r"am|is|are|was|were|be|been|being|[’']m|[’']re|n[’']t|wasn[’']t|isn[’']t|aren[’']t|weren[’']t"
_WAY = (
    "up|down|round|around|about|through|between|among|amongst|along|across|past|back|upwards?|downwards?|away|off|"
    "over|on|out|in and out|into|towards?|beneath|under|inland|(?:its|their|his|her|my|our) way"
)
_ROADS = (
    "roads?|paths?|pathways?|lanes?|tracks?|trails?|streets?|rivers?|streams?|brooks?|stairs?|steps|staircases?|"
    "valleys?|canyons?|passages?|corridors?|alleys?|procession|column|creek|highway|driveway|tunnels?"
)
_SHIP = (
    "boats?|ships?|canoe|schooner|vessel|yacht|barge|punt|dinghy|raft|galley|brig|launch|skiff|gunwale|oars?|oarsm[ae]n|"
    "rowers?|stern|deck|mast|sails?|anchor|spray|waves?|seas?|water|captain|cannon|torpedo|harpoon|submarine|tiller|"
    "helm|wheelhouse|steersman|sailors?|aft|astern"
)
_CLOSABLE = (
    "doors?|gates?|lids?|hatch|shutters?|windows?|trap|jaws?|mouth|curtains?|fingers|book|lips|eyes|eyelids|circle|"
    "elevator|lift|shops?|stores?|banks?|schools?|pubs?|bars?|markets?|restaurants?|offices?|petals|mines?|factory|"
    "factories|theatres?|theaters?|roads?|drawer|wound|ranks|library|museum|cafés?|cell"
)
_LEAD_THINGS = (
    "pipes?|piping|weights?|roofs?|mines?|miners?|shot|bullets?|paint|poisoning|pencils?|coffins?|lined|ore|sheeting|"
    "soldiers?|glass|acetate|sinkers?|balls?|bars?|seals?|azide|oxide|sulphate|sulphide|foil|ingots?|content|levels|"
    "plates?|statues?|cisterns?|tanks?|gutters?|type|crystal|apron|plummet|slingshots?"
)
_METALS = "gold|silver|copper|tin|iron|zinc|brass|bronze|steel|mercury|quicksilver|arsenic|cadmium|sulphur|sulfur|tar"
_MINUTE_THINGS = (
    "details?|descriptions?|examinations?|inspections?|particles?|quantit(?:y|ies)|grains?|specks?|fragments?|amounts?|"
    "attention|care|observations?|inquiry|inquiries|enquir(?:y|ies)|investigations?|scrutiny|differences?|changes?|"
    "cracks?|creatures?|animals?|organisms?|insects?|study|knowledge|scale|portions?|traces?|holes?|drops?|droplets|"
    "proportions?|pieces?|handwriting|writing|analysis|circumstances?|accuracy|precision|exactness|fractions?|crystals?|"
    "cells?|adjustments?|variations?|shades?|scratch(?:es)?|fissures?|dose|doses|points?|parts?|questions|"
    "instructions|directions|accounts?|reports?|survey|search|records?"
)
_AGED = (
    "m[ae]n|wom[ae]n|people|person|persons|father|mother|parents?|grandfather|grandmother|uncle|aunt|couple|servants?|"
    "gentlem[ae]n|lady|ladies|face|hands?|pair|relatives?|widow|king|queen|priest|monk|butler|emperor|bishop|horse|"
    "dog|trees?|oaks?|relation|clergyman|crone|poor|hermit|nurse|retainer|spinster|peasant|beggar|philosopher|and|heads?"
)
_SCHOLARS = (
    "m[ae]n|professors?|doctors?|judges?|friends?|counsel|gentlem[ae]n|scholars?|societ(?:y|ies)|treatises?|languages?|"
    "books?|works?|lady|ladies|discourse|discussions?|essays?|authors?|brothers?|body|divines?|clerk|monks?|papers?|"
    "world|professions?|people|persons?|disputes?|arguments?|writers?|rabbis?|bishops?|journals?|colleagues?|"
    "conversation|article|comment(?:ary|aries)|footnotes?|notes?|tomes?|priests?|editors?|Latin|and|fellows?|disquisition|"
    "lawyers?|physicians?|historians?|teacher|folk|circles|quotations?|volumes?|pundits?|doctor[’']s|professor[’']s"
)
_BLESSED = (
    "Virgin|Lord|saints?|Mary|name|Sacrament|saviou?r|Redeemer|Trinity|mother|memory|thing|words?|hour|"
    "moment|relief|sleep|rest|peace|day|night|souls?|minute|one|penny|man|quiet|silence|release|state|land|isles?|"
    "assurance|hope|spirits?|angels?|sunshine|sight|sun|bread|oil|shade|country|morning|time|spot|certainty|Damozel|child"
)
_QUARREL = (
    "terrible|frightful|fearful|dreadful|awful|blazing|flaming|furious|violent|bitter|almighty|unholy|tremendous|"
    "infernal|stand-up|family|domestic|drunken|noisy|diplomatic|political|public|fierce|angry|heated|horrible|"
    "ghastly|deuce of a|devil of a|hell of a|no end of a|jolly"
)
_BOWS = (
    "low|stiff|deep|slight|formal|courtly|profound|ceremonious|polite|sweeping|mocking|graceful|curt|grave|elaborate|"
    "respectful|solemn|gallant|stately|ironical|ironic|exaggerated|obsequious|awkward|cold|distant|humble|"
    "theatrical|dignified|military|jerky|old-fashioned|perfunctory|haughty|clumsy|half"
)
_TORN = (
    r"dress|coat|sleeve|shirt|sail|skirt|cloth|curtains?|fabric|gown|paper|page|canvas|jacket|trousers|jeans|stockings?|"
    r"veil|tent|net|tights|knee|seat|sheet|lining|uniform|screen|hem|cloak|shawl|glove|pocket|hull|membrane|muscle|skin"
)


@dataclass(frozen=True, slots=True)
class _Homograph:
    """One pronunciation of a word, and where it is meant: between `before` and `after`, expressions that touch a space
    or mark beside it, in any case; each stands by itself."""

    word: str
    said: str
    before: str = ""
    after: str = ""

    def rule(self) -> Rule:
        # Every other part is looked at only where the word is.
        beside = []
        if self.before:
            beside.append(rf"(?<=(?i:{self.before})\s{self.word})")
        if self.after:
            beside.append(rf"(?=(?i:{self.after}))")
        return Rule(
            WordClass.HOMOGRAPHS,
            regex.compile(rf"(?<![\w’'-]){self.word}\b(?:{'|'.join(beside)})"),
            _as(self.said),
        )


def _as(said: str) -> Say:
    return lambda match, context: said


_HOMOGRAPHS = (
    _Homograph(
        "lead",
        "led",
        before=(
            r"\b(?:molten|melted|sheet|pig|poured)|(?<!\b(?:a|the|his|her)\s)\b(?:solid|white|red|black)|"
            r"\b(?:made|pipes?|weights?|full|bullets?|pounds?|lumps?|pieces?|sheets?|strips?|ounces?|tons?|mines?|"
            r"box|coffin|bars?|balls?|colou?r|slabs?|ingots?|blocks?|seals?|cast|stripped|taste|traces|grams?|kilos?)\sof|"
            r"\b(?:heavy|heavily|dull|gr[ea]y|cold|weighed|sank|sink|sinks)\s(?:as|like)|"
            r"\b(?:covered|lined|sealed|roofed|weighted|weighted down|loaded|filled|coated|tipped|leaded|mixed|"
            rf"poisoned|plugged)\s(?:with|in|by)|\b(?:{_METALS}),?\s(?:and|or)|\b(?:{_METALS}),|"
            r"\b(?:strip|stripped|stripping|melt|melted|melting)\sthe"
        ),
        after=(
            rf"(?:-|\s)(?:{_LEAD_THINGS})\b|,?\s(?:and|or)\s(?:{_METALS})\b|,\s(?:{_METALS})\b|"
            r"(?<=\blike\slead)[.,;!?]|\sin\s(?:his|her|my|their|your)\s(?:veins|legs|boots|shoes|limbs|heart|stomach)\b|"
            r"\sfrom\s(?:the|their|its)\s(?:roofs?|church|windows|pipes)\b"
        ),
    ),
    _Homograph(
        "tear",
        "tare",
        before=r"\bwear and",
        after=(
            r"(?<=\b(?:a|the|one|another|long|great|small|big|ragged|jagged|little|new|bad|huge)\stear)\s(?:in|down|along)\s"
            rf"(?:the|her|his|my|its|their|your|one\sof)\s(?:\w+\s)?(?:{_TORN})\b"
        ),
    ),
    _Homograph(
        "bow",
        "bough",
        before=(
            rf"\b(?:{_BOWS})(?<!\bin\sa\s\w+)|\b(?:took|take|takes|taking)\sa|"
            r"\b(?:made|make|makes|making)\s(?:(?:him|her|them|me|us|you)\sa|his|her|my)(?:\s\w+)?|"
            r"\b(?:acknowledg\w+|return\w*|answer\w*)\s(?:\w+\s){0,5}(?:a|his|her)(?:\s\w+)?|"
            rf"\b(?:over|across|off|at|on|from|under|to|towards?|against|round|around|past)\s(?:the|our|her|his|their)"
            rf"(?:\s(?:port|starboard|weather|lee|larboard|high))?(?<=\b(?:{_SHIP})\b.{{0,200}})|"
            r"\bin\sthe|\bforward\sto\sthe"
        ),
        after=(
            rf"\sof\s(?:the|his|her|our|their|a)\s(?:\w+\s)?(?:{_SHIP})\b|\s(?:to|and)\sstern\b|\s(?:wave|thruster|gun|oar)\b|"
            rf"(?<=\b(?:over|across|off|at|on|from|under|to|against|round|past|lifted|raised)\s(?:the|our)\sbow)\b.{{0,200}}\b(?:{_SHIP})\b"
        ),
    ),
    _Homograph(
        "bows",
        with_ipa("bows", "ˈbaʊz"),
        before=rf"\b(?:{_BOWS})|\bma(?:de|ke|king)\stheir|\bexchang\w+(?:\s\w+)?|\bin\sthe|\b(?:under|across|over|off)\s(?:the|our|her)",
        after=rf"\sof\s(?:the|a|our|her|his|their)\s(?:\w+\s)?(?:{_SHIP})\b|\sand\s(?:smiles|curtseys|curtsies|scrapes|nods)\b",
    ),
    _Homograph(
        "bowed",
        with_ipa("bowed", "ˈbaʊd"),
        after=r"(?<!\b(?:legs?|knees)\s(?:(?:were|was|are|is|a\slittle|slightly|badly|so)\s)*bowed)(?!\s(?:legs?|strings?|instruments?|windows?|outwards?))",
    ),
    _Homograph(
        "close",
        with_ipa("close", "ˈkloʊz"),
        before=(
            rf"\b(?:{_CLOSABLE})(?:\s(?:did\snot|didn[’']t|would|will|must|may|should|always|never|all))?"
            r"(?!\sclose\s(?:to|by|together|enough|at\shand|upon|friends|beside|against|on)\b)|"
            r"\b(?:watch|watched|saw|see|heard|hear|felt|feel|made|make|let|help|helped)\s"
            r"(?:her|him|them|me|us|it)(?=\sclose\s(?:the|his|her|my|their|its|your|our)\b)"
        ),
        after=r"\s(?:in\son|ranks|shop|the\s(?:door|window|gate|book|lid|shutters|curtains|deal|account|case|distance|gap)s?)\b",
    ),
    _Homograph(
        "minute",
        with_ipa("minute", "maɪˈnuːt"),
        before=(
            r"\b(?:so|very|most|more|too|extremely|exceedingly|infinitely|excessively|equally|incredibly|almost|these|"
            r"those|such|how|many)"
        ),
        after=(
            rf"(?<!\b(?:\d+|one|two|three|four|five|ten|fifteen|twenty|thirty|forty|sixty|half|last|next)[\s-]minute)"
            rf"(?:\s(?:{_MINUTE_THINGS})\b|,\s(?:detailed|careful|almost|invisible|scarcely|delicate|exact)\b|\sand\s(?:detailed|careful|exact|"
            r"accurate|delicate|particular|circumstantial|searching|laborious|invisible)\b)|"
            rf"(?<=\b(?:is|are|was|were|be|seems?|seemed|being)\sminute)[.,;!?]"
        ),
    ),
    _Homograph(
        "wound",
        with_ipa("wound", "ˈwaʊnd"),
        before=rf"\b(?:{_BE}|has|have|had|(?:has|have|had|was|were)\snot|tightly|loosely|neatly)",
        after=(
            rf"(?<!\b(?:{_DETERMINERS}|to|will|would|can|could|may|might|did|not|old|new|deep|open|flesh|bullet|knife|sword|"
            rf"head|chest|stab|gunshot|shot|gaping|fresh|slight|ugly|bad|mortal|fatal|bleeding|raw|small|great|terrible|clean|"
            rf"jagged|healing|leg|shoulder|arm|thigh|side|of|from|with|by|in)\swound)"
            rf"\s(?:{_WAY})\b|\s(?:the|his|her|my)\s(?:clock|watch|wool|yarn|scarf|string|rope|thread|bandage|handle|window|gramophone)\b"
        ),
    ),
    _Homograph(
        "wind",
        "wined",
        before=(
            rf"\b(?:\w+s(?<=\b(?:{_ROADS}))(?:\s(?:that|which))?|(?:watch|watched|saw|see)\s(?:the|a)\s(?:{_ROADS}))"
            rf"(?=\swind\s(?:{_WAY})\b)"
        ),
        after=r"\s(?:up\sthe\s(?:clock|watch|meeting|business|window|gramophone|affair|company|estate))\b",
    ),
    _Homograph(
        "winds", with_ipa("winds", "ˈwaɪndz"), before=rf"\b(?:{_ROADS})(?:\s(?:that|which))?(?=\swinds\s(?:{_WAY})\b)"
    ),
    _Homograph(
        "row",
        with_ipa("row", "ˈraʊ"),
        before=(
            rf"\b(?:{_QUARREL})(?!\srow\sof\b)|"
            r"\b(?:what|such|kick(?:ed|ing|s)?\sup|ma(?:de|ke|king|kes)|rais(?:ed?|ing)|start(?:ed)?)\s(?:such\s)?a(?!\srow\s(?:of|in)\b)"
        ),
        after=(
            r"(?<=\b(?:a|the|this|that|first|last|another|our|their|big|great|little|public)\srow)(?<!\bin\sa\srow)"
            r"(?:\s(?:about|over)\b|\s(?:with|between)\s(?:him|her|them|me|us|you|(?:his|her|my|your|our|their)\s\w+)\b|"
            r"\s(?:going\son|broke\sout|blew\sup|last\snight|in\sthe\s(?:street|house|kitchen|next\sroom|bar|pub))\b)"
        ),
    ),
    _Homograph(
        "rows",
        with_ipa("rows", "ˈraʊz"),
        before=rf"\b(?:{_QUARREL})(?!\srows\sof\b)",
        after=r"\s(?:about\smoney|over\smoney)\b",
    ),
    _Homograph(
        "object",
        with_ipa("object", "əbˈdʒɛkt"),
        before=(
            r"\b(?:I|you|we|they|who|would|will|should|could|may|might|must|can|cannot|do|did|not|never|\w+n[’']t|[’']ll|[’']d)"
            r"(?:\s(?:strongly|strenuously|seriously|rather|even|really|still|always|also|only))?(?!\sobject\s(?:of|lessons?)\b)"
        ),
        after=r"(?<=\bto\sobject)(?:[.,;!?]|\s(?:to|that|if|when|on)\b)",
    ),
    _Homograph(
        "objects",
        with_ipa("objects", "əbˈdʒɛkts"),
        before=r"\b(?:he|she|it|one|who|nobody|no\sone|anyone|anybody|somebody|everyone)(?!\sobjects\sof\b)",
    ),
    _Homograph(
        "content",
        with_ipa("content", "kənˈtɛnt"),
        before=(
            rf"\b(?:{_BE}|felt|feel|seem|seems|seemed|looked|looks|not|quite|well|perfectly|so|fully|rest|rested|remain|remained|heart[’']s|"
            r"sat|lay|but|never|very|lived|live|die|died|almost|entirely|wholly|grew|became|neither|nor)"
        ),
        after=(
            r"(?<!\b(?:the|its|this|that|their|his|her|my|your|our|of|fat|water|sugar|salt|alcohol|web|new)\scontent)"
            r"\s(?:with|to)\b|\s(?:(?:my|your|him|her|it|our|them)sel(?:f|ves))\b"
        ),
    ),
    _Homograph(
        "bass",
        "base",
        before=(
            r"\b(?:double|deep|sang|sing|sings|singing|rich|booming|thundering|fine|figured|ground|electric|upright|string|"
            r"rumbling|hoarse|growling|low|profound|gruff|husky|resonant|sonorous|mellow|(?:play|played|plays|playing)(?:\s(?:the|a|his|her))?|"
            r"(?:tenor|treble|soprano|alto|drums?|guitar|baritone|piano)(?:,|\s(?:and|or))|\bin\s(?:a|his)|on|into\sa)(?!\sbass\s(?:fish|boat|lake))"
        ),
        after=(
            r"\s(?:drums?|drummer|guitars?|guitarist|voices?|clef|lines?|players?|viol|notes?|parts?|singers?|solo|fiddle|strings?|"
            r"clarinet|horn|pipes?|tones?|tubas?|boomed|thumped|throbbed|rumbled|pounded|trombone|recorder|arias?|rumble|beat)\b|"
            r"\sand\s(?:drums|treble|baritone|tenor|soprano|guitar|keyboards)\b"
        ),
    ),
    _Homograph(
        "used",
        with_ipa("used", "ˈjuːst"),
        before=(
            r"\b(?:got|get|gets|getting|grown|grew|grow|growing|become|became|becoming|quite|so|well|more|less|too|long|soon|never|"
            rf"{_BE})(?=\sused\sto\s(?:the|a|an|it|this|that|these|those|such|being|having|him|her|his|my|your|our|their|its|them|me|us|you|"
            r"\w+ing|hard|cold|people|company|pain|life)\b)"
        ),
        after=r"(?<=\b(?:got|get|getting|become|became|grown|grew|growing)\sused)\sto\b",
    ),
    _Homograph(
        "learned",
        with_ipa("learned", "ˈlɜːnɪd"),
        before=r"\b(?:most|very|deeply|profoundly)(?=\slearned(?:[.,;!?]|\s(?:and|in|of|m[ae]n)\b))",
        after=rf"(?<=\b(?:{_DETERMINERS}|these|those|many|two|three|such|and|or|by|of|with|among|between|most|very|O|certain)\slearned)\s(?:{_SCHOLARS})\b",
    ),
    _Homograph(
        "blessed",
        with_ipa("blessed", "ˈblɛsɪd"),
        after=rf"(?<=\b(?:{_DETERMINERS}|most|O|of|whole|and|those|these|one|ever|all)\sblessed)\s(?:{_BLESSED})\b",
    ),
    _Homograph(
        "Blessed",
        with_ipa("Blessed", "ˈblɛsɪd"),
        after=r"\s(?:are|is|be|art|Virgin|Sacrament|Mary|Trinity|Lord|Mother)\b",
    ),
    _Homograph(
        "aged",
        with_ipa("aged", "ˈeɪdʒɪd"),
        after=rf"(?<=\b(?:{_DETERMINERS}|two|three|these|those|some|many|poor|and|by|of)\saged)(?:\s(?:{_AGED})\b|[.,;](?<=\bthe\saged.))",
    ),
    _Homograph(
        "invalid",
        with_ipa("invalid", "ˈɪnvəlɪd"),
        before=r"\b(?:old|poor|chronic|hopeless|confirmed|helpless|permanent|wealthy|imaginary|bedridden|querulous|fretful|semi)",
        after=(
            r"(?<=\b(?:an|the|her|his|our|my|their|this|that|your|an?\s\w+)\sinvalid)(?:[.,;:!?]|\s(?:and|who|was|had|lay|sat|in|for|with|at|from|on|"
            r"himself|herself|wife|husband|mother|father|sister|brother|aunt|uncle|daughter|son|child|lady|gentleman|soldier|chair|"
            r"carriage|diet|couch|looked|smiled|said|asked|could|would|is|has|to)\b)"
        ),
    ),
    _Homograph("deserts", "desserts", before=r"\b(?:just|own|according\sto\s(?:his|her|their|our))"),
    _Homograph(
        "read",
        "red",
        before=(
            r"\b(?:sign|letter|note|telegram|message|inscription|label|notice|card|plaque|headlines?|words|banner|poster|placard|"
            r"plate|caption|tombstone|text|entry|document|it|one|gate|door|page|epitaph|motto|title|receipt|signs|letters)"
            r"(?=\sread(?::|,?\s[“\"‘]|\sas\sfollows|\sonly|\ssimply|\sin\spart))"
        ),
    ),
    _Homograph(
        "Polish",
        with_ipa("Polish", "ˈpɑːlɪʃ"),
        after=r"(?<=^[“\"‘']?Polish)\s(?:the|your|his|her|it|them|that|my|up|until|with)\b",
    ),
    _Homograph(
        "Job",
        with_ipa("Job", "ˈdʒoʊb"),
        before=r"\b(?:book|patience|trials|sufferings|story)\sof|\b(?:patient|poor)\sas",
        after=r"\s\d|[’']s\scomforter",
    ),
)
FAMILY = Family(
    regex.compile(rf"\b(?:{'|'.join(each.word for each in _HOMOGRAPHS)})\b"),
    [each.rule() for each in _HOMOGRAPHS],
)
