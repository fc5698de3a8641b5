"""Connects to a Ray cluster, or starts one on this machine."""

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mayabook.core.errors import ClusterError

LOCAL = "local"
"""Address of a cluster of this machine alone, which is started for the time of the run."""
AUTO = "auto"
"""Address of the cluster that this machine belongs to, as head or node."""
START = "Start one: RAY_AUTH_MODE=token ray start --head"
_CONNECT_SECONDS = 10.0


def connect(address: str, n_cpus: int | None) -> Any:
    """Connects to a cluster; returns the module ray.

    address: of a Ray head, as HOST:PORT; or AUTO or LOCAL. n_cpus: CPUs of a LOCAL cluster; None for all. Raises
    ClusterError.
    """
    if address not in (LOCAL, AUTO):
        _require_head(address)
        os.environ.setdefault("RAY_NUM_REDIS_GET_RETRIES", "5")  # attempts to connect, one a second
    try:
        import ray
    except ImportError as error:
        raise ClusterError(f"--cluster needs Ray ({error}); run: pip install 'mayabook[cluster]'") from error
    own: dict[str, Any] = {"num_cpus": n_cpus, "include_dashboard": False} if address == LOCAL else {}
    try:
        with _quiet_stderr():
            ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, **own)
    except (ConnectionError, RuntimeError, ray.exceptions.RayError) as error:
        raise ClusterError(
            f"Cannot use a Ray cluster at {address} ({first_line(error)}). {_advice(address)}"
        ) from error
    return ray


@contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Keeps the native code of Ray from printing a warning for each attempt to connect, which no setting does."""
    kept = os.dup(2)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _require_head(address: str) -> None:
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        raise ClusterError(f"{address!r} is not the address of a Ray head; give HOST:PORT, {AUTO} or {LOCAL}.")
    try:
        socket.create_connection((host.strip("[]"), int(port)), _CONNECT_SECONDS).close()
    except OSError as error:
        raise ClusterError(f"There is no Ray head at {address} ({error}). {START}") from error


def _advice(address: str) -> str:
    if address == LOCAL:
        return "Look for the cause in /tmp/ray/session_latest/logs."
    if address == AUTO:
        return START
    return (
        "Something answers there: check that RAY_AUTH_TOKEN (or ~/.ray/auth_token) is the token of the head, and that "
        "both have the same versions of Ray and Python."
    )


def first_line(error: Any) -> str:
    """The first line of an error: Ray's messages go on with a list of possible causes."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0].rstrip(".:") if lines else type(error).__name__
