"""The speech service behind a real server, called by OpenAI's own client and as other audiobook tools call it."""

import asyncio
import io
import os
import signal
import socket
import threading
from collections.abc import Iterator

import av
import openai
import pytest
import uvicorn
from fastapi import FastAPI

from mayabook.core.errors import SettingsError
from mayabook.core.settings import Settings
from mayabook.studio.openai_speech import CHECK_HEADER, DEFECTS_HEADER, create_router, settings_for
from mayabook.studio.speech import MOST_WAITING, Speech, SpeechBusyError
from mayabook.studio.speech_request import CheckResult, SpeechRequest
from tests import runs

TEXT = "The ferry had stopped running in the autumn, and nobody had told the gulls."


@pytest.fixture(scope="module")
def speech() -> Iterator[Speech]:
    with Speech() as service:
        yield service


@pytest.fixture(scope="module")
def address(speech: Speech) -> Iterator[str]:
    app = FastAPI()
    app.include_router(create_router(speech))
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
    server.should_exit = True
    thread.join()


@pytest.fixture
def client(address: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=address, api_key="not used", max_retries=0) as client:
        yield client


def seconds_of(file: bytes) -> float:
    with av.open(io.BytesIO(file)) as container:
        return sum((frame.samples / frame.sample_rate for frame in container.decode(audio=0)), 0.0)


def test_the_openai_client_gets_checked_speech(client: openai.OpenAI) -> None:
    answer = client.audio.speech.with_raw_response.create(model="narrator", voice="heart", input=TEXT)
    assert answer.headers["content-type"] == "audio/mpeg"
    assert answer.headers[CHECK_HEADER] == CheckResult.ACCEPTED
    assert 3 < seconds_of(answer.content) < 8


def test_audiobook_creator_streams_with_the_names_of_another_model(address: str) -> None:
    async def ask() -> bytes:
        async with (
            openai.AsyncOpenAI(base_url=address, api_key="not-needed") as client,
            client.audio.speech.with_streaming_response.create(
                model="kokoro", voice="af_heart", response_format="aac", speed=0.85, input=TEXT
            ) as response,
        ):
            assert response.status_code == 200
            return b"".join([piece async for piece in response.iter_bytes()])

    assert seconds_of(asyncio.run(ask())) > 4


def test_a_text_of_several_chunks_is_sent_as_it_comes(client: openai.OpenAI) -> None:
    text = "\n".join(f"{TEXT} That was in year {number}." for number in ("one", "two", "three", "four", "five"))
    with client.audio.speech.with_streaming_response.create(
        model="tts-1", voice="alloy", input=text, response_format="wav"
    ) as response:
        assert response.headers[CHECK_HEADER] == CheckResult.UNKNOWN
        assert "content-length" not in response.headers
        assert seconds_of(response.read()) > 25


def test_what_the_checks_reject_is_marked_and_never_sent_where_verification_is_asked_for(
    client: openai.OpenAI,
) -> None:
    answer = client.audio.speech.with_raw_response.create(model="narrator", voice="heart", input=runs.GREEK)
    assert answer.headers[CHECK_HEADER] == CheckResult.REJECTED
    assert answer.headers[DEFECTS_HEADER]
    with pytest.raises(openai.BadRequestError, match="accepted no take"):
        client.audio.speech.create(model="narrator", voice="heart", input=runs.GREEK, extra_body={"verify": True})


def test_the_service_goes_on_after_a_listener_left_and_after_its_process_was_killed(speech: Speech) -> None:
    spoken = speech.speak(SpeechRequest("\n".join([TEXT] * 2), Settings(), "pcm"))
    spoken.close()
    process = speech._process
    assert process is not None
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    spoken = speech.speak(SpeechRequest(TEXT, Settings(), "pcm", verify=True))
    assert spoken.check.result == CheckResult.ACCEPTED
    assert len(b"".join(spoken)) > 100_000
    spoken.close()


def test_requests_beyond_those_that_may_wait_are_refused(speech: Speech, client: openai.OpenAI) -> None:
    for _ in range(MOST_WAITING):
        speech._places.acquire()
    try:
        with pytest.raises(SpeechBusyError):
            speech.speak(SpeechRequest(TEXT, Settings()))
        with pytest.raises(openai.RateLimitError):
            client.audio.speech.create(model="narrator", voice="heart", input=TEXT)
    finally:
        for _ in range(MOST_WAITING):
            speech._places.release()


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"model": "narrator", "voice": "nobody", "input": TEXT}, "no voice 'nobody'"),
        ({"model": "gpt-9", "voice": "heart", "input": TEXT}, "Unknown model 'gpt-9'"),
        ({"model": "auto", "voice": "nobody", "input": TEXT}, "Unknown voice 'nobody'"),
        ({"model": "narrator", "voice": "heart", "input": ""}, "input"),
        ({"model": "narrator", "voice": "heart", "input": "…"}, "nothing to speak"),
        ({"model": "narrator", "voice": "heart", "input": TEXT, "speed": 9}, "speed"),
        ({"model": "narrator", "voice": "heart", "input": TEXT, "response_format": "tape"}, "response_format"),
        ({"model": "narrator", "voice": "heart", "input": "Привет, мир."}, "cannot be spoken"),
    ],
)
def test_errors_say_what_is_wrong_in_the_form_of_openai(
    client: openai.OpenAI, wanted: dict[str, object], message: str
) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        client.audio.speech.create(**wanted)  # type: ignore[arg-type]
    assert message in str(refused.value)


def test_models_and_voices_are_listed(client: openai.OpenAI) -> None:
    names = [model.id for model in client.models.list()]
    assert {"auto", "narrator"} <= set(names)
    assert client.models.retrieve("narrator").id == "narrator"
    assert "heart" in {
        voice["id"] for voice in client.get("/audio/voices", cast_to=dict[str, list[dict[str, str]]])["voices"]
    }


def test_a_request_chooses_engine_and_voice() -> None:
    assert settings_for("auto", "", "") == Settings()
    assert settings_for("auto", "heart", "").engine.kind == "narrator"
    assert settings_for("tts-1", "alloy", "") == Settings()
    described = settings_for("gguf", "storyteller", "An old man, tired and close to tears")
    assert (described.engine.kind, described.maya.voice) == ("gguf", "An old man, tired and close to tears")
    assert settings_for("gguf", "storyteller", "").maya.voice == "storyteller"
    assert settings_for("narrator", "heart", "whisper").narrator.voice == "heart"
    with pytest.raises(SettingsError, match="Unknown model"):
        settings_for("gpt-9", "", "")
