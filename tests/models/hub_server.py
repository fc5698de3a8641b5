"""A hub on 127.0.0.1: lists repositories and serves their files as the real one does, and misbehaves when told to."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "c" * 40


@dataclass
class Hub:
    """repos: folder of each. cut: path -> bytes after which the connection is cut, once. spoilt: path -> what is sent
    instead. refused: repository -> status and error code. licences: repository -> licence that its page names. down: no
    file is served any more."""

    repos: dict[str, Path]
    endpoint: str = ""
    cut: dict[str, int] = field(default_factory=dict)
    spoilt: dict[str, bytes] = field(default_factory=dict)
    refused: dict[str, tuple[int, str]] = field(default_factory=dict)
    licences: dict[str, str] = field(default_factory=dict)
    down: bool = False
    requests: list[tuple[str, str | None, int]] = field(default_factory=list)
    """Path of each file that was asked for, its Range header, and the bytes that were sent."""


@contextmanager
def hub(repos: dict[str, Path]) -> Iterator[Hub]:
    served = Hub(repos)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            _answer(self, served)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield served
    server.shutdown()
    server.server_close()


def _answer(handler: BaseHTTPRequestHandler, served: Hub) -> None:
    path = handler.path.partition("?")[0]
    parts = path.strip("/").split("/")
    if parts[:2] == ["api", "models"]:
        repo = "/".join(parts[2:4])
        if repo in served.refused or repo not in served.repos:
            status, code = served.refused.get(repo, (404, "RepoNotFound"))
            _send(handler, status, b"{}", {"X-Error-Code": code})
        elif parts[4:] not in ([], ["revision", COMMIT]):
            _send(handler, 404, b"{}", {"X-Error-Code": "RevisionNotFound"})
        else:
            tags = [f"license:{served.licences[repo]}"] if repo in served.licences else []
            _send(handler, 200, json.dumps({**_listing(repo, served.repos[repo]), "tags": tags}).encode(), {})
        return
    repo, name = "/".join(parts[:2]), "/".join(parts[4:])
    assert parts[2:4] == ["resolve", COMMIT]
    if served.down:
        _send(handler, 503, b"", {})
        return
    content = served.spoilt.pop(name, None) or (served.repos[repo] / name).read_bytes()
    asked = handler.headers.get("Range")
    start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
    body = content[start:]
    sent = body[: served.cut.get(name, len(body))]
    served.requests.append((name, asked, len(sent)))
    headers = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"} if asked else {}
    if len(sent) < len(body):
        served.cut.pop(name)
        served.down = True
        _send(handler, 206 if asked else 200, sent, headers, promised=len(body))
        handler.close_connection = True
        handler.connection.shutdown(2)
    else:
        _send(handler, 206 if asked else 200, body, headers)


def _send(
    handler: BaseHTTPRequestHandler, status: int, body: bytes, headers: dict[str, str], promised: int | None = None
) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body) if promised is None else promised))
    handler.end_headers()
    handler.wfile.write(body)
    handler.wfile.flush()


def _listing(repo: str, folder: Path) -> dict[str, object]:
    siblings = []
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = file.read_bytes()
        entry: dict[str, object] = {"rfilename": file.relative_to(folder).as_posix(), "size": len(content)}
        entry["blobId"] = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        if file.suffix in (".safetensors", ".bin", ".gguf", ".onnx") or file.name == "tokenizer.json":
            entry["lfs"] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 134}
        siblings.append(entry)
    return {"id": repo, "modelId": repo, "sha": COMMIT, "siblings": siblings, "private": False}
