"""The commands, gathered."""

import sys

import click
import typer
from typer.core import TyperGroup

from mayabook.cli import doctor, inspect, make, review
from mayabook.core.errors import MayaBookError


class Commands(TyperGroup):
    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except MayaBookError as error:
            print(f"mayabook: {error}", file=sys.stderr)
            ctx.exit(2)
        except KeyboardInterrupt:
            print("\nStopped. Nothing that was finished is lost: the same command goes on from there.", file=sys.stderr)
            ctx.exit(130)


app = typer.Typer(
    name="mayabook",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Turn an EPUB into an audiobook, and prove that every sentence was spoken once, as written.",
)
app.command("make")(make.make)
app.command("inspect")(inspect.inspect)
app.command("review")(review.review)
app.command("doctor")(doctor.doctor)
