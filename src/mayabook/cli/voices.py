"""mayabook voices: the voices of all engines."""

import json

from rich.console import Console
from rich.table import Table

from mayabook.cli import options


def voices(as_json: options.Json = False) -> None:
    """List the voices for --voice.

    Maya1 also takes a description in your own words, --voice "An old man with a Welsh accent, slow and kind.".
    """
    from mayabook.engines import registry

    rows = [(voice.model, voice.name, voice.genre, voice.description) for voice in registry.voices()]
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
