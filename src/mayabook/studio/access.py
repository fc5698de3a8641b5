"""Who may use the server: the token of this start, a password, and the sessions that they open.

A session is a signed cookie. The key that signs it is in the user's data folder, so that a page that is open goes on
when the server is started again; a token is good for one start.
"""

import hashlib
import hmac
import ipaddress
import secrets
import socket
import time
from collections.abc import Iterable
from pathlib import Path
from threading import Lock

import platformdirs

from mayabook.core.errors import LibraryError

SESSION_SECONDS = 30 * 86_400
MIN_PASSWORD_CHARS = 10
_KEY_BYTES = 32
_MOST_FAILURES = 10
"""Wrong passwords in a row before further ones are refused for a while."""
_PAUSE_SECONDS = 60.0


class Access:
    """Checks tokens, passwords, sessions, and names of hosts. May be used from several threads."""

    def __init__(self, key: bytes, token: str, password: str = "", names: Iterable[str] = ()) -> None:
        """password: empty where the token alone opens a session. names: of hosts that the server answers to, besides
        localhost and addresses."""
        self.token = token
        self.has_password = bool(password)
        self._key = key
        self._password = password.encode()
        self._names = {"localhost", *(name.lower() for name in names)}
        self._lock = Lock()
        self._n_failures, self._last_failure = 0, 0.0

    def open_session(self) -> str:
        """The value of a session's cookie."""
        ends = f"{int(time.time()) + SESSION_SECONDS}.{secrets.token_urlsafe(12)}"
        return f"{ends}.{self._signature(ends)}"

    def is_session(self, cookie: str) -> bool:
        ends, _, signature = cookie.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(ends).encode()):
            return False
        return int(ends.partition(".")[0]) > time.time()

    def is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self.token.encode())

    def is_password(self, given: str) -> bool:
        """Always false for a minute after ten wrong ones."""
        with self._lock:
            if self._n_failures >= _MOST_FAILURES and time.monotonic() - self._last_failure < _PAUSE_SECONDS:
                return False
            is_right = self.has_password and hmac.compare_digest(given.encode(), self._password)
            self._n_failures = 0 if is_right else self._n_failures + 1
            self._last_failure = time.monotonic()
            return is_right

    def is_host(self, host: str) -> bool:
        """Whether a Host header names this server. A page of another site whose name was made to lead here (DNS
        rebinding) comes with that name; an address cannot be rebound."""
        name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
        name = name.strip("[]").rstrip(".").lower()
        if name in self._names:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

    def _signature(self, text: str) -> str:
        """Changes with the password, so that a new one ends all sessions."""
        return hmac.new(self._key, b"\0".join((text.encode(), self._password)), hashlib.sha256).hexdigest()


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server on that interface."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def machine_names() -> set[str]:
    """Names that other machines of the network may call this one by."""
    name = socket.gethostname().lower()
    return {name, name.partition(".")[0], f"{name.partition('.')[0]}.local"}


def session_key() -> bytes:
    """The key that signs sessions; made when it is first needed, readable by this user alone."""
    file = Path(platformdirs.user_data_dir("mayabook")) / "studio.key"
    try:
        if file.is_file() and len(key := file.read_bytes()) == _KEY_BYTES:
            return key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        file.touch(mode=0o600)
        key = secrets.token_bytes(_KEY_BYTES)
        file.write_bytes(key)
    except OSError as error:
        raise LibraryError(
            f"Cannot keep the key of sessions in {file} ({error}); make that folder writable."
        ) from error
    return key
