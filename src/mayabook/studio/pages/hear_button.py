"""A button that speaks a text in a voice; the browser itself calls the speech service (`/v1/audio/speech`)."""

from nicegui import ui

from mayabook.core.settings import Settings
from mayabook.engines.registry import plugins
from mayabook.studio.pages.elements import button


def hear_button(label: str, said: str, engine: str, voice: str, *, is_label_hidden: bool = False) -> ui.element:
    """said: the text to speak. To change it later, set the attribute `data-text`; to change the voice, `data-voice`."""
    return button(
        label,
        drawing="hear",
        is_label_hidden=is_label_hidden,
        js="(event) => hear(event.currentTarget)",
        data_text=said,
        data_model=engine,
        data_voice=voice,
    )


def engine_and_voice(settings: Settings) -> tuple[str, str]:
    """The engine and the voice that these settings name; the narrator if the engine is chosen automatically."""
    kind = settings.engine.kind
    engine = plugins().get(kind)
    table = settings.table(engine.settings_table if engine else "narrator")
    voice = getattr(table, "voice", "") if not isinstance(table, dict) else table.get("voice", "")
    return (kind if engine else "narrator"), str(voice)
