"""The controls of all pages: native HTML elements with a label, an event and a style.

Every text is set as text, never as HTML, so no text of a book is taken for markup.
"""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal

from nicegui import ui
from nicegui.events import GenericEventArguments

from mayabook.core.errors import MayaBookError
from mayabook.studio.pages.client_assets import STATIC
from mayabook.studio.pages.messages import show_message

Handler = Callable[[], Awaitable[None] | None]
TextHandler = Callable[[str], Awaitable[None] | None]
SwitchHandler = Callable[[bool], Awaitable[None] | None]
ButtonKind = Literal["primary", "plain", "quiet", "danger"]


def tag(name: str, classes: str = "", text: str = "", **attributes: Any) -> ui.element:
    """An HTML element.

    attributes: underscores stand for dashes. True gives an attribute without a value; None and False give none.
    """
    element = ui.label(text) if text else ui.element(name)
    element.tag = name
    if classes:
        element.classes(classes)
    set_attributes(element, **attributes)
    return element


def set_attributes(element: ui.element, **attributes: Any) -> None:
    """Sets attributes, as `tag` takes them, and removes those that are None or False."""
    for name, value in attributes.items():
        name = name.rstrip("_").replace("_", "-")
        if value is None or value is False:
            if name in element.props:
                del element.props[name]
        elif element.props.get(name) != value:
            element.props[name] = value


def text(content: str, classes: str = "", name: str = "span") -> ui.label:
    """A text whose `text` can be changed."""
    label = ui.label(content)
    label.tag = name
    if classes:
        label.classes(classes)
    return label


def icon(name: str) -> ui.element:
    """An icon from `static/icons.svg`, hidden from screen readers."""
    with tag("svg", "icon", aria_hidden="true") as drawing:
        tag("use", href=f"{STATIC}/icons.svg#{name}")
    return drawing


def button(
    label: str,
    on_click: Handler | None = None,
    *,
    drawing: str = "",
    kind: ButtonKind = "plain",
    is_label_hidden: bool = False,
    js: str | None = None,
    **attributes: Any,
) -> ui.element:
    """A button. js: a function of the event that runs in the browser in place of `on_click`."""
    element = tag("button", f"button {kind}", type="button", **attributes)
    with element:
        if drawing:
            icon(drawing)
        if is_label_hidden:
            set_attributes(element, aria_label=label, title=label)
        else:
            text(label)
    if js is not None:
        element.on("click", js_handler=js)
    if on_click is not None:
        element.on("click", lambda: reporting(on_click), args=[])
    return element


def link(label: str, address: str, *, drawing: str = "", classes: str = "", **attributes: Any) -> ui.element:
    """A link to another page."""
    with tag("a", classes, href=address, **attributes) as element:
        if drawing:
            icon(drawing)
        if label:
            text(label)
    return element


def text_field(
    label: str,
    value: str = "",
    on_change: TextHandler | None = None,
    *,
    note: str = "",
    is_label_hidden: bool = False,
    rows: int = 0,
    **attributes: Any,
) -> ui.element:
    """A line of text, or with `rows` a field of several; `on_change` gets the text when the person leaves the field or
    presses Enter. Returns the input element."""
    with tag("label", "field"):
        text(label, "visually-hidden" if is_label_hidden else "field-label")
        if rows:
            element = tag("textarea", "input", text=value, rows=rows, **attributes)
        else:
            # As an attribute (^), this is only the initial value: a redraw of the page keeps what the user has typed.
            element = tag("input", "input", **{"^value": value}, autocomplete="off", **{"type": "text", **attributes})
        if note:
            text(note, "field-note")
    if on_change is not None:
        element.on("change", _with_value(on_change), js_handler="(event) => emit(event.target.value)")
    return element


def choice(
    label: str,
    options: Mapping[str, str],
    value: str,
    on_change: TextHandler | None = None,
    *,
    note: str = "",
    is_label_hidden: bool = False,
    **attributes: Any,
) -> ui.element:
    """One of several. options: value -> what is shown. Returns the select element."""
    with tag("label", "field"):
        text(label, "visually-hidden" if is_label_hidden else "field-label")
        with tag("select", "input", **attributes) as element:
            for each, shown in options.items():
                tag("option", text=shown or "—", value=each, selected=each == value or None)
        if note:
            text(note, "field-note")
    if on_change is not None:
        element.on("change", _with_value(on_change), js_handler="(event) => emit(event.target.value)")
    return element


def switch(
    label: str,
    value: bool,
    on_change: SwitchHandler | None = None,
    *,
    note: str = "",
    is_label_hidden: bool = False,
    **attributes: Any,
) -> ui.element:
    """A tick box. Returns the input element."""
    with tag("label", "tick"):
        element = tag("input", type="checkbox", checked=value or None, **attributes)
        text(label, "visually-hidden" if is_label_hidden else "")
        if note:
            text(note, "field-note")
    if on_change is not None:

        def changed(event: GenericEventArguments) -> Awaitable[None]:
            set_attributes(element, checked=bool(event.args))
            return reporting(lambda: on_change(bool(event.args)))

        element.on("change", changed, js_handler="(event) => emit(event.target.checked)")
    return element


def fact(name: str, value: str = "") -> ui.label:
    """A figure with its name, inside a `dl` of the class `facts`. Returns the figure."""
    with tag("div"):
        tag("dt", text=name)
        return text(value, name="dd")


async def reporting(action: Handler) -> None:
    """Runs an action, and shows a MayaBookError as a message on the page."""
    try:
        result = action()
        if inspect.isawaitable(result):
            await result
    except MayaBookError as error:
        show_message(str(error), is_error=True)


def _with_value(on_change: TextHandler) -> Callable[[GenericEventArguments], Awaitable[None]]:
    def changed(event: GenericEventArguments) -> Awaitable[None]:
        return reporting(lambda: on_change(str(event.args)))

    return changed
