"""mayabook voices: lists the voices of all engines and the fields of Maya1's, and saves the voice of a job."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from mayabook.cli import options

app = typer.Typer(invoke_without_command=True, add_completion=False, rich_markup_mode=None)


@app.callback()
def voices(context: typer.Context, as_json: options.Json = False) -> None:
    """List the voices for --voice, and the fields that describe others for Maya1.

    Fields change a voice: --voice "detective accent=british", or the default one: --voice "gender=male age=40s".
    Maya1 also takes a description in your own words.
    """
    if context.invoked_subcommand is not None:
        return
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
        "\nFor Maya1 you can describe a voice in fields: --voice 'gender=male age=40s accent=british'. Fields that you "
        "leave out are as in storyteller. Maya1 was trained on these values:\n",
        highlight=False,
    )
    fields = Table("field", "values", box=None, pad_edge=False)
    for field in voice_fields().values():
        fields.add_row(field.name, " ".join(field.values))
    console.print(fields, highlight=False)


@app.command()
def save(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the voice, for --voice.", show_default=False)],
    job: Annotated[
        Path, typer.Argument(metavar="JOB", help="The audiobook, or its .mayabook folder.", show_default=False)
    ],
    force: Annotated[bool, typer.Option("--force", help="Replace a saved voice of that name.")] = False,
) -> None:
    """Save the voice of a Maya1 audiobook, for the other books of a series.

    --voice NAME then reads with the same speaker. Saved voices are in the folder that the environment variable
    MAYABOOK_VOICES gives, else in mayabook/voices in the user's data folder.
    """
    from mayabook.maya import voices
    from mayabook.render import Job, voice_of_job

    print(f"Saved {voices.save(name, voice_of_job(Job.existing(job)), replace=force)}; read with it: --voice {name}")
