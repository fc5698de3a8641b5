"""Which texts an engine that speaks English can be given."""

import unicodedata


def foreign_script(text: str, who: str) -> str | None:
    """Why `who`, an engine that reads English only, cannot read a text; None where most letters are Latin."""
    letters = [char for char in text if char.isalpha()]
    foreign = [char for char in letters if not unicodedata.name(char, "LATIN").startswith("LATIN")]
    if len(foreign) * 2 <= len(letters):
        return None
    script = unicodedata.name(foreign[0]).split()[0].capitalize()
    return f"the text is in {script} script, and {who} reads English only"
