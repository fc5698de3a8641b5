"""mayabook voices: the voices of all engines, and the fields that describe one for Maya1."""

import json

from rich.console import Console
from rich.table import Table

from mayabook.cli import options


def voices(as_json: options.Json = False) -> None:
    """List the voices for --voice, and the fields that describe others for Maya1.

    Fields change a voice: --voice "detective accent=british", or the default one: --voice "gender=male age=40s".
    Maya1 also takes a description in your own words.
    """
    from mayabook.engines import registry
    from mayabook.maya.voice_fields import voice_fields

    rows = [(voice.model, voice.name, voice.genre, voice.description) for voice in registry.voices()]
    if as_json:
        for row in rows:
            print(json.dumps(dict(zip(("engine", "name", "genre", "description"), row, strict=True))))
        for field in voice_fields().values():
            print(json.dumps({"engine": "maya1", "field": field.name, "values": field.values}))
        return
    table = Table("engine", "name", "genre", "description", box=None, pad_edge=False)
    for row in rows:
        table.add_row(*row)
    console = Console()
    console.print(table, highlight=False)
    console.print(
        "\nMaya1 takes any voice in fields: --voice 'gender=male age=40s accent=british'; those that you leave out are "
        "as in storyteller. These are the values that it was trained on:\n",
        highlight=False,
    )
    fields = Table("field", "values", box=None, pad_edge=False)
    for field in voice_fields().values():
        fields.add_row(field.name, " ".join(field.values))
    console.print(fields, highlight=False)
