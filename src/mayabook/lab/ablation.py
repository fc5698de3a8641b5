"""ablation: a factorial design over the settings in which two back ends differed, and each setting changed alone."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from pydantic import Field

from mayabook.checks import Checker
from mayabook.core.errors import LabError
from mayabook.engines.engine import Anchored
from mayabook.engines.sampler_settings import preset
from mayabook.lab.factorial import design
from mayabook.lab.legacy_backends import legacy_backends
from mayabook.lab.model_variants import LocalModelVariants, first_available
from mayabook.lab.plan import Plan
from mayabook.lab.report import is_artifact
from mayabook.lab.trial_runner import Trial, TrialRunner
from mayabook.render import LocalExecutor
from mayabook.render.anchor_choice import choose_anchor

NAME = "ablation"

Levels = Mapping[str, Any]
"""Settings of sampler, prompt and weight format at one level of a factor."""

FACTORS: dict[str, tuple[Levels, Levels]] = {
    "penalty": (
        {"penalty_window": 64, "penalty_prompt": False},
        {"penalty_window": "all", "penalty_prompt": True},
    ),
    "mask": ({"text_end": "seen"}, {"text_end": "hidden"}),
    "bos": ({"bos": "once"}, {"bos": "twice"}),
    "order": (
        {"order": "penalty top_k top_p min_p temperature"},
        {"order": "penalty temperature top_k top_p min_p"},
    ),
    "top_k": ({"top_k": 40}, {"top_k": 50}),
    "min_p": ({"min_p": 0.05}, {"min_p": 0.0}),
    "cap": ({"max_tokens": 0}, {"max_tokens": 2500}),
    "format": ({"format": "Q4_K_M"}, {"format": "NF4-bf16"}),
}
"""Factors that differed, or may have differed: first the level of llama-cpp-python in 2025, then that of transformers.

The cap was 2500 in both; its other level, 0, derives the cap from the length of the text. NF4-bf16 is NF4 with double
quantisation, computed in bfloat16, so the factor `format` changes both the weights and the number format."""
ALIKE_FACTORS: dict[str, tuple[Levels, Levels]] = {
    "length": ({"length": "chunk"}, {"length": "sentences"}),
    "description": ({"description": "given"}, {"description": "other"}),
    "warm-up": ({"warm_up": "kept"}, {"warm_up": "trimmed"}),
    "anchor": ({"anchor": "none"}, {"anchor": "auto"}),
}
"""Factors that were alike in both back ends: the level of all other cells, then another.

length: sentences of a chunk are synthesised one by one and joined. description: a preset voice is described in the
other form: free words, or the form that Maya1 was trained on. warm-up: the first frame is cut off. anchor: all takes
continue an anchor, as in `mayabook make`."""
FURTHER_LEVELS: dict[str, Levels] = {
    "penalty none": {"repetition_penalty": 1.0},
    "penalty 64": {"penalty_window": 64, "penalty_prompt": False},
    "penalty all": {"penalty_window": "all", "penalty_prompt": False},
    "penalty all, prompt": {"penalty_window": "all", "penalty_prompt": True},
    "top_k off": {"top_k": 0},
    "min tokens none": {"min_tokens": 0},
    "weights fp32": {"format": "fp32"},
    "weights bf16": {"format": "bf16"},
    "weights NF4, float32": {"format": "NF4-double"},
}
"""Further single changes to the transformers settings, for more than two levels of a factor."""
GGUF_BASELINE, TRANSFORMERS_BASELINE = "original-gguf", "original-transformers"
"""Presets of the two legacy back ends, and names of the cells with their settings unchanged."""


class AblationPlan(Plan):
    """A factorial design over all factors that differed, then each factor alone.

    A factor alone is changed to llama.cpp's level in the settings of transformers, and the other way round.
    """

    factors: tuple[str, ...] = tuple(FACTORS)
    """Factors to vary, of: penalty, mask, bos, order, top_k, min_p, cap, format."""
    alike: tuple[str, ...] = tuple(ALIKE_FACTORS)
    """Factors that were alike in both back ends and are changed alone, of: length, description, warm-up, anchor."""
    alike_takes: int = Field(default=60, ge=0, le=100_000)
    """Takes of each cell in which one of them is changed; 0 omits these cells."""
    chunks: int = Field(default=24, ge=0, le=10_000)
    """Chunks in every cell of the factorial design; 0 omits the design."""
    takes: int = Field(default=60, ge=0, le=100_000)
    """Takes of each cell in which one factor is changed; 0 omits these cells."""
    ladder: bool = True
    """Whether to test more than two levels of the penalty and of the weight format."""
    libraries: int = Field(default=30, ge=0, le=100_000)
    """Takes of each legacy back end, called as in 2025: one take at a time, sampled from the whole vocabulary."""
    temperature: float = Field(default=0.45, ge=0, le=5)
    """Temperature of all takes; the default is that of the investigation."""
    top_p: float = Field(default=0.92, gt=0, le=1)
    """Nucleus (top_p) of all takes; the default is that of the investigation."""


def baseline_settings(plan: AblationPlan) -> tuple[dict[str, Any], dict[str, Any]]:
    """All settings of the two legacy back ends, llama.cpp's first: sampler, prompt and format."""
    both = []
    for name, level in ((GGUF_BASELINE, 0), (TRANSFORMERS_BASELINE, 1)):
        settings: dict[str, Any] = {**preset(name).as_sampling(), "temperature": plan.temperature, "top_p": plan.top_p}
        for low_high in FACTORS.values():
            settings |= low_high[level]
        both.append({**settings, "max_tokens": preset(name).max_tokens, "bos": "twice"})
    return both[0], both[1]


def ablation_cells(plan: AblationPlan, factors: Sequence[str]) -> dict[str, tuple[str, dict[str, Any], dict[str, int]]]:
    """Name of a cell -> its part of the experiment, its settings, and its level (-1 or 1) of each factor.

    The parts are `factorial`, `one` (one factor changed), `alike` (one that was alike in both back ends changed) and
    `ladder`; only cells of `factorial` have levels.
    """
    good, bad = baseline_settings(plan)
    found: dict[str, tuple[str, dict[str, Any], dict[str, int]]] = {}
    if plan.chunks:
        for row in design(len(factors)).tolist():
            signs = dict(zip(factors, row, strict=True))
            settings = dict(good)
            for name, sign in signs.items():
                settings |= FACTORS[name][sign > 0]
            found[" ".join("-+"[sign > 0] for sign in row)] = ("factorial", settings, signs)
    if plan.takes:
        found[GGUF_BASELINE], found[TRANSFORMERS_BASELINE] = ("one", good, {}), ("one", bad, {})
        for name in factors:
            low, high = FACTORS[name]
            if _changes(bad, low):
                found[f"{TRANSFORMERS_BASELINE}, {name} undone"] = ("one", {**bad, **low}, {})
            if _changes(good, high):
                found[f"{GGUF_BASELINE}, {name} done"] = ("one", {**good, **high}, {})
        for name in plan.alike if plan.alike_takes else ():
            for base, settings in ((GGUF_BASELINE, good), (TRANSFORMERS_BASELINE, bad)):
                found[f"{base}, {name} changed"] = ("alike", {**settings, **ALIKE_FACTORS[name][1]}, {})
        if plan.ladder:
            for name, change in FURTHER_LEVELS.items():
                found[f"{TRANSFORMERS_BASELINE}, {name}"] = ("ladder", {**bad, **change}, {})
    return found


def differing_factors() -> list[str]:
    """The factors in which the two legacy back ends differ."""
    good, bad = baseline_settings(AblationPlan())
    return [name for name, levels in FACTORS.items() if any(good[key] != bad[key] for level in levels for key in level)]


def _changes(settings: Levels, change: Levels) -> bool:
    """Whether the change alters any of the settings."""
    return any(settings[name] != value for name, value in change.items())


def run(plan: AblationPlan, runner: TrialRunner) -> None:
    """Runs the trials of all cells, grouped by format, then those of the legacy back ends.

    Raises LabError for an unknown factor, or if none is left to vary.
    """
    for chosen, known in ((plan.factors, FACTORS), (plan.alike, ALIKE_FACTORS)):
        unknown = sorted(set(chosen) - known.keys())
        if unknown:
            raise LabError(f"There is no factor {unknown[0]!r}; choose from: {', '.join(known)}.")
    factors = [
        name for name in plan.factors if name != "format" or len(runner.available_formats(_formats("format"))) == 2
    ]
    if not factors:
        raise LabError("There is no factor left to vary; name others in the plan.")
    trials: dict[str, list[Trial]] = {}
    anchored: dict[str, list[Trial]] = {}
    first = first_available(runner.variants, ["Q4_K_M", "F16", "fp32"])
    for cell, (part, settings, signs) in ablation_cells(plan, factors).items():
        sampling = dict(settings)
        format = sampling.pop("format")
        if "format" not in factors and part != "ladder":
            format = first
        if runner.variants.unavailable_reason(format) is not None:
            runner.listener.on_message(f"Skipped {cell}: {runner.variants.unavailable_reason(format)}")
            continue
        n = {"factorial": plan.chunks, "alike": plan.alike_takes}.get(part, plan.takes)
        (anchored if sampling.get("anchor") == "auto" else trials).setdefault(format, []).extend(
            Trial(
                f"{part} {cell} {prompt.number}",
                cell,
                prompt,
                sampling,
                {"part": part, "signs": signs, "format": format},
            )
            for prompt in runner.prompts(n)
        )
    backends: list[tuple[str, Any, str, Any]] = []
    if plan.libraries and isinstance(runner.variants, LocalModelVariants):
        backends = list(legacy_backends(runner.variants))
    n_takes = sum(len(group) for group in (*trials.values(), *anchored.values()))
    runner.expect_takes(n_takes + len(backends) * plan.libraries)
    for name, group in trials.items():
        runner.run_format(name, group)
    for name, group in anchored.items():
        _run_anchored(runner, name, group)
    for cell, kind, format, _ in backends:
        extra = {"part": "library", "signs": {}, "format": format}
        prompts = runner.prompts(plan.libraries)
        own = [Trial(f"library {cell} {prompt.number}", cell, prompt, extra=extra) for prompt in prompts]
        changes = {"temperature": plan.temperature, "top_p": plan.top_p}
        runner.run(partial(kind, runner.variants, format, changes=changes), own)


def _run_anchored(runner: TrialRunner, format: str, trials: Sequence[Trial]) -> None:
    """Runs trials on an engine with an anchor; tells the listener why there is none if they are skipped."""
    if all(trial.key in runner.rows for trial in trials):
        return
    engine = runner.variants.open(format)
    try:
        reason = "this engine does not support anchors"
        if isinstance(engine, Anchored) and isinstance(runner.checker, Checker):
            engine.use_anchor(choose_anchor(LocalExecutor(engine), runner.checker, runner.listener.on_message))
            reason = "the checks accept no take of its text" if engine.anchor is None else ""
        if reason:
            runner.listener.on_message(f"Skipped takes with an anchor: {reason}")
        else:
            runner.run_on(engine, trials)
    finally:
        engine.close()


def _formats(factor: str) -> list[str]:
    """The formats of a factor's two levels."""
    return [str(level["format"]) for level in FACTORS[factor]]


def factorial_outcome(rows: Sequence[Mapping[str, Any]]) -> tuple[np.ndarray, list[str], np.ndarray]:
    """The results of the factorial design, for `effects`: signs, names of the factors, and artifacts as 0 or 1.

    Signs have shape (n_cells, n_factors), artifacts (n_chunks, n_cells). Only chunks with a take in every cell count,
    each with the first of its prompts.
    """
    table: dict[str, dict[int, int]] = {}
    signs: dict[str, dict[str, int]] = {}
    for row in sorted(rows, key=lambda row: int(row["item"])):
        table.setdefault(row["cell"], {}).setdefault(row["chunk"], int(is_artifact(row)))
        signs[row["cell"]] = row["signs"]
    chunks = sorted(set.intersection(*(set(column) for column in table.values())))
    names = list(next(iter(signs.values())))
    matrix = np.array([[signs[cell][name] for name in names] for cell in table])
    return matrix, names, np.array([[column[chunk] for column in table.values()] for chunk in chunks])


def unfinished_reason(rows: Sequence[Mapping[str, Any]]) -> str:
    """Why the factorial design cannot be analysed yet; empty once all cells have two chunks in common."""
    seen: dict[str, set[int]] = {}
    for row in rows:
        seen.setdefault(row["cell"], set()).add(row["chunk"])
    n_cells = len(design(len(rows[0]["signs"])))
    if len(seen) < n_cells:
        return f"{len(seen)} of its {n_cells} cells are begun"
    return "" if len(set.intersection(*seen.values())) > 1 else "its cells have no two chunks in common"
