"""The overlay that lists the keys of a page."""

from collections.abc import Sequence

from mayabook.studio.pages.elements import button, tag


def keys_dialog(dialog_id: str, keys: Sequence[tuple[str, str]]) -> None:
    """Adds the overlay, and nothing that shows. keys: (key, what it does)."""
    with tag("dialog", "keys card padded", id=dialog_id, aria_labelledby=f"{dialog_id}-title"):
        with tag("div", "section-head"):
            tag("h2", id=f"{dialog_id}-title", text="Keys")
            button("Close", kind="quiet", js="(event) => event.target.closest('dialog').close()")
        with tag("dl", "key-list"):
            for key, what in keys:
                with tag("div"):
                    with tag("dt"):
                        tag("kbd", text=key)
                    tag("dd", text=what)


def keys_button(dialog_id: str) -> None:
    """Opens the overlay."""
    button("Keys ( ? )", kind="quiet", js=f"() => document.getElementById('{dialog_id}').showModal()")
