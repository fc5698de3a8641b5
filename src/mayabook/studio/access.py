"""Authentication: the token of this start, an optional password, and the sessions that they open.

A session is a signed cookie. The signing key is in the user's data folder, so sessions survive a restart of the server;
a token is valid until the server ends.
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
"""Wrong passwords in a row, after which all are refused for `_PAUSE_SECONDS`."""
_PAUSE_SECONDS = 60.0


class Access:
    """Checks tokens, passwords, sessions and Host headers. May be used from several threads."""

    def __init__(self, key: bytes, token: str, password: str = "", names: Iterable[str] = ()) -> None:
        """key: signs the sessions. password: empty if only the token opens a session. names: host names that the server
        answers to, besides localhost and IP addresses."""
        self.token = token
        self.has_password = bool(password)
        self._key = key
        self._password = password.encode()
        self._names = {"localhost", *(name.lower() for name in names)}
        self._lock = Lock()
        self._n_failures, self._last_failure = 0, 0.0

    def open_session(self) -> str:
        """The value of a new session's cookie: `EXPIRY.NONCE.SIGNATURE`, EXPIRY in seconds since 1970."""
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
        """Always false for a minute after ten wrong passwords in a row."""
        with self._lock:
            if self._n_failures >= _MOST_FAILURES and time.monotonic() - self._last_failure < _PAUSE_SECONDS:
                return False
            is_right = self.has_password and hmac.compare_digest(given.encode(), self._password)
            self._n_failures = 0 if is_right else self._n_failures + 1
            self._last_failure = time.monotonic()
            return is_right

    def is_host(self, host: str) -> bool:
        """Whether a Host header names this server. In a DNS rebinding attack it holds the other site's name; an IP
        address cannot be rebound, so every address is accepted."""
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
        """HMAC-SHA256 of the text and the password, so that a new password ends all sessions."""
        return hmac.new(self._key, b"\0".join((text.encode(), self._password)), hashlib.sha256).hexdigest()


def is_loopback(host: str) -> bool:
    """Whether a server on that interface can be reached from this machine only."""
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
    """The key that signs sessions, 32 bytes, created when first needed and readable by this user alone.

    Raises LibraryError if the file cannot be read or written.
    """
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
        raise LibraryError(f"Cannot store the session key in {file} ({error}); make that folder writable.") from error
    return key
