"""`POST /v1/audio/speech`, `GET /v1/models` and `GET /v1/audio/voices`, compatible with OpenAI's clients."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Annotated, Any, Literal

import anyio
from anyio import CancelScope
from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel, BeforeValidator, Field
from starlette.types import Receive, Scope, Send

from mayabook.core.errors import EngineError, MayaBookError, SettingsError
from mayabook.core.settings import Settings, load_settings
from mayabook.engines.registry import AUTO, engine_settings, plugins, voices
from mayabook.maya.saved_voices import saved_names
from mayabook.models import store
from mayabook.studio.speech import Speech, SpeechBusyError, SpokenText
from mayabook.studio.speech_formats import MAX_SPEED, MIN_SPEED, SPEECH_FORMATS
from mayabook.studio.speech_request import SpeechRequest

MAX_CHARS = 20_000
"""Longest text; OpenAI's own service takes 4,096 characters."""
CHECK_HEADER, DEFECTS_HEADER = "X-MayaBook-Check", "X-MayaBook-Defects"
OTHER_SERVICES_MODELS = ("tts-1", "tts-1-hd", "gpt-4o-mini-tts", "kokoro", "orpheus")
"""Default models of other programs. They mean `auto`, and an unknown voice then means the default voice."""


def _voice_id(voice: object) -> object:
    """OpenAI's clients may send a voice as `{"id": NAME}`."""
    return voice.get("id", "") if isinstance(voice, dict) else voice or ""


class SpeechBody(BaseModel):
    """The request. Unknown fields are ignored."""

    input: str = Field(min_length=1, max_length=MAX_CHARS)
    """What to speak; each line is a paragraph."""
    model: str = AUTO
    """An engine, an installed model, or `auto`."""
    voice: Annotated[str, BeforeValidator(_voice_id)] = ""
    """A voice of the engine, or for Maya1 a description; empty for the engine's default."""
    response_format: Literal["mp3", "opus", "aac", "flac", "wav", "pcm"] = "mp3"
    speed: float = Field(default=1.0, ge=MIN_SPEED, le=MAX_SPEED)
    instructions: str | None = None
    """How to speak: for Maya1 the description of the voice; other engines ignore it."""
    stream_format: Literal["audio"] = "audio"
    verify: bool = False
    """Send nothing before the checks have accepted every chunk, and retry rejected takes as in a book."""


class _OpenAiRoute(APIRoute):
    """Answers errors in the form that OpenAI's clients read."""

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                wrong = error.errors()[0]
                name = ".".join(map(str, wrong["loc"][1:])) or "body"
                return _error(400, f"{name}: {wrong['msg']}", name)
            except SpeechBusyError as busy:
                return _error(429, str(busy), headers={"Retry-After": "5"})
            except MayaBookError as refused:
                return _error(400, str(refused))

        return answer


class _SpeechResponse(StreamingResponse):
    """Streams the speech, and cancels it if the client disconnects."""

    def __init__(self, spoken: SpokenText, media_type: str) -> None:
        headers = {CHECK_HEADER: spoken.check.result.value}
        if spoken.check.defects:
            headers[DEFECTS_HEADER] = ", ".join(spoken.check.defects)
        super().__init__(spoken, media_type=media_type, headers=headers)
        self._spoken = spoken

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            with CancelScope(shield=True):
                await anyio.to_thread.run_sync(self._spoken.close)


def create_router(speech: Speech) -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["OpenAI"], route_class=_OpenAiRoute)

    @router.post(
        "/audio/speech",
        response_class=Response,
        responses={200: {"content": {each.media_type: {} for each in SPEECH_FORMATS.values()}}},
    )
    def create_speech(body: SpeechBody) -> Response:
        """Speaks a text, and streams the audio while it is made.

        The header `X-MayaBook-Check` is `accepted` if the checks heard the text as written, `rejected` if they did not
        (`X-MayaBook-Defects` says why), and `unknown` for a text of several chunks of which only the first was checked
        when the header was sent.
        """
        settings = settings_for(body.model, body.voice, body.instructions or "")
        request = SpeechRequest(body.input, settings, body.response_format, body.speed, body.verify)
        return _SpeechResponse(speech.speak(request), SPEECH_FORMATS[body.response_format].media_type)

    @router.get("/models")
    def list_models() -> dict[str, Any]:
        """The engines and models that can speak on this machine."""
        return {"object": "list", "data": [_model(name) for name in _model_names()]}

    @router.get("/models/{name}")
    def show_model(name: str) -> dict[str, Any]:
        """One engine or model."""
        if name not in _model_names():
            raise SettingsError(_unknown_model(name))
        return _model(name)

    @router.get("/audio/voices")
    def list_voices() -> dict[str, list[dict[str, str]]]:
        """The voices of all engines."""
        return {
            "voices": [
                {"id": each.name, "name": each.name, "model": each.model, "description": each.description}
                for each in voices()
            ]
        }

    return router


def settings_for(model: str, voice: str, instructions: str) -> Settings:
    """The settings for a request. Raises SettingsError for an unknown model or voice, EngineError if the voice's engine
    cannot run."""
    known, others = plugins(), model in OTHER_SERVICES_MODELS
    tables: dict[str, dict[str, object]] = {}
    if model in known:
        tables["engine"] = {"kind": model}
        table = known[model].settings_table
    elif model in {each.name for each in store.installed()}:
        tables["maya"] = {"model": model}
        table = "maya"
    elif others or model in ("", AUTO):
        table = _table_of(voice)
        if table:
            tables["engine"] = {"kind": _first_available(table)}
        elif voice and not others and len(voice.split()) < 2:
            raise SettingsError(f"Unknown voice {voice!r}; choose one of: {_names(each.name for each in voices())}.")
    else:
        raise SettingsError(_unknown_model(model))
    if table == "maya" or (not table and (instructions or len(voice.split()) > 1)):  # Maya1, if `auto` chooses it
        tables["maya"] = {**tables.get("maya", {}), **_given(voice=instructions or voice)}
    elif table:
        tables[table] = _given(voice=voice)
    return load_settings(None, tables)


def _given(**values: str) -> dict[str, object]:
    return {name: value for name, value in values.items() if value}


def _table_of(voice: str) -> str:
    """Settings table of the engine that has a voice of that name; empty if none has."""
    if voice in saved_names():
        return "maya"
    return next((each.settings_table for each in plugins().values() if voice in {v.name for v in each.voices()}), "")


def _first_available(table: str) -> str:
    """Name of the first engine with that settings table that can run here. Raises EngineError if there is none."""
    sharing = {name: each for name, each in plugins().items() if each.settings_table == table}
    reasons: Mapping[str, str | None] = {
        name: each.unavailable_reason(engine_settings(each, Settings())) for name, each in sharing.items()
    }
    for name, reason in reasons.items():
        if reason is None:
            return name
    name, reason = next(iter(reasons.items()))
    raise EngineError(f"The engine {name}, which has this voice, cannot run: {reason}.")


def _model_names() -> list[str]:
    ready = [
        name for name, each in plugins().items() if each.unavailable_reason(engine_settings(each, Settings())) is None
    ]
    return [AUTO, *ready, *(each.name for each in store.installed() if each.has_weights)]


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "mayabook"}


def _unknown_model(name: str) -> str:
    return f"Unknown model {name!r}; choose one of: {_names(_model_names())}."


def _names(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))


def _error(status: int, message: str, param: str | None = None, headers: Mapping[str, str] | None = None) -> Response:
    kind = "rate_limit_error" if status == 429 else "invalid_request_error"
    content = {"error": {"message": message, "type": kind, "param": param, "code": None}}
    return JSONResponse(content, status, headers)
