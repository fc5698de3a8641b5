"""The sampler as its definitions read, one Python float at a time, to compare the fast ones with."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mayabook.engines.sampler_settings import SamplerSettings
from mayabook.maya.token_layout import Layout


@dataclass
class Slow:
    """Probabilities of the ids left, and how near the nearest decision was to falling the other way."""

    probabilities: dict[int, float]
    margin: float


def distribution(logits: Mapping[int, float], repeated: set[int], settings: SamplerSettings) -> Slow:
    """logits: of the ids that may be drawn. repeated: ids that the penalty is for."""
    left, margin = dict(logits), math.inf
    for stage in settings.stages:
        if stage == "penalty":
            p = settings.repetition_penalty
            left = {i: (x / p if x > 0 else x * p) if i in repeated else x for i, x in left.items()}
        elif stage == "temperature":
            if settings.temperature > 0:
                left = {i: x / settings.temperature for i, x in left.items()}
        else:
            kept, nearest = KEEP[stage](left, settings)
            margin = min(margin, nearest)
            gone = [x for i, x in left.items() if i not in kept]
            if gone:
                margin = min(margin, min(left[i] for i in kept) - max(gone))
            left = {i: left[i] for i in kept}
    if settings.temperature == 0 and "temperature" in settings.stages:
        greatest = max(left.values())
        others = [x for x in left.values() if x != greatest]
        margin = min([margin, *(greatest - x for x in others)])
        return Slow({min(i for i, x in left.items() if x == greatest): 1.0}, margin)
    return Slow(softmax(left), margin)


def softmax(logits: Mapping[int, float]) -> dict[int, float]:
    greatest = max(logits.values())
    mass = {i: math.exp(x - greatest) for i, x in logits.items()}
    total = math.fsum(mass.values())
    return {i: m / total for i, m in mass.items()}


def keep_top_k(logits: dict[int, float], settings: SamplerSettings) -> tuple[set[int], float]:
    """All with at least the logit of the k-th."""
    if settings.top_k == 0 or settings.top_k >= len(logits):
        return set(logits), math.inf
    least = sorted(logits.values(), reverse=True)[settings.top_k - 1]
    return {i for i, x in logits.items() if x >= least}, math.inf


def keep_top_p(logits: dict[int, float], settings: SamplerSettings) -> tuple[set[int], float]:
    """All for which the likelier ones have less than top_p between them."""
    if settings.top_p == 1:
        return set(logits), math.inf
    probabilities = softmax(logits)
    kept, nearest, likelier = set(), math.inf, 0.0
    for value in sorted(set(logits.values()), reverse=True):
        level = [i for i, x in logits.items() if x == value]
        nearest = min(nearest, abs(likelier - settings.top_p))
        if likelier < settings.top_p:
            kept |= set(level)
        likelier += math.fsum(probabilities[i] for i in level)
    return kept, nearest


def keep_min_p(logits: dict[int, float], settings: SamplerSettings) -> tuple[set[int], float]:
    """All with at least min_p of the likeliest one's probability."""
    if settings.min_p == 0:
        return set(logits), math.inf
    greatest = max(logits.values())
    edge = greatest + math.log(settings.min_p)
    distances = [abs(x - edge) for x in logits.values() if x != greatest]
    return {i for i, x in logits.items() if x >= edge}, min(distances, default=math.inf)


KEEP = {"top_k": keep_top_k, "top_p": keep_top_p, "min_p": keep_min_p}


def philox(seed: int, number: int) -> int:
    """64-bit output `number` of Philox 4x64-10 (Salmon et al., 2011, figure 2 and table 2); NumPy's counter starts at 1."""
    low = 2**64 - 1
    counter = [number // 4 + 1, 0, 0, 0]
    key = [seed & low, seed >> 64]
    for _ in range(10):
        a, b = 0xD2E7470EE14C6C93 * counter[0], 0xCA5A826395121157 * counter[2]
        counter = [(b >> 64) ^ counter[1] ^ key[0], b & low, (a >> 64) ^ counter[3] ^ key[1], a & low]
        key = [(key[0] + 0x9E3779B97F4A7C15) & low, (key[1] + 0xBB67AE8584CAA73B) & low]
    return counter[number % 4]


def uniform(seed: int, step: int) -> float:
    return (philox(seed, step) >> 11) / 2**53


def pick(probabilities: Mapping[int, float], at: float) -> tuple[int, float]:
    """The first id, in order, at which the cumulative probability exceeds `at`; and the distance to the nearest edge."""
    edge, chosen, nearest = 0.0, -1, math.inf
    for token in sorted(probabilities):
        edge += probabilities[token]
        if chosen < 0 and edge > at:
            chosen = token
        if edge < 1 - 1e-9:
            nearest = min(nearest, abs(edge - at))
    return chosen, nearest


@dataclass
class SlowTake:
    """A whole take. tokens: what was drawn so far."""

    layout: Layout
    settings: SamplerSettings
    seed: int
    prompt: Sequence[int]
    tokens: list[int] = field(default_factory=list)

    def allowed(self) -> list[int]:
        step, layout = len(self.tokens), self.layout
        first = layout.token(step % 7, 0)
        end = [layout.code_end] if step % 7 == 0 and step >= self.settings.min_tokens else []
        return [*end, *range(first, first + layout.codebook_size)]

    def repeated(self) -> set[int]:
        window = self.settings.penalty_window
        newest = self.tokens if window == "all" else self.tokens[max(0, len(self.tokens) - int(window)) :]
        return set(newest) | (set(self.prompt) if self.settings.penalty_prompt else set())

    def draw(self, row: Sequence[float]) -> tuple[int, float]:
        """row: logits of the audio ids. The token, and how near another was."""
        logits = {i: float(row[i - self.layout.code_end]) for i in self.allowed()}
        slow = distribution(logits, self.repeated(), self.settings)
        token, nearest = pick(slow.probabilities, uniform(self.seed, len(self.tokens)))
        return token, min(slow.margin, nearest)

    def traces(self, row: Sequence[float], token: int) -> dict[str, float]:
        """As in `mayabook.core.take.Codes`, of that token at this step."""
        everything = softmax({self.layout.code_end + at: float(x) for at, x in enumerate(row)})
        allowed = softmax({i: float(row[i - self.layout.code_end]) for i in self.allowed()})
        return {
            "log_probability": math.log(allowed[token]),
            "entropy": -math.fsum(p * math.log(p) for p in allowed.values() if p > 0),
            "removed": math.fsum(p for i, p in everything.items() if i not in allowed),
            "end_probability": everything[self.layout.code_end],
        }
