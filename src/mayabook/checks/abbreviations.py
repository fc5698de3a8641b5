"""Expansions of signs and abbreviations; a bar separates alternatives.

Titles and contractions come with whisper-normalizer; this is what it lacks.
"""

SIGNS = {
    "&": "and", "%": "percent", "+": "plus|and", "=": "equals", "@": "at", "°": "degrees|degree",
    "½": "half|a half|one half", "¼": "quarter|a quarter|one quarter", "¾": "three quarters",
    "ok": "okay", "vs": "versus", "etc": "et cetera", "mrs": "missus|missis", "ms": "miz", "messrs": "messieurs",
    "mme": "madame", "mlle": "mademoiselle", "&c": "et cetera",
}  # fmt: skip
"""Expanded everywhere."""

SHORT = {
    "no": "number", "nos": "numbers", "vol": "volume", "vols": "volumes", "ch": "chapter", "fig": "figure",
    "p": "page", "pp": "pages", "ed": "edition|editor", "cf": "compare", "ie": "that is", "eg": "for example",
    "viz": "namely", "v": "versus", "co": "company", "ltd": "limited", "inc": "incorporated", "corp": "corporation",
    "bros": "brothers", "dept": "department", "univ": "university", "govt": "government",
    "st": "street|saint", "ave": "avenue", "rd": "road", "blvd": "boulevard", "dr": "doctor|drive",
    "mt": "mount|mountain", "ft": "fort|feet|foot", "sgt": "sergeant", "cpl": "corporal", "maj": "major",
    "adm": "admiral", "cmdr": "commander", "supt": "superintendent", "fr": "father",
    "jan": "january", "feb": "february", "mar": "march", "apr": "april", "jun": "june", "jul": "july",
    "aug": "august", "sep": "september", "sept": "september", "oct": "october", "nov": "november",
    "dec": "december", "mon": "monday", "tues": "tuesday", "wed": "wednesday", "thurs": "thursday",
    "fri": "friday", "sat": "saturday", "sun": "sunday",
    "in": "inches|inch", "yd": "yard|yards", "yds": "yards", "mi": "miles|mile", "lb": "pounds|pound",
    "lbs": "pounds", "oz": "ounces|ounce", "km": "kilometers|kilometer", "m": "meters|meter",
    "cm": "centimeters|centimeter", "mm": "millimeters|millimeter", "kg": "kilograms|kilogram", "g": "grams|gram",
    "mph": "miles per hour", "min": "minutes|minute", "mins": "minutes", "sec": "seconds|second",
    "hr": "hours|hour", "hrs": "hours",
}  # fmt: skip
"""Expanded before a full stop or after a number."""
