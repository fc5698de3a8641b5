"""The REST API of a real server: a book is added, narrated, followed, reviewed and fetched by a program."""

import io
import json
import signal
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import soundfile

from tests.runs import write_story
from tests.studio.conftest import TOKEN, address_of, start_studio

STORY = {
    "The Pier": [
        "The boat came in at dawn, with nobody aboard. Anna saw it first, from the kitchen window.",
        "They walked down to the water and tied it to the old stone pier. It was dry inside, and very clean.",
    ]
}
BOOK = "/api/books/pier.epub"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Of a server that narrates `pier.epub`."""
    folder = tmp_path_factory.mktemp("rest")
    library = folder / "library"
    library.mkdir()
    (library / "pier.settings.toml").write_text("[script]\nmax_words = 20\n")
    server = start_studio(library)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with httpx.Client(base_url=address_of(server), headers=headers, timeout=120, trust_env=False) as client:
        book = write_story(folder / "pier.epub", "The Pier", STORY)
        added = client.post("/api/books", files={"file": ("pier.epub", book.read_bytes())})
        assert added.status_code == 201, added.text
        assert client.post("/api/queue", json={"book": "pier.epub"}).status_code == 201
        yield client
    server.send_signal(signal.SIGINT)
    server.wait(timeout=60)


@pytest.fixture(scope="module")
def told(api: httpx.Client) -> list[tuple[str, Any]]:
    """The events of the run: name and data."""
    events: list[tuple[str, Any]] = []
    with api.stream("GET", f"{BOOK}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        for line in stream.iter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                events.append((name, json.loads(line.removeprefix("data: "))))
                if name == "book" and events[-1][1]["state"] in ("finished", "failed"):
                    break
    return events


def test_events_tell_the_way_to_the_audiobook(told: list[tuple[str, Any]]) -> None:
    books = [data for name, data in told if name == "book"]
    assert (books[-1]["state"], books[-1]["error"], books[-1]["fraction"]) == ("finished", "", 1.0)
    assert any(book["state"] == "running" for book in books)
    states: dict[str, str] = {}
    for name, data in told:
        if name == "chunks":
            states.update(data)
    assert sorted(states) == ["1", "2", "3", "4"]
    assert set(states.values()) <= {"accepted", "cured", "in doubt", "flagged"}
    assert any("chunks" in data["text"] for name, data in told if name == "message")


def test_the_audiobook_is_sent_in_ranges(api: httpx.Client, told: object) -> None:
    address = api.get(BOOK).json()["audiobook"]
    whole = api.get(address)
    assert whole.content[4:8] == b"ftyp"
    part = api.get(address, headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, whole.content[100:200])


def test_chunks_have_takes_to_listen_to(api: httpx.Client, told: object) -> None:
    assert len(api.get(f"{BOOK}/chunks").json()) == 4
    chunk = api.get(f"{BOOK}/chunks/2").json()
    assert "dawn" in chunk["text"]
    (kept,) = [take for take in chunk["takes"] if take["is_kept"]]
    audio, sample_rate = soundfile.read(io.BytesIO(api.get(kept["audio"]).content))
    assert len(audio) > sample_rate
    assert api.get(f"{BOOK}/coverage").json()["n_chunks"] == 4


def test_decisions_are_kept_and_undone(api: httpx.Client, told: object) -> None:
    decision = {"action": "accept", "note": "as it should be"}
    decided = api.post(f"{BOOK}/chunks/2/decisions", json=decision).json()
    assert [take["decision"] for take in decided["takes"] if take["is_kept"]] == ["accepted"]
    undone = api.post(f"{BOOK}/undo").json()
    assert (undone["decision"], undone["note"], undone["chunk"]) == ("accepted", "as it should be", 2)
    assert api.post(f"{BOOK}/undo").status_code == 409
    assert api.post(f"{BOOK}/chunks/9/decisions", json=decision).status_code == 409
    assert api.post(f"{BOOK}/chunks/2/decisions", json={"action": "take"}).status_code == 422


def test_errors_say_what_is_wrong(api: httpx.Client, told: object) -> None:
    refused = api.post("/api/books", files={"file": ("broken.epub", b"PK\3\4 and nothing")})
    assert (refused.status_code, "broken.epub" in refused.json()["detail"]) == (422, True)
    assert api.post("/api/queue", json={"book": "gone.epub"}).status_code == 404
    assert api.post("/api/queue", json={"book": "pier.epub", "format": ".exe"}).status_code == 400
    assert api.post("/api/queue/pier.epub", json={"action": "pause"}).status_code == 409
    assert api.get(f"{BOOK}/cover").status_code == 404
    assert [book["id"] for book in api.get("/api/books").json()] == ["pier.epub"]


@pytest.mark.parametrize(
    "path",
    [
        "/api/books/..%2f..%2fsecret.txt",
        "/api/books/%2e%2e",
        f"{BOOK}/takes/..%2fledger.sqlite",
        f"{BOOK}/takes/%2e%2e%2fledger.sqlite",
        "/static/..%2f..%2fserver.py",
    ],
)
def test_no_address_leads_out_of_the_folder(api: httpx.Client, told: object, path: str) -> None:
    assert api.get(path).status_code in (404, 409)


def test_the_routes_are_described_without_anything_from_outside(api: httpx.Client) -> None:
    page = api.get("/api/docs").text
    assert "POST /v1/audio/speech" in page
    assert "://" not in page
    assert all(path.startswith(("/api/", "/v1/")) for path in api.get("/api/openapi.json").json()["paths"])
