"""The page of voices: describe one, hear candidates side by side, save one; engines and models of this machine."""

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psutil
from nicegui import ui

from mayabook.core.byte_size import format_bytes
from mayabook.core.hardware import free_memory, gpus
from mayabook.core.settings import Settings
from mayabook.engines.plugin import EnginePlugin, Voice
from mayabook.engines.registry import engine_settings, plugins, voices
from mayabook.maya.defaults import default
from mayabook.maya.saved_voices import read_saved_voice, saved_names
from mayabook.maya.voice_fields import CONTEXT, build_description, note_on_training, voice_fields
from mayabook.maya.voices import voices as maya_presets
from mayabook.models import store
from mayabook.models.catalogue import catalogue
from mayabook.studio.child_commands import ChildCommand, ChildCommands
from mayabook.studio.pages.elements import button, choice, reporting, set_attributes, tag, text, text_field
from mayabook.studio.pages.hear_button import hear_button
from mayabook.studio.pages.live import Live
from mayabook.studio.pages.messages import show_message

SAMPLE = "The clock in the tower was four minutes slow, and nobody in the town had ever complained of it."
_MAYA = "maya1"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A voice that is compared with others."""

    name: str
    engine: str
    """As the speech service's `model` field takes it."""
    voice: str
    """A voice's name, or for Maya1 a description."""
    about: str


class VoicesPage:
    def __init__(self, commands: ChildCommands, jobs: Callable[[], Mapping[str, Path]], lab: Path) -> None:
        """commands: downloads and the like, which go on when the page is closed. jobs: title of a narrated book -> its
        job folder. lab: folder for the reports of `mayabook tune`."""
        self._commands, self._jobs, self._lab = commands, jobs, lab
        self._sample = SAMPLE
        self._candidates: list[Candidate] = []
        self._fields = dict(maya_presets()[default("voice")].fields)
        tag("h1", text="Voices")
        with tag("section", "section", aria_labelledby="sample"):
            tag("h2", id="sample", text="Sample text")
            text_field("Sample text", SAMPLE, self._set_sample, is_label_hidden=True, rows=2, maxlength="500")
        self._compared = tag("section", "section", aria_labelledby="compared")
        self._narrators()
        self._maya()
        with tag("section", "section", aria_labelledby="engines") as self._engines:
            tag("h2", id="engines", text="Engines and models on this machine")
            self._waiting = tag("p", "muted", text="Checking this machine …", role="status")
        self._show_candidates()
        ui.timer(0, lambda: reporting(self._show_engines), once=True)

    def _set_sample(self, sample: str) -> None:
        self._sample = sample.strip() or SAMPLE
        for element in ui.context.client.elements.values():
            if "data-text" in element.props:
                set_attributes(element, data_text=self._sample)

    def _hear(self, label: str, engine: str, voice: str, *, is_label_hidden: bool = True) -> ui.element:
        return hear_button(label, self._sample, engine, voice, is_label_hidden=is_label_hidden)

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
                            button(f"Remove {each.name}", partial(self._drop, each), drawing="remove",
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
                    text("Maya1 is not installed on this machine, so these voices cannot be heard. Download it below.")
            with tag("div", "columns"):
                with tag("div", "card padded"):
                    presets = {name: f"{name}: {each.genre}" for name, each in maya_presets().items()}
                    presets |= {name: f"{name}: saved" for name in saved_names()}
                    choice("Start from", presets, default("voice"), self._begin_with)
                    self._form = tag("div", "grid fields")
                with tag("div", "card padded section"):
                    tag("h3", text="The description")
                    self._description = text("", "serif", name="p")
                    self._training = text("", "small muted", name="p")
                    with tag("div", "buttons"):
                        self._hear_maya = self._hear("Hear it", self._maya_engine, "", is_label_hidden=False)
                        set_attributes(self._hear_maya, disabled=not self._maya_engine)
                        button("Compare", self._compare_maya, drawing="add")
            self._saving()
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
        self._training.set_text(note_on_training(description) or "Maya1 was trained on descriptions like this one.")
        set_attributes(self._hear_maya, data_voice=description)

    def _compare_maya(self) -> None:
        description = build_description(self._fields)
        number = sum(each.engine == self._maya_engine for each in self._candidates) + 1
        self._compare(Candidate(f"Voice {number}", self._maya_engine, description, description))

    # The voice of a job

    def _saving(self) -> None:
        """The form that saves the voice of a narrated book."""
        jobs = self._jobs()
        with tag("details"):
            tag("summary", text="Save the voice of a book")
            with tag("div", "section"):
                tag(
                    "p",
                    "muted small",
                    text="Maya1 chooses one speaker per audiobook. Save it under a name to use it for other books.",
                )
                if not jobs:
                    tag("p", "muted", text="No book of the library has been narrated yet.")
                    return
                with tag("div", "grid"):
                    book = {"job": next(iter(jobs))}
                    name = {"name": ""}
                    choice("Book", {title: title for title in jobs}, book["job"], partial(book.__setitem__, "job"))
                    text_field(
                        "Name of the voice", "", partial(name.__setitem__, "name"), placeholder="for example anna"
                    )
                button("Save the voice", lambda: self._save(name["name"], jobs[book["job"]]), kind="primary")

    async def _save(self, name: str, job: Path) -> None:
        command = ChildCommand(f"Save the voice {name}", ("voices", "save", name, str(job)))
        await asyncio.to_thread(command.wait)
        show_message(command.last_line)

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
                        tag("strong", text=name)
                        tag("span", "badge active" if state.is_ready else "badge", text=state.word)
                        with tag("div"):
                            tag("p", "muted small", text=state.about)
                            if state.can_be_tuned:
                                button("Tune", partial(self._tune, name))
            self._downloads()
            self._running = tag("ul", "card rows", aria_label="Downloads and tuning in progress")
        Live(self._progress, self._show_progress)

    def _downloads(self) -> None:
        """Models of the catalogue, in the forms that they come in."""
        free = free_memory()
        for name, entry in catalogue().items():
            forms = {
                form: f"{form}, {size:g} GB: {'fits' if 1.2e9 * size < free else 'needs more memory than is free'}"
                for form, size in entry.gigabytes.items()
            }
            if not forms:
                continue
            chosen = {"form": next(iter(forms))}
            with tag("div", "card padded section"):
                tag("h3", text=f"Download {name}")
                tag("p", "muted small", text=f"{entry.about} To run it, also type pip install 'mayabook[gguf]', or "
                    "'mayabook[transformers]' for the checkpoint.")  # fmt: skip
                with tag("div", "buttons"):
                    choice("Form", forms, chosen["form"], partial(chosen.__setitem__, "form"), is_label_hidden=True)
                    button("Download", partial(self._pull, name, chosen),
                           drawing="download")  # fmt: skip

    def _pull(self, name: str, chosen: Mapping[str, str]) -> None:
        form = chosen["form"]
        size = catalogue()[name].gigabytes[form] * 1e9
        options = () if form == "checkpoint" else ("--format", form)
        folder = store.model_folder(name)
        self._commands.begin(
            f"Download {name} as {form}", "models", "pull", name, *options, filled=folder, n_bytes=size
        )

    def _tune(self, name: str) -> None:
        self._commands.begin(f"Tune {name}", "tune", name, "-o", str(self._lab / f"tune-{name}"))

    def _progress(self) -> tuple[tuple[ChildCommand, bool, float | None, str], ...]:
        return tuple((each, each.is_running, each.fraction, each.last_line) for each in self._commands)

    def _show_progress(self, shown: tuple[tuple[ChildCommand, bool, float | None, str], ...]) -> None:
        self._running.clear()
        set_attributes(self._running, hidden=not shown)
        with self._running:
            for command, is_running, fraction, line in shown:
                look, word = ("active", "running") if is_running else ("error", "failed")
                if not is_running and not command.has_failed:
                    look, word = "active", "done"
                with tag("li", "engine-row"):
                    tag("strong", text=command.title)
                    tag("span", f"badge {look}", text=word)
                    with tag("div"):
                        tag("p", "muted small", text=line.removeprefix("mayabook: ") or "Starting …")
                        if is_running and fraction is not None:
                            with tag("div", "progress", role="progressbar", aria_label=command.title,
                                     aria_valuenow=round(100 * fraction)):  # fmt: skip
                                tag("div", style_=f"width: {100 * fraction:.1f}%")
                        button("Stop" if is_running else "Dismiss", partial(self._commands.forget, command))


@dataclass(frozen=True, slots=True)
class EngineState:
    """An engine, or a model."""

    is_ready: bool
    about: str
    can_be_tuned: bool = False

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
        found[model.name] = EngineState(model.has_weights, ", ".join(parts) or "no weights", model.has_weights)
    return found


def _machine() -> str:
    memory = psutil.virtual_memory()
    cards = "; ".join(f"{gpu.name}, {gpu.free / 1e9:.0f} of {gpu.total / 1e9:.0f} GB free" for gpu in gpus())
    return (
        f"{os.cpu_count()} cores, {memory.available / 1e9:.0f} of {memory.total / 1e9:.0f} GB of memory free, "
        f"{cards or 'no GPU'}."
    )
