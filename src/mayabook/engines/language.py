"""Which scripts an engine that speaks English only can read."""

import unicodedata


def foreign_script(text: str, who: str) -> str | None:
    """Why an engine that reads English only cannot read a text; None where at least half of its letters are Latin.

    who: the engine, for the message.
    """
    letters = [char for char in text if char.isalpha()]
    foreign = [char for char in letters if not unicodedata.name(char, "LATIN").startswith("LATIN")]
    if len(foreign) * 2 <= len(letters):
        return None
    script = unicodedata.name(foreign[0]).split()[0].capitalize()
    return f"the text is in {script} script, and {who} reads English only"
