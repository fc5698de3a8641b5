"""What a report consists of, whatever it is written as."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

from mayabook.lab.rows import Row
from mayabook.lab.statistics import Interval, Rate, bound_without_events, holm, paired, rate


@dataclass(frozen=True, slots=True)
class ReportTable:
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class ReportFigure:
    """name: of its file. svg: the drawing."""

    name: str
    caption: str
    svg: str


@dataclass(frozen=True, slots=True)
class AudioClip:
    """An artifact to listen to, beside its spectrogram."""

    caption: str
    file: Path


@dataclass(frozen=True)
class ReportSection:
    """verdict: in words, no more than the figures support."""

    title: str
    verdict: str
    paragraphs: Sequence[str] = ()
    tables: Sequence[ReportTable] = ()
    figures: Sequence[ReportFigure] = ()
    clips: Sequence[AudioClip] = field(default_factory=list)


def is_artifact(row: Row) -> bool:
    """Whether the checks reject a take whose codes are not the true ones.

    Where they are, the model made no mistake: what the checks reject is how the codec speaks them, or their own error.
    """
    return not row["accepted"] and row.get("token_errors", 1) > 0


def false_alarms(rows: Sequence[Row]) -> list[str]:
    """A paragraph on true codes that were rejected, if any were."""
    true = [row for row in rows if row.get("token_errors") == 0]
    rejected = sum(not row["accepted"] for row in true)
    if not rejected:
        return []
    return [
        f"{rejected} of the {len(true)} takes that have the true codes ({rejected / len(true):.1%}) are rejected all "
        "the same, for how the codec speaks them or by error of the checks; they are no artifacts."
    ]


def by_chunk(rows: Sequence[Row], finding: str = "") -> list[tuple[int, int]]:
    """For each chunk, artifacts (or those with that finding) and takes."""
    counts: dict[int, list[int]] = {}
    for row in rows:
        pair = counts.setdefault(row["chunk"], [0, 0])
        pair[0] += is_artifact(row) and (not finding or finding in row["findings"])
        pair[1] += 1
    return [(pair[0], pair[1]) for pair in counts.values()]


def artifacts(rows: Sequence[Row], finding: str = "") -> Rate:
    """Share of takes that are artifacts, or artifacts with a kind of defect."""
    return rate(by_chunk(rows, finding))


def differences(one: Sequence[Row], other: Sequence[Row]) -> list[int]:
    """For each chunk that both have, artifacts of the first less those of the second, item by item."""
    theirs = {row["item"]: row for row in other}
    sums: dict[int, int] = {}
    for row in one:
        if row["item"] in theirs:
            more = int(is_artifact(row)) - int(is_artifact(theirs[row["item"]]))
            sums[row["chunk"]] = sums.get(row["chunk"], 0) + more
    return list(sums.values())


def discordant(one: Sequence[Row], other: Sequence[Row]) -> tuple[int, int, int]:
    """Items that are artifacts in the first alone, in the second alone, and items that both have."""
    theirs = {row["item"]: is_artifact(row) for row in other}
    pairs = [(is_artifact(row), theirs[row["item"]]) for row in one if row["item"] in theirs]
    return sum(a and not b for a, b in pairs), sum(b and not a for a, b in pairs), len(pairs)


def n_chunks(rows: Iterable[Row]) -> int:
    return len({row["chunk"] for row in rows})


def all_pairs(named: Mapping[str, Sequence[Row]]) -> dict[frozenset[str], float]:
    """p-values of the paired comparison of any two cells, adjusted for the number of pairs: whichever cell is then
    called the best, it was chosen from these."""
    pairs = [frozenset(pair) for pair in combinations(named, 2)]
    tests = [paired(differences(*(named[name] for name in pair))) for pair in pairs]
    return dict(zip(pairs, holm(tests), strict=True))


def fewest(rates: Mapping[str, Rate]) -> list[str]:
    """The cells with the lowest rate; more than one where they are equal."""
    lowest = min(found.value for found in rates.values())
    return [name for name, found in rates.items() if found.value == lowest]


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


def no_events(rows: Sequence[Row], what: str) -> str:
    """What may be said where nothing happened. Takes of one chunk may be alike: chunks are counted."""
    n = n_chunks(rows)
    bound = f"more than {bound_without_events(n):.1%} of chunks is excluded with 95 % confidence"
    return f"none of {len(rows)} takes of {n} chunks {what}: {bound}"


def kinds(rows: Sequence[Row]) -> list[str]:
    """Kinds of findings that occur in artifacts, the commonest first, then by name."""
    counts: dict[str, int] = {}
    for row in filter(is_artifact, rows):
        for kind in set(row["findings"]):
            counts[kind] = counts.get(kind, 0) + 1
    return sorted(counts, key=lambda kind: (-counts[kind], kind))


def clips(folder: Path, rows: Sequence[Row], most: int = 6) -> list[AudioClip]:
    """Artifacts, the first of each kind of defect in front."""
    seen: set[str] = set()
    first: list[AudioClip] = []
    rest: list[AudioClip] = []
    for row in rows:
        if row.get("audio") and row["audio_seconds"] and is_artifact(row) and (folder / row["audio"]).is_file():
            kind = row["findings"][0] if row["findings"] else ""
            clip = AudioClip(
                f"{row['cell']}: {'; '.join(row['evidence'][:2])}. Text: {row['text']}", folder / row["audio"]
            )
            (rest if kind in seen else first).append(clip)
            seen.add(kind)
    return (first + rest)[:most]
