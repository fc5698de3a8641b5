"""Messages on a page: what was done, and what went wrong."""

from weakref import WeakKeyDictionary

from nicegui import Client, context, ui

SECONDS = 8
"""How long a message stays that is not an error."""
_regions: WeakKeyDictionary[Client, ui.element] = WeakKeyDictionary()


def add_message_region() -> None:
    """Adds the region for messages to the page that is being built; screen readers announce its messages."""
    region = ui.element("div").classes("messages").props('role="status" aria-live="polite"')
    _regions[context.client] = region


def show_message(text: str, *, is_error: bool = False) -> None:
    """Shows one line; an error stays until it is closed."""
    region = _regions.get(context.client)
    if region is None or context.client.is_deleted:
        return
    with region, ui.element("div").classes("message error" if is_error else "message") as message:
        label = ui.label(text)
        label.tag = "span"
        with ui.element("button").classes("button quiet").props('type="button"') as close:
            shown = ui.label("Close")
            shown.tag = "span"
        close.on("click", message.delete, args=[])
        if not is_error:
            ui.timer(SECONDS, message.delete, once=True)  # a deleted message has no timer any more
