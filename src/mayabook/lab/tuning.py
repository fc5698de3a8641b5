"""Tunes a model on this machine: a race for each factor of its engine, within a time budget.

The winner of a race is the setting of the races that follow. If the default of another factor is defective, all takes
of a race fail, and two such defaults hide each other. So the default is screened first: if it fails, the races begin
with a configuration that does not. The screening has takes of its own, because a race among takes that were selected
for their outcome would be biased.

Takes are rows on disk, and everything else follows from them: after Ctrl-C or a crash the same call goes on where it
stopped, and the time that was used counts.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from mayabook.checks import Checker
from mayabook.checks.thresholds import load_thresholds
from mayabook.core.chunk import Chunk
from mayabook.core.errors import EngineError
from mayabook.core.settings import ScriptSettings
from mayabook.core.take import Take
from mayabook.engines import Engine
from mayabook.engines.engine import Anchored, HasFixedSpeaker
from mayabook.engines.registry import understood_text
from mayabook.engines.tuning import Factor, Level
from mayabook.lab.prompts import Prompt
from mayabook.lab.racing import LOOKS, RaceState, replay
from mayabook.lab.rows import Row, Rows
from mayabook.lab.speaker_rows import reject_other_voices, speaker_entries
from mayabook.lab.trial_runner import TakeChecker, TakeRunner, Trial, TrialListener
from mayabook.lab.tuning_plan import Configuration, TuningPlan
from mayabook.maya.anchor import Anchor
from mayabook.render import LocalExecutor
from mayabook.render.content_keys import take_seed
from mayabook.render.job_anchor import make_anchor

FASTER = 1.1
"""A level of a factor of speed replaces the default if it is faster by this factor at least, in every measurement."""
SCREENED = range(LOOKS[-1], LOOKS[-1] + 4)
"""Units that only the screening reads."""
_HARDLY_ANY = 1
"""A configuration that fails in at most so many units of SCREENED ends the screening."""
_SCREENING = "screening"
"""Entry `race` of the rows of the screening."""
_FIRST_ROUND = 4
"""Units that each level reads first, before anything is known of the pace."""
_SPEED_PROBES = 5
"""Measurements of the speed of a level."""


@dataclass(frozen=True)
class RaceResult:
    """What a race over a factor showed."""

    factor: Factor
    state: RaceState
    chosen: Level
    cells: Mapping[str, str]
    """Name of a level -> cell of its rows."""


@dataclass(frozen=True)
class SpeedResult:
    """What the measurements of a factor of speed showed."""

    factor: Factor
    rates: Mapping[str, Sequence[float]]
    """Name of a level -> measured seconds of speech per second of decoding, all batch rows busy."""
    chosen: Level


@dataclass(frozen=True)
class TuningResult:
    """Everything that a tuning found."""

    plan: TuningPlan
    start: Configuration
    """Where the races began: the default, unless it failed in the screening."""
    races: Sequence[RaceResult]
    speeds: Sequence[SpeedResult]
    chosen: Configuration
    rows: Sequence[Row]
    """All takes."""
    cell: str
    """Cell of the takes with the chosen configuration."""
    real_time_factor: float | None
    """Of the chosen configuration: seconds of speech per second of decoding."""
    slots: int
    """Batch rows of the chosen configuration; 0 if the engine has none."""
    platform: str
    """What computed."""
    seconds: float
    """Time used."""


class Tuner:
    """Runs the races of a plan. Use as a context manager: it closes the engine that is open at the end."""

    def __init__(self, plan: TuningPlan, rows: Rows, checker: TakeChecker, listener: TrialListener) -> None:
        self._plan, self._rows, self._checker, self._listener = plan, rows, checker, listener
        self._anchors: dict[str, Anchor | None] = {}
        self._runner = TakeRunner(rows, listener, checker, measure=self._measure_speaker)
        self._figures = load_thresholds()
        self._chunks: dict[ScriptSettings, list[list[Chunk]]] = {}
        self._engine: Engine | None = None
        self._open_levels: Configuration = {}
        self._told: set[str] = set()

    def __enter__(self) -> "Tuner":
        self._opened(self._plan.default)
        self._limits = self._choice.chunk_limits
        return self

    def __exit__(self, *error: object) -> None:
        self._close()

    def run(self) -> TuningResult:
        """Screens the default, runs all races, then measures speed."""
        start = self._screened()
        chosen = dict(start)
        races: list[RaceResult] = []
        for at, factor in enumerate(self._plan.races):
            before = self._used(_SCREENING) + sum(self._used(race.factor.name) for race in races)
            share = (self._plan.seconds - before) / (len(self._plan.races) - at)
            races.append(self._race(factor, chosen, share))
            chosen[factor.name] = races[-1].chosen
        if not self._takes(self._cell(chosen), range(LOOKS[-1])):
            self._read("figures", chosen, range(LOOKS[0]), self._plan.seconds)
        speeds = [self._compare_speeds(factor, chosen) for factor in self._plan.factors if factor.is_of_speed]
        chosen |= {found.factor.name: found.chosen for found in speeds}
        platform, rate, slots = self._measure(chosen)
        cells = {row["cell"]: None for row in self._rows if "accepted" in row}
        rows = [row for cell in cells for units in (range(LOOKS[-1]), SCREENED) for row in self._takes(cell, units)]
        used = sum(self._used(name) for name in {row["race"] for row in self._rows})
        cell = self._cell(chosen)
        return TuningResult(self._plan, start, races, speeds, chosen, rows, cell, rate, slots, platform, used)

    def _screened(self) -> Configuration:
        """The configuration that fails in the fewest units of the screening.

        The search ends with the first that fails in hardly any, or when its time is used up.
        """
        best, fewest = self._plan.default, len(SCREENED)
        seconds = self._plan.seconds / (len(self._plan.races) + 1)
        for levels in self._plan.configurations() if self._plan.races else ():
            self._read(_SCREENING, levels, SCREENED, seconds - self._used(_SCREENING))
            outcomes = self._outcomes(levels, SCREENED)
            if len(outcomes) < len(SCREENED):
                break
            if sum(outcomes) < fewest:
                best, fewest = levels, sum(outcomes)
            if fewest <= _HARDLY_ANY:
                break
            if levels == self._plan.default:
                self._listener.on_message(
                    f"The defaults fail in {sum(outcomes)} of {len(outcomes)} passages; other settings are tried first."
                )
        return best

    def _race(self, factor: Factor, others: Configuration, seconds: float) -> RaceResult:
        """Races the levels of a factor, the other factors at the levels of `others`. seconds: most time for it."""
        configurations = {level.name: {**others, factor.name: level} for level in factor.levels}
        self._listener.on_message(f"{factor.name}: {', '.join(configurations)}")
        names, n_passages = list(configurations), len(self._plan.passages.blocks)
        while True:
            outcomes = {name: self._outcomes(configurations[name], range(LOOKS[-1])) for name in names}
            state = replay(names, outcomes, n_passages, self._plan.significance_level)
            left = seconds - self._used(factor.name)
            if not state.running or left <= 0:
                break
            n_units = self._next_units(factor.name, [len(outcomes[name]) for name in state.running], state, left)
            for at, name in enumerate(state.running):  # a slow level leaves the others their share of the time
                share = (seconds - self._used(factor.name)) / (len(state.running) - at)
                self._read(factor.name, configurations[name], range(n_units), share)
        cells = {name: self._cell(levels) for name, levels in configurations.items()}
        return RaceResult(factor, state, _winner(factor, state, outcomes), cells)

    def _next_units(self, race: str, n_read: Sequence[int], state: RaceState, left: float) -> int:
        """Units that each level should have read after the next round: as far as the next look, or as time allows.

        n_read: units that each running level has read. left: seconds for this race.
        """
        n_here = sum(row["race"] == race and row["part"] == 0 for row in self._rows if "part" in row)
        if not n_here:
            return min(state.next_look, min(n_read) + _FIRST_ROUND)
        pace = self._used(race) / n_here
        missing = sum(state.next_look - n for n in n_read)
        if pace * missing <= left:
            return state.next_look
        return min(state.next_look, min(n_read) + max(1, int(left / pace / len(n_read))))

    def _read(self, race: str, levels: Configuration, units: range, seconds: float) -> None:
        """Makes the takes of units that have none yet; stops after `seconds`."""
        if seconds <= 0:
            return
        began = time.time()
        engine = self._opened(levels)
        if isinstance(engine, Anchored):
            engine.use_anchor(self._anchor(engine, levels))
        sampling = self._plan.sampling(levels)
        cell, n_passages = self._cell(levels), len(self._plan.passages.blocks)
        trials = []
        for unit, parts in self._chunks_of(levels, units):
            repetition, passage = divmod(unit, n_passages)
            for part, chunk in enumerate(parts):
                prompt = Prompt(unit, passage, chunk, take_seed(engine.voice, chunk.spoken, repetition), None)
                extra = {"race": race, "part": part, "began": round(began, 3)}
                trials.append(Trial(_key(cell, unit, part), cell, prompt, sampling, extra))
        self._runner.run_on(engine, trials, lambda: time.time() - began > seconds)

    def _anchor(self, engine: Anchored, levels: Configuration) -> Anchor | None:
        """The anchor of a configuration, which is made once with each format."""
        settings = self._plan.with_levels(levels).maya
        key = f"{settings.anchor} {', '.join(level.name for level in self._open_levels.values())}"
        if key not in self._anchors:
            assert isinstance(self._checker, Checker)
            self._anchors[key] = make_anchor(
                LocalExecutor(engine), settings, self._choice.model, self._checker, self._note
            )
        return self._anchors[key]

    def _chunks_of(self, levels: Configuration, units: range) -> list[tuple[int, list[Chunk]]]:
        """Units, each with the chunks of its passage."""
        script = self._limits(self._plan.with_levels(levels).script)
        if script not in self._chunks:
            self._chunks[script] = [list(map(self._understood, parts)) for parts in self._plan.passages.chunks(script)]
        chunks = self._chunks[script]
        return [(unit, chunks[unit % len(chunks)]) for unit in units]

    def _understood(self, chunk: Chunk) -> Chunk:
        """The chunk with what the engine understands of its spoken text."""
        return replace(chunk, spoken=understood_text(self._plan.plugin.name, chunk.spoken))

    def _outcomes(self, levels: Configuration, units: range) -> list[bool]:
        """Whether each unit failed, of those that a configuration has read: a unit fails if one of its takes does."""
        cell, outcomes = self._cell(levels), []
        accepted = {row["key"]: row["accepted"] for row in self._takes(cell, units)}
        for unit, parts in self._chunks_of(levels, units):
            keys = [_key(cell, unit, part) for part in range(len(parts))]
            if not accepted.keys() >= set(keys):
                break
            outcomes.append(not all(accepted[key] for key in keys))
        return outcomes

    def _takes(self, cell: str, units: range) -> list[Row]:
        """The takes of a cell in these units, in order; those in another voice than most are rejected."""
        rows = [row for row in self._rows if row["cell"] == cell and row.get("item") in units]
        in_order = sorted(rows, key=lambda row: (row["item"], row["part"]))
        return reject_other_voices(in_order, self._figures)

    def _measure_speaker(self, take: Take) -> Row:
        return {} if isinstance(self._engine, HasFixedSpeaker) else speaker_entries(take, self._figures)

    def _cell(self, levels: Configuration) -> str:
        """Name of a configuration, by the factors that change takes."""
        names = [factor.name for factor in self._plan.factors if not factor.is_of_speed]
        return ", ".join(f"{name} {levels[name].name}" for name in names) or "default"

    def _used(self, race: str) -> float:
        """Seconds that the takes of a race took, those of earlier runs included."""
        ends: dict[float, float] = {}
        for row in self._rows:
            if row["race"] == race:
                ends[row["began"]] = max(ends.get(row["began"], 0.0), row["ended"])
        return sum(end - began for began, end in ends.items())

    def _compare_speeds(self, factor: Factor, others: Configuration) -> SpeedResult:
        """Measures the levels of a factor of speed."""
        default, *rest = factor.levels
        rates = {level.name: self._speeds(factor.name, {**others, factor.name: level}) for level in factor.levels}
        if not rates[default.name]:
            return SpeedResult(factor, rates, default)
        limit = FASTER * max(rates[default.name])
        faster = [level for level in rest if rates[level.name] and min(rates[level.name]) > limit]
        chosen = max(faster, key=lambda level: median(rates[level.name]), default=default)
        return SpeedResult(factor, rates, chosen)

    def _speeds(self, race: str, levels: Configuration) -> list[float]:
        """Measurements of the speed of a configuration; none if the engine does not say, or cannot be opened."""
        key = f"speed {', '.join(level.name for level in levels.values())}"
        row = self._rows.get(key)
        if row is None:
            began = time.time()
            try:
                engine = self._opened(levels)
                found = [self._plan.plugin.real_time_factor(engine) for _ in range(_SPEED_PROBES)]
            except EngineError as error:  # too large for the memory, for example
                self._listener.on_message(f"Skipped {race} {levels[race].name}: {error}")
                found = []
            rates = [rate for rate in found if rate is not None]
            row = {"key": key, "cell": race, "race": race, "rates": rates, "began": began, "ended": time.time()}
            self._rows.add(row)
        return [float(rate) for rate in row["rates"]]

    def _measure(self, levels: Configuration) -> tuple[str, float | None, int]:
        """Platform, speed and batch rows of a configuration."""
        engine = self._opened(levels)
        rate = self._plan.plugin.real_time_factor(engine)
        return engine.platform, rate, self._choice.slots

    def _opened(self, levels: Configuration) -> Engine:
        """The engine of a configuration, which stays open while only factors of requests differ."""
        per_request = {factor.name for factor in self._plan.factors if factor.is_per_request}
        needed = {name: level for name, level in levels.items() if name not in per_request}
        if self._engine is None or needed != self._open_levels:
            self._close()
            self._engine, self._choice = self._plan.open(levels, self._note)
            self._open_levels = needed
        return self._engine

    def _note(self, line: str) -> None:
        """Tells the listener a line of an engine, the first time only."""
        if line not in self._told:
            self._told.add(line)
            self._listener.on_message(line)

    def _close(self) -> None:
        if self._engine is not None:
            self._engine.close()
        self._engine = None


def _key(cell: str, unit: int, part: int) -> str:
    return f"{cell} | {unit}.{part}"


def _winner(factor: Factor, state: RaceState, outcomes: Mapping[str, Sequence[bool]]) -> Level:
    """The level with the fewest failures of those that are better than the default beyond chance, else the default."""
    by_name = {level.name: level for level in factor.levels}
    better = sorted(state.better, key=lambda name: sum(outcomes[name]) / len(outcomes[name]))
    return by_name[better[0]] if better else factor.levels[0]
