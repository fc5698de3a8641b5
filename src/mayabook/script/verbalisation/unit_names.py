"""The names of units: symbol -> name of one, name of several."""

import regex

from mayabook.script.verbalisation.rules import Context


def _metric(prefixes: str, symbol: str, name: str) -> dict[str, tuple[str, str]]:
    names = {
        "k": "kilo",
        "h": "hecto",
        "d": "deci",
        "c": "centi",
        "m": "milli",
        "µ": "micro",
        "μ": "micro",
        "n": "nano",
        "M": "mega",
        "G": "giga",
        "T": "tera",
    }
    return {f"{prefix}{symbol}": (f"{names[prefix]}{name}", f"{names[prefix]}{name}s") for prefix in prefixes}


SURE: dict[str, tuple[str, str]] = {
    **_metric("kcmµμnd", "m", "meter"),
    **_metric("kmµμ", "g", "gram"),
    **_metric("cmd", "l", "liter"),
    **_metric("cmd", "L", "liter"),
    **_metric("kMGT", "B", "byte"),
    **_metric("kMG", "W", "watt"),
    **_metric("km", "V", "volt"),
    **_metric("mµ", "A", "amp"),
    **_metric("k", "J", "joule"),
    **_metric("mµn", "s", "second"),
    "KB": ("kilobyte", "kilobytes"),
    "kHz": ("kilohertz", "kilohertz"),
    "MHz": ("megahertz", "megahertz"),
    "GHz": ("gigahertz", "gigahertz"),
    "Hz": ("hertz", "hertz"),
    "dB": ("decibel", "decibels"),
    "kPa": ("kilopascal", "kilopascals"),
    "hPa": ("hectopascal", "hectopascals"),
    "Pa": ("pascal", "pascals"),
    "psi": ("pound per square inch", "pounds per square inch"),
    "rpm": ("revolution per minute", "revolutions per minute"),
    "kWh": ("kilowatt hour", "kilowatt hours"),
    "mAh": ("milliamp hour", "milliamp hours"),
    "kcal": ("kilocalorie", "kilocalories"),
    "cal": ("calorie", "calories"),
    "hp": ("horsepower", "horsepower"),
    "lb": ("pound", "pounds"),
    "lbs": ("pound", "pounds"),
    "oz": ("ounce", "ounces"),
    "ft": ("foot", "feet"),
    "yd": ("yard", "yards"),
    "yds": ("yard", "yards"),
    "mi": ("mile", "miles"),
    "gal": ("gallon", "gallons"),
    "pt": ("pint", "pints"),
    "qt": ("quart", "quarts"),
    "qts": ("quart", "quarts"),
    "tbsp": ("tablespoon", "tablespoons"),
    "tsp": ("teaspoon", "teaspoons"),
    "cwt": ("hundredweight", "hundredweight"),
    "ha": ("hectare", "hectares"),
    "m.p.h": ("mile per hour", "miles per hour"),
    "k.p.h": ("kilometer per hour", "kilometers per hour"),
    "r.p.m": ("revolution per minute", "revolutions per minute"),
    "c.c": ("cubic centimeter", "cubic centimeters"),
    "h.p": ("horsepower", "horsepower"),
    "mph": ("mile per hour", "miles per hour"),
    "kph": ("kilometer per hour", "kilometers per hour"),
    "fps": ("frame per second", "frames per second"),
    "Mbps": ("megabit per second", "megabits per second"),
    "Gbps": ("gigabit per second", "gigabits per second"),
    "cc": ("cubic centimeter", "cubic centimeters"),
    "hr": ("hour", "hours"),
    "hrs": ("hour", "hours"),
    "min": ("minute", "minutes"),
    "mins": ("minute", "minutes"),
    "sec": ("second", "seconds"),
    "secs": ("second", "seconds"),
    "wk": ("week", "weeks"),
    "wks": ("week", "weeks"),
    "yr": ("year", "years"),
    "yrs": ("year", "years"),
    "mo": ("month", "months"),
    "mos": ("month", "months"),
    "mcg": ("microgram", "micrograms"),
    "px": ("pixel", "pixels"),
    "ppm": ("part per million", "parts per million"),
    "deg": ("degree", "degrees"),
    "sq": ("square", "square"),
    "sq ft": ("square foot", "square feet"),
    "sq. ft": ("square foot", "square feet"),
    "sq m": ("square meter", "square meters"),
    "sq. mi": ("square mile", "square miles"),
    "sq mi": ("square mile", "square miles"),
    "cu ft": ("cubic foot", "cubic feet"),
    "cu. ft": ("cubic foot", "cubic feet"),
    "cu. in": ("cubic inch", "cubic inches"),
    "sq. in": ("square inch", "square inches"),
    "sq. yd": ("square yard", "square yards"),
    "sq. km": ("square kilometer", "square kilometers"),
    "sq km": ("square kilometer", "square kilometers"),
    "fl oz": ("fluid ounce", "fluid ounces"),
    "fl. oz": ("fluid ounce", "fluid ounces"),
}
"""Units that are taken as such beside any number."""
ONLY_CLOSE: dict[str, tuple[str, str]] = {
    "m": ("meter", "meters"),
    "g": ("gram", "grams"),
    "l": ("liter", "liters"),
    "L": ("liter", "liters"),
    "W": ("watt", "watts"),
    "V": ("volt", "volts"),
    "h": ("hour", "hours"),
    "s": ("second", "seconds"),
    "J": ("joule", "joules"),
    "Ω": ("ohm", "ohms"),
    "in": ("inch", "inches"),
    "t": ("ton", "tons"),
}
"""Single letters and words, which are units only right after the number."""
POWERS = {"²": "square", "³": "cubic"}
PER = {
    "h": "hour", "hr": "hour", "s": "second", "sec": "second", "min": "minute", "day": "day", "l": "liter",
    "L": "liter", "kg": "kilogram", "m": "meter", "m²": "square meter", "m³": "cubic meter",
    "cm²": "square centimeter", "cm³": "cubic centimeter", "ml": "milliliter", "g": "gram", "s²": "second squared",
    "km": "kilometer", "yr": "year", "year": "year", "mile": "mile", "lb": "pound", "week": "week",
    "month": "month", "person": "person",
}  # fmt: skip
UNITS = SURE | ONLY_CLOSE
_BRITISH = (("meter", "metre"), ("liter", "litre"))


def in_english_of(name: str, context: Context) -> str:
    for american, british in _BRITISH if context.british else ():
        name = regex.sub(rf"{american}(s?)\b", rf"{british}\1", name)
    return name
