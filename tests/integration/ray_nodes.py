"""Nodes of a real Ray cluster, for tests."""

import os
import subprocess
import sys
from pathlib import Path

TOKEN = "b0" * 32
ENVIRONMENT = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": TOKEN, "RAY_DISABLE_IMPORT_WARNING": "1", "no_proxy": "*"}
OBJECT_STORE = 200 << 20
"""Bytes on each node."""


def start_node(*options: str, enter: tuple[str, ...] = ()) -> "subprocess.Popen[str]":
    """Starts a node that ends with its process; returns when it runs. Ray gives up after 30 seconds, which a busy
    machine may take. enter: command that enters the network of the cluster."""
    ray = str(Path(sys.executable).with_name("ray"))
    command = (*enter, ray, "start", "--block", "--disable-usage-stats", *options)
    lines: list[str] = []
    for _ in range(3):
        node = subprocess.Popen(
            command, env={**os.environ, **ENVIRONMENT}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert node.stdout is not None
        for line in node.stdout:
            lines.append(line)
            if "runtime started" in line:
                return node
        node.wait()
    raise AssertionError("".join(lines))
