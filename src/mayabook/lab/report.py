"""What a report consists of, whatever it is written as."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mayabook.lab.rows import Row
from mayabook.lab.statistics import Interval, Rate, bound_without_events, rate


@dataclass(frozen=True, slots=True)
class Table:
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Figure:
    """name: of its file. svg: the drawing."""

    name: str
    caption: str
    svg: str


@dataclass(frozen=True, slots=True)
class Clip:
    """A take to listen to; its spectrogram is drawn where it was rejected."""

    caption: str
    file: Path


@dataclass(frozen=True)
class Section:
    """verdict: in words, no more than the figures support."""

    title: str
    verdict: str
    paragraphs: Sequence[str] = ()
    tables: Sequence[Table] = ()
    figures: Sequence[Figure] = ()
    clips: Sequence[Clip] = field(default_factory=list)


def by_chunk(rows: Sequence[Row], finding: str = "") -> list[tuple[int, int]]:
    """For each chunk, rejected takes (or those with that finding) and takes."""
    counts: dict[int, list[int]] = {}
    for row in rows:
        pair = counts.setdefault(row["chunk"], [0, 0])
        pair[0] += finding in row["findings"] if finding else not row["accepted"]
        pair[1] += 1
    return [(pair[0], pair[1]) for pair in counts.values()]


def artifacts(rows: Sequence[Row], finding: str = "") -> Rate:
    """Share of takes that the checks reject, or in which they find a kind of defect."""
    return rate(by_chunk(rows, finding))


def differences(one: Sequence[Row], other: Sequence[Row]) -> list[int]:
    """For each chunk that both have, rejected takes of the first less those of the second, item by item."""
    theirs = {row["item"]: row for row in other}
    sums: dict[int, int] = {}
    for row in one:
        if row["item"] in theirs:
            more = int(not row["accepted"]) - int(not theirs[row["item"]]["accepted"])
            sums[row["chunk"]] = sums.get(row["chunk"], 0) + more
    return list(sums.values())


def discordant(one: Sequence[Row], other: Sequence[Row]) -> tuple[int, int, int]:
    """Items rejected in the first alone, in the second alone, and items that both have."""
    theirs = {row["item"]: row["accepted"] for row in other}
    pairs = [(row["accepted"], theirs[row["item"]]) for row in one if row["item"] in theirs]
    return sum(not a and b for a, b in pairs), sum(a and not b for a, b in pairs), len(pairs)


def word_error_rate(rows: Sequence[Row]) -> float:
    return float(sum(row["errors"] for row in rows) / max(1, sum(row["n_words"] for row in rows)))


def token_error_rate(rows: Sequence[Row]) -> float | None:
    """None where no truth is known."""
    known = [row for row in rows if "n_true" in row]
    if not known:
        return None
    return float(sum(row["token_errors"] for row in known) / sum(row["n_true"] for row in known))


def median(values: Sequence[float]) -> float:
    ordered = sorted(values)
    middle = len(ordered) // 2
    return float(ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2)


def percent(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"


def span(interval: Interval) -> str:
    return f"{interval.low:.1%} to {interval.high:.1%}"


def shown(found: Rate) -> str:
    """Share, counts and interval."""
    return f"{percent(found.value)} ({found.events} of {found.n}; {span(found.interval)})"


def p_value(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def no_events(n: int, what: str) -> str:
    """What may be said where nothing happened."""
    return f"none of {n} {what}: a rate above {bound_without_events(n):.1%} is excluded with 95 % confidence"


def kinds(rows: Sequence[Row]) -> list[str]:
    """Kinds of findings that occur, the commonest first."""
    counts: dict[str, int] = {}
    for row in rows:
        for kind in set(row["findings"]):
            counts[kind] = counts.get(kind, 0) + 1
    return sorted(counts, key=lambda kind: -counts[kind])


def clips(folder: Path, rows: Sequence[Row], most: int = 6) -> list[Clip]:
    """Rejected takes, the first of each kind of defect in front."""
    seen: set[str] = set()
    first: list[Clip] = []
    rest: list[Clip] = []
    for row in rows:
        if row.get("audio") and not row.get("accepted", True) and (folder / row["audio"]).is_file():
            kind = row["findings"][0] if row["findings"] else ""
            clip = Clip(f"{row['cell']}: {'; '.join(row['evidence'][:2])}. Text: {row['text']}", folder / row["audio"])
            (rest if kind in seen else first).append(clip)
            seen.add(kind)
    return (first + rest)[:most]
