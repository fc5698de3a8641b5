"""Serves NiceGUI's browser side without Quasar, Tailwind and web fonts, so that a first page stays small.

The pages are made of native HTML elements (`elements.py`) and one style sheet. Of NiceGUI's client they need Vue,
socket.io and nicegui.js: 95 kB compressed. Quasar would add 190 kB of script and styles, Tailwind 68 kB. NiceGUI's page
template cannot leave Quasar out, so empty files are served in its place, by routes that precede NiceGUI's own. Elements
of `nicegui.ui` that Quasar draws (`ui.button`, `ui.select`, `ui.dialog`) show nothing on these pages.
"""

from importlib.resources import files
from typing import Final

import nicegui
from fastapi import FastAPI, Response
from nicegui import ui

STATIC: Final = "/static"
"""Path of the studio's own assets."""
FAVICON: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#1d8577" stroke-width="2" '
    'stroke-linecap="round" stroke-linejoin="round"><path d="M4 5.5C6.5 4.2 9.5 4.2 12 6c2.5-1.8 5.5-1.8 8-.5V19'
    'c-2.5-1.3-5.5-1.3-8 .5-2.5-1.8-5.5-1.8-8-.5z"/><path d="M8 10v3M12 9v6M16 10v3"/></svg>'
)
"""The drawing `logo` of icons.svg."""
_EMPTY = {
    "quasar.umd.prod.js": ("text/javascript", "window.Quasar = { lang: {} };"),
    "lang/en-US.umd.prod.js": ("text/javascript", ""),
    "quasar.important.prod.css": ("text/css", ""),
    "quasar.unimportant.prod.css": ("text/css", ""),
    "fonts.css": ("text/css", ""),
    "nicegui.css": ("text/css", ""),
}
"""File of NiceGUI -> media type and what is served in its place."""
_VUE_SETUP = """
for (const name of ["q-layout", "q-page-container", "q-page"])
  app.component(name, { render() { return Vue.h("div", this.$slots.default?.()); } });
darkSetter = () => {};
"""
"""In place of `app.use(Quasar)`: the three elements that NiceGUI puts around each page are plain ones."""
_KEPT = {"Cache-Control": "public, max-age=31536000, immutable"}


def serve_assets(app: FastAPI) -> None:
    """Adds the routes of the assets to `app`, which NiceGUI is mounted on, and sets NiceGUI's client up."""
    for name, (media_type, body) in _EMPTY.items():
        _serve_text(app, f"/_nicegui/{nicegui.__version__}/static/{name}", media_type, body)
    nicegui.app.add_static_files(STATIC, str(files("mayabook.studio").joinpath("static")), max_cache_age=0)
    nicegui.app.config.vue_config_script = _VUE_SETUP
    ui.add_head_html(
        f'<link rel="stylesheet" href="{STATIC}/studio.css"><script src="{STATIC}/studio.js"></script>', shared=True
    )


def _serve_text(app: FastAPI, path: str, media_type: str, body: str) -> None:
    def answer() -> Response:
        return Response(body, media_type=media_type, headers=_KEPT)

    app.add_api_route(path, answer, include_in_schema=False)
