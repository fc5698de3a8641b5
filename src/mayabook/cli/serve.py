"""mayabook serve: the studio's server, without opening a browser."""

from pathlib import Path
from typing import Annotated

import typer

from mayabook.cli.studio import Folder, Host, Names, Port, run_server


def serve(
    folder: Folder = Path(),
    *,
    host: Host = "127.0.0.1",
    port: Port = 8384,
    name: Names = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="Print a log of every step to stderr.")] = False,
) -> None:
    """Serve the studio and its REST API without opening a browser.

    The printed address contains a token; programs send it as `Authorization: Bearer TOKEN`. The environment variable
    MAYABOOK_TOKEN sets the token, and MAYABOOK_PASSWORD the password, which is required on all interfaces other than
    the loopback interface.
    """
    run_server(folder, host, port, name or [], opens_browser=False, verbose=verbose)
