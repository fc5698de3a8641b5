"""mayabook voices: the voices there are, for Maya1 and for the narrator."""

import json

from rich.console import Console
from rich.table import Table

from mayabook.cli import options


def voices(as_json: options.Json = False) -> None:
    """List the voices that --voice takes: Maya1's presets and the narrator's own.

    Maya1 also takes a description in your own words, --voice "An old man with a Welsh accent, slow and kind.".
    """
    from hibari.voices import VOICES

    from mayabook.maya import voices as presets

    rows = [("maya1", voice.name, voice.genre, voice.description) for voice in presets.voices().values()]
    rows += [("narrator", name, "any", _described(facts)) for name, facts in VOICES.items()]
    if as_json:
        for row in rows:
            print(json.dumps(dict(zip(("engine", "name", "genre", "description"), row, strict=True))))
        return
    table = Table("engine", "name", "genre", "description", box=None, pad_edge=False)
    for row in rows:
        table.add_row(*row)
    console = Console()
    console.print(table, highlight=False)
    console.print("Maya1 also takes a description in your own words: --voice 'An old man ...'.", highlight=False)


def _described(facts: dict[str, object]) -> str:
    place = "comes with MayaBook" if facts.get("bundled") else "is downloaded when first used"
    return f"{str(facts['gender']).capitalize()}, {facts['accent']} accent; {place}."
