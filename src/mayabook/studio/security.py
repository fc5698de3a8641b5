"""ASGI middleware that checks every request, websockets included. docs/security.md lists the attacks.

It checks in this order: the Host header names this server; a request that changes something comes from this server's
own pages; the body is not too large; the sender has a session, the token or the password. Every answer gets the
security headers.
"""

import time
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mayabook.studio.access import SESSION_SECONDS, Access
from mayabook.studio.library import MAX_UPLOAD_BYTES

MAX_BODY_BYTES: Final = 1 << 20
"""Largest body of a request that is not an upload."""
UPLOAD_PATH: Final = "/api/books"
LOGIN_PATH: Final = "/login"
SPEECH_PATH: Final = "/v1/audio/speech"
SPEECH_BURST, SPEECH_PER_SECOND = 60, 4.0
"""Token bucket of the speech requests: its size, and tokens added per second."""
_MULTIPART_BYTES = 1 << 16
"""Largest multipart overhead around an uploaded file."""
_TOO_LARGE = f"Too large: a book may have {MAX_UPLOAD_BYTES >> 20} MB, another request 1 MB."
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        # NiceGUI's client evaluates the handlers that its server sends, and its page has inline scripts.
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": _CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
_LOGIN_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>MayaBook</title>
<body style="font: 1.1rem/1.5 system-ui, sans-serif; max-width: 26rem; margin: 15vh auto; padding: 0 1rem">
<h1>MayaBook</h1>{content}</body></html>"""
_FORM = """<p>{note}</p><form method="post" action="/login"><label>Password<br>
<input type="password" name="password" autocomplete="current-password" autofocus required
style="font: inherit; width: 100%; box-sizing: border-box"></label>
<p><button style="font: inherit">Open</button></p></form>"""
_ASK_FOR_TOKEN = (
    "<p>Open the address that <code>mayabook studio</code> printed in the terminal: it contains the access token.</p>"
)


class RateLimit:
    """A token bucket."""

    def __init__(self, burst: int, per_second: float) -> None:
        self._burst, self._per_second = burst, per_second
        self._left, self._at = float(burst), time.monotonic()

    def take(self) -> bool:
        """Takes a token. False if there is none: the request is to be refused."""
        now = time.monotonic()
        self._left = min(self._burst, self._left + (now - self._at) * self._per_second)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class SecurityMiddleware:
    """ASGI middleware around the whole server."""

    def __init__(self, app: ASGIApp, access: Access, port: int) -> None:
        """port: of the server; browsers send cookies to every port of a host, so it is in the cookie's name."""
        self.app = app
        self._access = access
        self._cookie = f"mayabook_session_{port}"
        self._speech = RateLimit(SPEECH_BURST, SPEECH_PER_SECOND)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self.app(scope, receive, send)
        answer = self._refusal(scope)
        if answer is None and scope["type"] == "http" and scope["path"] == LOGIN_PATH:
            answer = await self._log_in(Request(scope, _limited(receive, MAX_BODY_BYTES)))
        if answer is None:
            answer = self._without_session(scope)
        if answer is None and scope["path"] == SPEECH_PATH and not self._speech.take():
            answer = _error(429, "Too many speech requests; wait a second.", {"Retry-After": "1"})
        if answer is not None:
            if scope["type"] == "websocket":
                await receive()
                return await send({"type": "websocket.close", "code": 4403, "reason": "refused"})
            return await answer(scope, receive, _with_headers(send))
        limited = _limited(receive, _limit(scope)) if scope["type"] == "http" else receive
        return await self.app(scope, limited, _with_headers(send))

    def _refusal(self, scope: Scope) -> Response | None:
        """The answer to a request that is refused regardless of authentication; None if it is not."""
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._access.is_host(host):
            return _error(403, "This server does not answer to that host name; restart it with --name and that name.")
        if scope["type"] == "websocket" or scope["method"] not in _SAFE_METHODS:
            origin = headers.get("origin")
            if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
                return _error(403, "This request comes from a page of another site.")
            if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
                return _error(403, "This request comes from a page of another site.")
        try:
            n_bytes = int(headers.get("content-length", "0"))
        except ValueError:
            return _error(400, "Content-Length is not a number.")
        return _too_large() if scope["type"] == "http" and n_bytes > _limit(scope) else None

    def _without_session(self, scope: Scope) -> Response | None:
        """None if the request has a session, the token or the password; else a login page, redirect or 401."""
        headers = Headers(scope=scope)
        is_page = scope["type"] == "http" and scope["method"] == "GET"
        if self._has_session(headers):
            # The token is removed from the address also if there is a session already.
            return self._after_token(scope, headers) if is_page and "token" in parse_qs(_query(scope)) else None
        kind, _, bearer = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and (self._access.is_token(bearer) or self._access.is_password(bearer)):
            return None
        if is_page:
            given = parse_qs(_query(scope)).get("token", [""])[0]
            if given and self._access.is_token(given):
                return self._after_token(scope, headers)
        if scope["type"] == "http" and "text/html" in headers.get("accept", ""):
            return self._login_page(401, "")
        return _error(401, "Send the token or the password as Authorization: Bearer.", {"WWW-Authenticate": "Bearer"})

    def _has_session(self, headers: Headers) -> bool:
        try:
            cookies = SimpleCookie(headers.get("cookie", ""))
        except CookieError:
            return False
        return self._cookie in cookies and self._access.is_session(cookies[self._cookie].value)

    def _after_token(self, scope: Scope, headers: Headers) -> Response:
        """A redirect to the same address without the token, which opens a session."""
        kept = urlencode([(name, value) for name, value in parse_qsl(_query(scope)) if name != "token"])
        path = "/" + scope["path"].lstrip("/\\")
        answer = RedirectResponse(f"{path}?{kept}" if kept else path, status_code=303)
        if not self._has_session(headers):
            self._open_session(answer)
        return answer

    def _open_session(self, answer: Response) -> None:
        answer.set_cookie(
            self._cookie, self._access.open_session(), max_age=SESSION_SECONDS, httponly=True, samesite="strict"
        )

    async def _log_in(self, request: Request) -> Response:
        if request.method != "POST":
            return self._login_page(200, "")
        try:
            body = await request.body()
        except HTTPException:
            return _too_large()
        given = parse_qs(body.decode(errors="replace")).get("password", [""])[0]
        if not self._access.is_password(given):
            return self._login_page(401, "Wrong password. After ten wrong ones, wait a minute before you try again.")
        answer = RedirectResponse("/", status_code=303)
        self._open_session(answer)
        return answer

    def _login_page(self, status: int, note: str) -> Response:
        content = _FORM.format(note=note) if self._access.has_password else _ASK_FOR_TOKEN
        return HTMLResponse(_LOGIN_PAGE.format(content=content), status, {"Cache-Control": "no-store"})


def _limit(scope: Scope) -> int:
    if scope["path"] == UPLOAD_PATH and scope["method"] == "POST":
        return MAX_UPLOAD_BYTES + _MULTIPART_BYTES
    return MAX_BODY_BYTES


def _limited(receive: Receive, limit: int) -> Receive:
    """Counts received bytes, whatever Content-Length says. Reading beyond the limit raises HTTPException (413)."""
    n_bytes = 0

    async def counted() -> Message:
        nonlocal n_bytes
        message = await receive()
        if message["type"] == "http.request":
            n_bytes += len(message.get("body", b""))
            if n_bytes > limit:
                raise HTTPException(413, _TOO_LARGE)
        return message

    return counted


def _with_headers(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers[name] = value
            headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return sent


def _query(scope: Scope) -> str:
    return bytes(scope["query_string"]).decode("latin-1")


def _too_large() -> Response:
    return _error(413, _TOO_LARGE)


def _error(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """An error with `error` for OpenAI's clients and `detail` for the pages and the REST API."""
    return JSONResponse({"detail": message, "error": {"message": message, "type": "request_refused"}}, status, headers)
