"""What the server refuses: other names, other sites, strangers, and too much."""

import time
from collections.abc import Mapping

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from mayabook.studio.access import Access
from mayabook.studio.security import MAX_BODY_BYTES, SPEECH_BURST, SPEECH_PATH, SecurityMiddleware

HERE = "http://127.0.0.1:8384"
BEARER = {"Authorization": "Bearer secret-token"}


async def echo(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"{request.method} {len(await request.body())} {request.url.query}")


async def socket(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("open")
    await websocket.close()


def client(password: str = "", headers: Mapping[str, str] | None = None) -> TestClient:
    app = Starlette(
        routes=[
            WebSocketRoute("/socket", socket),
            Route("/{path:path}", echo, methods=["GET", "POST", "PUT", "DELETE"]),
        ]
    )
    access = Access(b"k" * 32, "secret-token", password)
    return TestClient(
        SecurityMiddleware(app, access, 8384), base_url=HERE, headers=dict(headers or {}), follow_redirects=False
    )


def opened(password: str = "") -> TestClient:
    """With a session, as a browser has it after the first page."""
    browser = client(password)
    browser.get("/?token=secret-token")
    return browser


def test_the_token_opens_a_session_and_leaves_the_address() -> None:
    browser = client()
    answer = browser.get("/book/a.epub?x=1&token=secret-token&y=2")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/book/a.epub?x=1&y=2"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert browser.get("/book/a.epub").text == "GET 0 "


def test_the_redirect_stays_on_this_server() -> None:
    assert client().get(f"{HERE}//evil.example/?token=secret-token").headers["location"] == "/evil.example/"


@pytest.mark.parametrize("path", ["/", "/api/books", "/static/studio.js", "/?token=wrong", "/?token="])
def test_strangers_get_nothing(path: str) -> None:
    answer = client().get(path)
    assert answer.status_code == 401
    assert "secret-token" not in answer.text


def test_a_stranger_with_a_browser_is_told_what_to_open() -> None:
    answer = client().get("/", headers={"Accept": "text/html"})
    assert answer.status_code == 401
    assert "mayabook studio" in answer.text


@pytest.mark.parametrize("cookie", ["", "x", "9999999999.a.b", "1.abc." + "0" * 64])
def test_a_forged_session_is_none(cookie: str) -> None:
    assert client(headers={"Cookie": f"mayabook_session_8384={cookie}"}).get("/").status_code == 401


def test_a_session_outlives_the_server_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Access(b"k" * 32, "of the last start").open_session()
    now = Access(b"k" * 32, "of this start")
    assert now.is_session(session)
    assert not Access(b"other key" * 4, "token").is_session(session)
    assert not Access(b"k" * 32, "token", "a new password").is_session(session)
    later = time.time() + 31 * 86_400
    monkeypatch.setattr(time, "time", lambda: later)
    assert not now.is_session(session)


def test_programs_send_the_token_as_bearer() -> None:
    assert client(headers=BEARER).post("/api/books").status_code == 200
    assert client(headers={"Authorization": "Bearer wrong"}).post("/api/books").status_code == 401
    assert client("long password", {"Authorization": "Bearer long password"}).get("/").status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8384", "127.0.0.1.evil.example", "localhost.evil.example", ""]
)
def test_another_name_is_refused(host: str) -> None:
    """DNS rebinding: a page of another site whose name leads here."""
    assert opened().get("/", headers={"Host": host}).status_code == 403


@pytest.mark.parametrize("host", ["localhost:8384", "127.0.0.1:8384", "[::1]:8384", "192.168.1.7:8384"])
def test_names_of_this_machine_are_answered(host: str) -> None:
    assert client(headers={**BEARER, "Host": host}).get("/").status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://127.0.0.1:9999", "http://127.0.0.1:8384.evil.example", "null"]
)
def test_pages_of_other_sites_change_nothing(method: str, origin: str) -> None:
    assert opened().request(method, "/api/books", headers={"Origin": origin}).status_code == 403


def test_a_page_of_this_server_changes_things() -> None:
    headers = {"Origin": HERE, "Sec-Fetch-Site": "same-origin"}
    assert opened().post("/api/books", headers=headers).status_code == 200


def test_what_a_browser_calls_cross_site_is_refused_without_an_origin() -> None:
    assert opened().post("/api/books", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_websockets_are_guarded_as_well() -> None:
    with opened().websocket_connect("ws://127.0.0.1:8384/socket", headers={"Origin": HERE}) as open_socket:
        assert open_socket.receive_text() == "open"
    for browser, origin in ((opened(), "https://evil.example"), (client(), HERE)):
        with (
            pytest.raises(WebSocketDisconnect),
            browser.websocket_connect("ws://127.0.0.1:8384/socket", headers={"Origin": origin}),
        ):
            pass


def test_too_much_is_refused_whatever_the_header_says() -> None:
    browser = client(headers=BEARER)
    too_much = b"x" * (MAX_BODY_BYTES + 1)
    assert browser.post("/api/queue", content=too_much).status_code == 413
    assert browser.post("/api/queue", content=iter([too_much[: 1 << 19]] * 3)).status_code == 413
    assert browser.post("/api/queue", content=too_much[1:]).text.startswith("POST 1048576")
    assert browser.post("/api/books", content=too_much).status_code == 200


def test_speech_is_limited() -> None:
    browser = client(headers=BEARER)
    answers = [browser.post(SPEECH_PATH).status_code for _ in range(SPEECH_BURST + 40)]
    assert answers[:SPEECH_BURST] == [200] * SPEECH_BURST
    assert 429 in answers


def test_the_password_opens_a_session() -> None:
    browser = client("long password")
    assert 'type="password"' in browser.get("/", headers={"Accept": "text/html"}).text
    assert browser.post("/login", data={"password": "wrong"}, headers={"Origin": HERE}).status_code == 401
    answer = browser.post("/login", data={"password": "long password"}, headers={"Origin": HERE})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert browser.get("/").status_code == 200


def test_passwords_cannot_be_tried_out() -> None:
    access = Access(b"k" * 32, "token", "long password")
    assert not any(access.is_password(f"guess {number}") for number in range(10))
    assert not access.is_password("long password")


def test_without_a_password_none_is_right() -> None:
    assert client().post("/login", data={"password": ""}).status_code == 401


def test_every_answer_has_the_security_headers() -> None:
    for answer in (client().get("/"), opened().get("/"), opened().get("/", headers={"Host": "evil.example"})):
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
