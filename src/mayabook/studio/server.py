"""The server: one ASGI application with the APIs, the pages and the security middleware."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from mayabook.core.version import __version__
from mayabook.studio import openai_speech, pages, rest
from mayabook.studio.access import Access
from mayabook.studio.security import SecurityMiddleware
from mayabook.studio.services import Services


def create_app(services: Services, access: Access, port: int) -> FastAPI:
    """The whole server. Call it once per process, because NiceGUI has one global application.

    services: started and closed with the server. port: the one it is served on.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        services.start()
        try:
            yield
        finally:
            await asyncio.to_thread(services.close)

    app = FastAPI(
        title="MayaBook", version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None
    )
    rest.add_routes(app, services)
    app.include_router(openai_speech.create_router(services.speech))
    pages.mount(app, services)
    app.add_middleware(SecurityMiddleware, access=access, port=port)
    return app
