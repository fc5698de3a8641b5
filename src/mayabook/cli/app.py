"""The commands, gathered."""

import typer

from mayabook.cli import doctor, inspect, lab, make, models, review, verify, voices

app = typer.Typer(
    name="mayabook",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Turn an EPUB into an audiobook, and prove that every sentence was spoken once, as written.",
)
app.command("make")(make.make)
app.command("inspect")(inspect.inspect)
app.command("review")(review.review)
app.command("verify")(verify.verify)
app.command("doctor")(doctor.doctor)
app.command("voices")(voices.voices)
app.add_typer(models.app, name="models")
app.add_typer(lab.app, name="lab")
