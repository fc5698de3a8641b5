"""The page of voices: describe one, hear candidates side by side, save one; engines and models of this machine."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import psutil
from nicegui import ui

from mayabook.core.byte_size import format_bytes
from mayabook.core.hardware import gpus
from mayabook.core.settings import Settings
from mayabook.engines.plugin import EnginePlugin, Voice
from mayabook.engines.registry import engine_settings, plugins, voices
from mayabook.maya.defaults import default
from mayabook.maya.saved_voices import read_saved_voice, saved_names
from mayabook.maya.voice_fields import CONTEXT, build_description, note_on_training, voice_fields
from mayabook.maya.voices import voices as maya_presets
from mayabook.models import store
from mayabook.studio.child_commands import ChildCommands
from mayabook.studio.pages.elements import button, choice, reporting, set_attributes, tag, text, text_field

SAMPLE = "The clock in the tower was four minutes slow, and nobody in the town had ever complained of it."
_MAYA = "maya1"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A voice that is compared with others."""

    name: str
    engine: str
    """Name for the speech service."""
    voice: str
    """A name, or a description of Maya1."""
    about: str


class VoicesPage:
    def __init__(self, commands: ChildCommands) -> None:
        """commands: downloads and the like, which go on when the page is closed."""
        self._commands = commands
        self._sample = SAMPLE
        self._candidates: list[Candidate] = []
        self._fields = dict(maya_presets()[default("voice")].fields)
        tag("h1", text="Voices")
        with tag("section", "section", aria_labelledby="sample"):
            tag("h2", id="sample", text="What the voices say")
            text_field("Sample text", SAMPLE, self._set_sample, is_label_hidden=True, rows=2, maxlength="500")
        self._compared = tag("section", "section", aria_labelledby="compared")
        self._narrators()
        self._maya()
        with tag("section", "section", aria_labelledby="engines") as self._engines:
            tag("h2", id="engines", text="Engines and models on this machine")
            self._waiting = tag("p", "muted", text="Looking at this machine …", role="status")
        self._show_candidates()
        ui.timer(0, lambda: reporting(self._show_engines), once=True)

    def _set_sample(self, sample: str) -> None:
        self._sample = sample.strip() or SAMPLE
        for element in ui.context.client.elements.values():
            if "data-text" in element.props:
                set_attributes(element, data_text=self._sample)

    def _hear(self, label: str, engine: str, voice: str, *, is_label_hidden: bool = True) -> ui.element:
        return button(
            label,
            drawing="hear",
            is_label_hidden=is_label_hidden,
            js="(event) => hear(event.currentTarget)",
            data_text=self._sample,
            data_model=engine,
            data_voice=voice,
        )

    # Side by side

    def _compare(self, candidate: Candidate) -> None:
        if candidate not in self._candidates:
            self._candidates.append(candidate)
        self._show_candidates()

    def _drop(self, candidate: Candidate) -> None:
        self._candidates.remove(candidate)
        self._show_candidates()

    def _show_candidates(self) -> None:
        self._compared.clear()
        set_attributes(self._compared, hidden=not self._candidates)
        with self._compared:
            tag("h2", id="compared", text="Side by side")
            with tag("div", "grid"):
                for each in self._candidates:
                    with tag("article", "card padded section"):
                        with tag("div", "section-head"):
                            tag("h3", text=each.name)
                            button(f"Put {each.name} away", partial(self._drop, each), drawing="remove",
                                   kind="quiet", is_label_hidden=True)  # fmt: skip
                        tag("p", "muted small", text=each.about)
                        self._hear("Hear it", each.engine, each.voice, is_label_hidden=False)

    # The narrator

    def _narrators(self) -> None:
        with tag("section", "section", aria_labelledby="narrator"):
            tag("h2", id="narrator", text="The narrator")
            tag("p", "muted small", text="Runs on any machine, faster than real time.")
            with tag("ul", "card rows voice-list"):
                for each in voices():
                    if each.model == "narrator":
                        self._voice_row(each, "narrator")

    def _voice_row(self, voice: Voice, engine: str) -> None:
        name = voice.name.capitalize()
        with tag("li", "voice-row"):
            with tag("div"):
                tag("strong", text=name)
                tag("p", "muted small", text=voice.description)
            with tag("div", "buttons"):
                self._hear(f"Hear {name}", engine, voice.name)
                candidate = Candidate(name, engine, voice.name, voice.description)
                button(f"Compare {name}", lambda: self._compare(candidate), drawing="add", is_label_hidden=True)

    # Maya1

    def _maya(self) -> None:
        with tag("section", "section", aria_labelledby="maya"):
            tag("h2", id="maya", text="Maya1: describe a voice")
            self._maya_engine = next((name for name, each in plugins().items() if _can_speak(each, _MAYA)), "")
            if not self._maya_engine:
                with tag("p", "notice", role="note"):
                    text("Maya1 is not installed here, so these voices cannot be heard yet. See the models below.")
            with tag("div", "columns"):
                with tag("div", "card padded"):
                    presets = {name: f"{name}: {each.genre}" for name, each in maya_presets().items()}
                    presets |= {name: f"{name}: saved" for name in saved_names()}
                    choice("Begin with", presets, default("voice"), self._begin_with)
                    self._form = tag("div", "grid fields")
                with tag("div", "card padded section"):
                    tag("h3", text="The description")
                    self._description = text("", "serif", name="p")
                    self._training = text("", "small muted", name="p")
                    with tag("div", "buttons"):
                        self._hear_maya = self._hear("Hear it", self._maya_engine, "", is_label_hidden=False)
                        set_attributes(self._hear_maya, disabled=not self._maya_engine)
                        button("Compare", self._compare_maya, drawing="add")
            self._build_form()

    def _begin_with(self, name: str) -> None:
        preset = maya_presets().get(name)
        saved = read_saved_voice(name) if preset is None else None
        if preset is not None:
            self._fields = dict(preset.fields)
            self._build_form()
        elif saved is not None:
            self._compare(Candidate(name, self._maya_engine, name, saved.description))

    def _build_form(self) -> None:
        self._form.clear()
        with self._form:
            for name, field in voice_fields().items():
                options = {value: value.replace("_", " ") for value in field.values}
                value = self._fields.get(name, "")
                if name == CONTEXT or value not in options:
                    options = {value: value or "none", **({"": "none"} if name == CONTEXT else {}), **options}
                choice(name.capitalize(), options, value, partial(self._set_field, name))
        self._show_description()

    def _set_field(self, name: str, value: str) -> None:
        self._fields[name] = value
        self._show_description()

    def _show_description(self) -> None:
        description = build_description(self._fields)
        self._description.set_text(description)
        self._training.set_text(note_on_training(description) or "Maya1 was trained on voices like this one.")
        set_attributes(self._hear_maya, data_voice=description)

    def _compare_maya(self) -> None:
        description = build_description(self._fields)
        number = sum(each.engine == self._maya_engine for each in self._candidates) + 1
        self._compare(Candidate(f"Voice {number}", self._maya_engine, description, description))

    # Engines and models

    async def _show_engines(self) -> None:
        found = await asyncio.to_thread(_engines_here)
        machine = await asyncio.to_thread(_machine)
        self._waiting.delete()
        with self._engines:
            tag("p", "muted small", text=machine)
            with tag("ul", "card rows"):
                for name, state in found.items():
                    with tag("li", "engine-row"):
                        tag("strong", text=name.capitalize())
                        tag("span", "badge active" if state.is_ready else "badge", text=state.word)
                        tag("p", "muted small", text=state.about)


@dataclass(frozen=True, slots=True)
class EngineState:
    is_ready: bool
    about: str

    @property
    def word(self) -> str:
        return "ready" if self.is_ready else "not ready"


def _can_speak(plugin: EnginePlugin[Any], model: str) -> bool:
    """Whether the engine speaks the voices of that model here."""
    if not any(each.model == model for each in plugin.voices()):
        return False
    return plugin.unavailable_reason(engine_settings(plugin, Settings())) is None


def _engines_here() -> Mapping[str, EngineState]:
    found = {}
    for name, plugin in plugins().items():
        reason = plugin.unavailable_reason(engine_settings(plugin, Settings()))
        found[name] = EngineState(reason is None, reason or plugin.description)
    for model in store.installed():
        parts = [f"{kind} {format_bytes(store.size_of(file))}" for kind, file in model.ggufs.items()]
        if model.checkpoint:
            parts.append(f"checkpoint {format_bytes(store.size_of(model.checkpoint))}")
        found[model.name] = EngineState(model.has_weights, ", ".join(parts) or "no weights")
    return found


def _machine() -> str:
    memory = psutil.virtual_memory()
    cards = "; ".join(f"{gpu.name}, {gpu.free / 1e9:.0f} of {gpu.total / 1e9:.0f} GB free" for gpu in gpus())
    return (
        f"{os.cpu_count()} cores, {memory.available / 1e9:.0f} of {memory.total / 1e9:.0f} GB of memory free, "
        f"{cards or 'no GPU'}."
    )
