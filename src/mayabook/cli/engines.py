"""mayabook engines: installs, lists and removes the environments of engines and tools."""

import json
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from mayabook.cli import options
from mayabook.cli.exit_codes import stoppable
from mayabook.core.byte_size import format_bytes
from mayabook.core.errors import ToolEnvironmentError
from mayabook.core.tool_environments import State, ToolEnvironment, tool_environment, tool_environments

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Install, list and remove the environments of engines and tools.\n\nvLLM and llmcompressor need other "
    "versions of packages than MayaBook, so each gets a virtual environment. These are in the folder that the "
    "environment variable MAYABOOK_ENVIRONMENTS names, else in mayabook/environments in the user's data folder.",
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="A name from `mayabook engines list`.", show_default=False)]


@app.command("list")
def list_(as_json: options.Json = False) -> None:
    """List the environments, installed or not."""
    environments = tool_environments()
    if as_json:
        for environment in environments:
            print(json.dumps(_facts(environment), ensure_ascii=False))
        return
    table = Table("environment", "for", "requirements", "size", "state", box=None)
    for environment in environments:
        table.add_row(
            environment.name,
            environment.purpose,
            "\n".join(environment.requirements),
            format_bytes(environment.installed_bytes or environment.disk_bytes),
            environment.state,
        )
    Console().print(table, highlight=False, markup=False)
    for environment in environments:
        if environment.state is State.OTHER_PINS:
            print(f"\n{environment.name} is {environment.missing_reason}")


@app.command()
def install(name: Name) -> None:
    """Make an environment.

    Prints first what is downloaded and how much space it takes. An environment is made anew if its installation was
    interrupted, or if this MayaBook needs other packages. pip uses the index and proxy that it is configured for.
    """
    with stoppable("Stopped. Run the same command again: the installation starts anew."):
        tool_environment(name).install(print)


@app.command()
def remove(name: Name, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False) -> None:
    """Delete an environment."""
    environment = tool_environment(name)
    if not yes and environment.folder.exists():
        if not sys.stdin.isatty():
            raise ToolEnvironmentError(f"There is no terminal to confirm on; to delete {name}, add --yes.")
        typer.confirm(f"Delete {environment.folder}?", abort=True)
    environment.remove()
    print(f"Deleted {environment.folder}")


def _facts(environment: ToolEnvironment) -> dict[str, object]:
    return {
        "name": environment.name,
        "for": environment.purpose,
        "requirements": list(environment.requirements),
        "folder": str(environment.folder),
        "state": environment.state,
        "ready": environment.state is State.READY,
        "bytes": environment.installed_bytes or environment.disk_bytes,
    }
