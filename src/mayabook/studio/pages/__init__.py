"""The pages of the studio, on NiceGUI."""

from fastapi import FastAPI
from nicegui import ui

from mayabook.studio.pages.client_assets import serve_assets
from mayabook.studio.services import Services


def mount(app: FastAPI, services: Services) -> None:
    """Adds the pages to the server. Call it once in a process, after all other routes are there: NiceGUI takes every
    address that is left."""
    serve_assets(app)
    ui.run_with(app, title="MayaBook", tailwind=False, show_welcome_message=False)
