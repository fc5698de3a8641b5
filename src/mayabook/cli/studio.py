"""mayabook studio: starts the server of the studio and opens the browser."""

import os
import secrets
import socket
import sys
import webbrowser
from pathlib import Path
from threading import Timer
from typing import Annotated

import typer

from mayabook.cli import options
from mayabook.core.errors import SettingsError

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="The library: a folder of books.", show_default="here")]
Host = Annotated[
    str, typer.Option("--host", metavar="ADDRESS", help="Interface to listen on; 0.0.0.0 for all interfaces.")
]
Port = Annotated[int, typer.Option("--port", metavar="NUMBER", min=0, max=65535, help="Port; 0 for any free one.")]
Names = Annotated[
    list[str] | None,
    typer.Option("--name", metavar="NAME", help="Host name to answer to, such as that of a proxy. [repeatable]"),
]
TOKEN, PASSWORD = "MAYABOOK_TOKEN", "MAYABOOK_PASSWORD"
"""Environment variables."""


def studio(
    folder: Folder = Path(),
    *,
    port: Port = 8384,
    verbose: options.Verbose = False,
) -> None:
    """Open the studio in a browser: narrate, review and listen to books.

    FOLDER is the library, a folder of books; audiobooks and job folders are written beside them, as by `mayabook make`.
    The studio can be reached from this machine only; `mayabook serve` has options for other machines.
    """
    run_server(folder, "127.0.0.1", port, [], opens_browser=True, verbose=verbose)


def run_server(folder: Path, host: str, port: int, names: list[str], *, opens_browser: bool, verbose: bool) -> None:
    """Serves until Ctrl-C."""
    try:
        import fastapi  # noqa: F401
        import nicegui  # noqa: F401
        import python_multipart  # noqa: F401
        import tomlkit  # noqa: F401
        import uvicorn
    except ImportError as error:
        raise SettingsError(f"The studio needs {error.name}; install it: pip install 'mayabook[web]'") from error
    from mayabook.studio.access import Access, is_loopback, machine_names, session_key
    from mayabook.studio.server import create_app
    from mayabook.studio.services import Services

    if verbose:
        options.log_to_stderr()
    password = "" if is_loopback(host) else _password(host)
    token = os.environ.pop(TOKEN, "") or secrets.token_urlsafe(24)  # processes that the studio starts need none
    listening = _listen(host, port)
    port = listening.getsockname()[1]
    access = Access(session_key(), token, password, [*names, *(() if is_loopback(host) else machine_names())])
    app = create_app(Services.of(folder), access, port)
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host
    address = f"http://{f'[{shown}]' if ':' in shown else shown}:{port}/?token={token}"
    print(f"The library is {folder.resolve()}", f"Open {address}", "Ctrl-C ends the studio.", sep="\n", flush=True)
    if opens_browser:
        Timer(1.0, webbrowser.open, [address]).start()
    config = uvicorn.Config(
        app,
        access_log=False,  # addresses may hold the token
        log_level="warning",
        timeout_graceful_shutdown=3,
        server_header=False,
        ws_max_size=1 << 20,
    )
    uvicorn.Server(config).run(sockets=[listening])


def _password(host: str) -> str:
    """Asks for a password where the environment has none."""
    from mayabook.studio.access import MIN_PASSWORD_CHARS

    password = os.environ.pop(PASSWORD, "")
    if not password and sys.stdin.isatty():
        print(
            f"On {host}, other machines can reach the studio. Anyone with the password can read the books and "
            "audiobooks of this library, add files to it and use this machine. Connections are not encrypted, so do "
            "this only in a network that you trust."
        )
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    if len(password) < MIN_PASSWORD_CHARS:
        raise SettingsError(
            f"On {host}, other machines can reach the studio: set a password of {MIN_PASSWORD_CHARS} characters or "
            f"more in the environment variable {PASSWORD}, or leave --host out."
        )
    return password


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(128)
    except OSError as error:
        raise SettingsError(f"Cannot listen on {host}, port {port} ({error}); choose another with --port.") from error
    return listening
