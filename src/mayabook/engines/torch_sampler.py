"""The sampler of `mayabook.engines.sampler` for logits that are torch tensors: the same tokens from the same logits.

All rows are computed at every draw, so that shapes never change, and the host waits for the device once a draw.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mayabook.engines.sampler import LIMIT, DrawnTokens, SlotStates, prompt_columns
from mayabook.engines.sampler_settings import SamplerSettings
from mayabook.maya.token_layout import CODES_PER_FRAME, Layout


class Control(NamedTuple):
    """Inputs of a draw for each row, float64, shape (n_slots, 1) each: one transfer from host to device."""

    uniform: Tensor
    position: Tensor
    may_end: Tensor
    entering: Tensor
    """Column that came into the penalty's window since the last draw; -1 for none."""
    leaving: Tensor
    order: Tensor
    """Number of the row's order of stages among those at work."""
    penalty: Tensor
    temperature: Tensor
    greedy: Tensor
    top_k: Tensor
    tail: Tensor
    """1 - top_p."""
    log_min_p: Tensor


N_MOVING = Control._fields.index("order")
"""Number of fields that change at each step; the rest change with the settings only."""


def stage_values(settings: SamplerSettings, order: int, n_candidates: int) -> list[float]:
    """The fields of `Control` from `order` on; a stage that is off gets a value at which it changes nothing."""
    active = settings.active
    return [
        order,
        settings.repetition_penalty if "penalty" in active else 1,
        settings.temperature if "temperature" in active else 1,
        settings.is_greedy,
        settings.top_k if "top_k" in active else n_candidates,
        1 - settings.top_p if "top_p" in active else -1,
        math.log(settings.min_p) if "min_p" in active else -math.inf,
    ]


class TorchSampler:
    """Implements `TokenSampler` for logits that are a tensor of shape (n_slots, n_audio) on the device."""

    def __init__(self, layout: Layout, n_slots: int, device: torch.device | str = "cpu") -> None:
        self._layout = layout
        self._takes = SlotStates(n_slots)
        self._device = torch.device(device)
        self._counts = torch.zeros((n_slots, layout.n_audio), dtype=torch.int32, device=self._device)
        """Of each column, in the penalty's window and prompt."""
        self._moved = np.full((n_slots, 2), -1)
        """Columns that entered and left the window of each slot, and are not in the counts yet."""
        self._rows = torch.arange(n_slots, device=self._device)
        self._frame_positions = torch.arange(CODES_PER_FRAME, device=self._device)
        self._is_settled = False

    def start(self, slot: int, settings: SamplerSettings, seed: int, prompt: Sequence[int], n_tokens: int) -> None:
        """A new take of at most n_tokens tokens in that slot; forgets the one that was there."""
        self._takes.start(slot, settings, seed, n_tokens)
        self._moved[slot] = -1
        self._counts[slot] = 0
        self._counts[slot, torch.from_numpy(prompt_columns(settings, prompt, self._layout)).to(self._device)] = 1
        self._is_settled = False

    def _settle(self) -> None:
        """Updates the orders of the stages that are active in any slot, and each row's values for them."""
        distinct = dict.fromkeys(self._takes.settings)
        active = {stage for settings in distinct for stage in settings.active}
        orders = {settings: tuple(stage for stage in settings.stages if stage in active) for settings in distinct}
        self._orders = sorted(set(orders.values()))
        n_candidates = self._layout.codebook_size + 1
        known = {
            settings: stage_values(settings, self._orders.index(orders[settings]), n_candidates)
            for settings in distinct
        }
        self._stage_values = np.array([known[settings] for settings in self._takes.settings])
        self._is_settled = True

    def draw(self, logits: Tensor, slots: Sequence[int]) -> DrawnTokens:
        """One token for each of the slots, which move on by one step. slots: no slot twice."""
        rows = np.asarray(slots, np.intp)
        control = torch.from_numpy(self._control(slots, rows)).to(self._device)
        drawn = self._compute(logits.float(), Control(*control.unbind()))
        columns, *traces, finite = drawn.cpu().numpy()[:, rows]
        columns = columns.astype(np.int64)
        self._moved[rows, 0], self._moved[rows, 1] = columns, self._takes.advance(slots, columns)
        log_probability, entropy, removed, end_probability = (trace.astype(np.float32) for trace in traces)
        tokens = columns + self._layout.code_end
        return DrawnTokens(tokens, log_probability, entropy, removed, end_probability, finite > 0)

    def _control(self, slots: Sequence[int], rows: NDArray[np.intp]) -> NDArray[np.float64]:
        """The fields of `Control`, shape (n_fields, n_slots, 1)."""
        if not self._is_settled:
            self._settle()
        moving = np.zeros((N_MOVING, len(self._rows)))
        moving[0, rows] = self._takes.uniform(slots)
        moving[1] = self._takes.steps % CODES_PER_FRAME
        moving[2, rows] = self._takes.may_end(rows)
        moving[3:] = self._moved.T
        self._moved[:] = -1
        return np.concatenate([moving, self._stage_values.T])[:, :, None]

    def _compute(self, raw: Tensor, control: Control) -> Tensor:
        """Columns drawn, four traces, and whether the row was finite: shape (6, n_slots), float64."""
        positions, may_end = control.position.long(), control.may_end > 0
        for moved, step in ((control.entering, 1), (control.leaving, -1)):
            self._counts.scatter_add_(1, moved.long().clamp_min(0), torch.where(moved < 0, 0, step).int())
        finite = raw.isfinite().all(dim=1, keepdim=True)
        raw = torch.where(finite, raw, 0)
        candidates = self._candidates(raw, positions).clamp(-LIMIT, LIMIT)
        candidates[:, :1].masked_fill_(~may_end, -torch.inf)
        repeated = self._candidates(self._counts, positions) > 0

        weights = _weights(candidates, repeated, control, self._orders[0])
        for number, order in enumerate(self._orders[1:], 1):
            weights = torch.where(control.order == number, _weights(candidates, repeated, control, order), weights)
        drawn = _pick(weights, control.uniform)
        first = self._layout.first_column + self._layout.codebook_size * positions
        columns = torch.where(drawn == 0, 0, first + drawn - 1)
        traces = *_confidence(candidates, drawn), *self._mask_traces(raw, positions, may_end)
        return torch.cat([part.double() for part in (columns, *traces, finite)], dim=1).T

    def _candidates(self, columns: Tensor, positions: Tensor) -> Tensor:
        """CODE_END's column and those of the position in the frame: shape (n_slots, codebook_size + 1)."""
        return torch.cat([columns[:, :1], self._codes(columns)[self._rows, positions[:, 0]]], dim=1)

    def _codes(self, columns: Tensor) -> Tensor:
        return columns[:, self._layout.first_column :].view(len(columns), CODES_PER_FRAME, self._layout.codebook_size)

    def _mask_traces(self, raw: Tensor, positions: Tensor, may_end: Tensor) -> tuple[Tensor, Tensor]:
        """Removed mass and probability of CODE_END."""
        mass = (raw - raw.amax(dim=1, keepdim=True)).exp()
        codes = self._codes(mass).sum(dim=2)
        own = self._frame_positions == positions
        end, others = mass[:, :1], mass[:, 1 : self._layout.first_column].sum(dim=1, keepdim=True)
        allowed = torch.where(own, codes, 0).sum(dim=1, keepdim=True) + torch.where(may_end, end, 0)
        removed = torch.where(own, 0, codes).sum(dim=1, keepdim=True) + torch.where(may_end, 0, end) + others
        total = allowed + removed
        return removed / total, end / total


def _weights(values: Tensor, repeated: Tensor, control: Control, stages: Sequence[str]) -> Tensor:
    """Probabilities after the stages, up to a factor: float64, shape (n_rows, n_candidates)."""
    arrays = [values]  # and, once a stage asks for them, the same in ascending order
    penalty, temperature = control.penalty.float(), control.temperature.float()
    for stage in stages:
        if stage == "penalty":
            penalised = torch.where(arrays[0] > 0, arrays[0] / penalty, arrays[0] * penalty)
            arrays = [torch.where(repeated, penalised, arrays[0])]
        elif stage == "temperature":
            arrays = [array / temperature for array in arrays]
        else:
            if len(arrays) == 1:
                arrays.append(arrays[0].sort(dim=1).values)
            floor = _floor(stage, arrays[1], control)
            arrays = [array.masked_fill(array < floor, -torch.inf) for array in arrays]
    values = arrays[0]
    likeliest = torch.zeros_like(values, dtype=torch.float64).scatter_(1, values.argmax(dim=1, keepdim=True), 1)
    return torch.where(control.greedy > 0, likeliest, _exp(values, values.amax(dim=1, keepdim=True)))


def _floor(stage: str, ascending: Tensor, control: Control) -> Tensor:
    """The least logit that a stage keeps, shape (n_rows, 1)."""
    greatest = ascending[:, -1:]
    if stage == "top_k":
        return ascending.gather(1, (ascending.shape[1] - control.top_k.long()).clamp_min(0))
    if stage == "min_p":
        return greatest + control.log_min_p.float()
    return ascending.gather(1, _pick(_exp(ascending, greatest), control.tail))


def _exp(values: Tensor, greatest: Tensor) -> Tensor:
    return (values.double() - greatest).exp()


def _pick(weights: Tensor, uniform: Tensor) -> Tensor:
    """The first candidate of each row at which the cumulative probability exceeds the row's uniform number."""
    mass = weights.cumsum(dim=1)
    total = mass[:, -1:].contiguous()
    target = torch.minimum(uniform * total, total.nextafter(torch.zeros_like(total)))
    return torch.searchsorted(mass, target, right=True)


def _confidence(candidates: Tensor, drawn: Tensor) -> tuple[Tensor, Tensor]:
    """Log-probability of the candidate drawn, and the entropy of all of them, both in nats."""
    difference = candidates - candidates.amax(dim=1, keepdim=True)
    mass = difference.exp()
    total = mass.sum(dim=1, keepdim=True)
    entropy = total.log() - (mass * difference.clamp_min(-200)).sum(dim=1, keepdim=True) / total
    return difference.gather(1, drawn) - total.log(), entropy
