"""`mayabook studio` and `mayabook serve` as a person types them."""

import os
import shlex
import signal
import socket
import subprocess
import time
from pathlib import Path

import httpx

from mayabook.cli.studio import PASSWORD, TOKEN
from tests.runs import COMMAND, mayabook_in

SECRET = "a-token-for-this-test"


def test_studio_opens_the_browser_and_logs_no_secret(tmp_path: Path) -> None:
    opened, log = tmp_path / "opened", tmp_path / "log"
    browser = tmp_path / "browser.sh"
    browser.write_text(f'#!/bin/sh\necho "$1" > {shlex.quote(str(opened))}\n')
    browser.chmod(0o755)
    with log.open("wb") as written:
        server = subprocess.Popen(
            [*COMMAND, "studio", str(tmp_path / "books"), "--port", "0", "--verbose"],
            stdout=written,
            stderr=written,
            env={**os.environ, TOKEN: SECRET, "BROWSER": f"{browser} %s"},
        )
    try:
        while not (opened.is_file() and opened.read_text()):
            assert server.poll() is None, log.read_text()
            time.sleep(0.05)
        address = opened.read_text().strip()
        assert address.endswith(f"/?token={SECRET}")
        assert httpx.get(address, trust_env=False).status_code == 303
        assert httpx.get(address.replace(SECRET, "another-secret"), trust_env=False).status_code == 401
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(timeout=60)
    said = log.read_text()
    assert said.count(SECRET) == said.count(f"Open {address}") == 1
    assert "another-secret" not in said
    assert (tmp_path / "books").is_dir()


def test_another_interface_needs_a_password(tmp_path: Path) -> None:
    for password in ("", "short"):
        refused = mayabook_in(tmp_path, "serve", ".", "--host", "0.0.0.0", environment={PASSWORD: password})
        assert refused.returncode == 2
        assert PASSWORD in refused.stderr
        assert len(refused.stderr.strip().splitlines()) == 1


def test_a_port_in_use_is_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused = mayabook_in(tmp_path, "serve", ".", "--port", str(taken.getsockname()[1]))
    assert refused.returncode == 2
    assert "--port" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1
