"""The parts of a report, independent of its file format, and the statistics and phrases that all reports use."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

from mayabook.lab.rows import Row
from mayabook.lab.statistics import Interval, Rate, bound_without_events, clustered_rate, holm, paired_test


@dataclass(frozen=True, slots=True)
class ReportTable:
    """A table of strings."""

    head: Sequence[str]
    """Titles of the columns."""
    rows: Sequence[Sequence[str]]
    """Cells by row."""


@dataclass(frozen=True, slots=True)
class ReportFigure:
    """A plot."""

    name: str
    """File name without extension."""
    caption: str
    """Text below the figure."""
    svg: str
    """The SVG source."""


@dataclass(frozen=True, slots=True)
class AudioClip:
    """Audio of an artifact, which HTML pages show with its spectrogram."""

    caption: str
    """Cell, evidence and text of the take."""
    file: Path
    """FLAC file of the take."""


@dataclass(frozen=True)
class ReportSection:
    """A section of a report."""

    title: str
    """Heading."""
    verdict: str
    """The conclusion, which claims no more than the figures support."""
    paragraphs: Sequence[str] = ()
    """Text below the verdict."""
    tables: Sequence[ReportTable] = ()
    """Tables, below the text."""
    figures: Sequence[ReportFigure] = ()
    """Plots, below the tables."""
    clips: Sequence[AudioClip] = field(default_factory=list)
    """Artifacts to listen to; only HTML pages have them."""


def is_artifact(row: Row) -> bool:
    """Whether a take is an artifact: the checks reject it, and its codes are not the true ones.

    If the codes are the true ones, the model made no error: the rejection is due to the codec, or is a false alarm.
    """
    return not row["accepted"] and row.get("token_errors", 1) > 0


def false_alarm_paragraphs(rows: Sequence[Row]) -> list[str]:
    """A paragraph on rejected takes that have the true codes; empty if there are none."""
    true = [row for row in rows if row.get("token_errors") == 0]
    rejected = sum(not row["accepted"] for row in true)
    if not rejected:
        return []
    return [
        f"{rejected} of the {len(true)} takes that have the true codes ({rejected / len(true):.1%}) are rejected all "
        "the same, for how the codec speaks them or by error of the checks; they are no artifacts."
    ]


def artifacts_by_chunk(rows: Sequence[Row], finding: str = "") -> list[tuple[int, int]]:
    """(artifacts, takes) of each chunk. finding: counts only artifacts with this kind of finding."""
    counts: dict[int, list[int]] = {}
    for row in rows:
        pair = counts.setdefault(row["chunk"], [0, 0])
        pair[0] += is_artifact(row) and (not finding or finding in row["findings"])
        pair[1] += 1
    return [(pair[0], pair[1]) for pair in counts.values()]


def artifact_rate(rows: Sequence[Row], finding: str = "") -> Rate:
    """Share of takes that are artifacts. finding: counts only artifacts with this kind of finding."""
    return clustered_rate(artifacts_by_chunk(rows, finding))


def paired_differences(one: Sequence[Row], other: Sequence[Row]) -> list[int]:
    """For each chunk: artifacts in `one` minus artifacts in `other`, over the prompts that both have."""
    theirs = {row["item"]: row for row in other}
    sums: dict[int, int] = {}
    for row in one:
        if row["item"] in theirs:
            more = int(is_artifact(row)) - int(is_artifact(theirs[row["item"]]))
            sums[row["chunk"]] = sums.get(row["chunk"], 0) + more
    return list(sums.values())


def discordant_pairs(one: Sequence[Row], other: Sequence[Row]) -> tuple[int, int, int]:
    """Discordant pairs: artifacts in `one` only, in `other` only, and the number of prompts that both have."""
    theirs = {row["item"]: is_artifact(row) for row in other}
    pairs = [(is_artifact(row), theirs[row["item"]]) for row in one if row["item"] in theirs]
    return sum(a and not b for a, b in pairs), sum(b and not a for a, b in pairs), len(pairs)


def n_chunks(rows: Iterable[Row]) -> int:
    """Number of distinct chunks."""
    return len({row["chunk"] for row in rows})


def pairwise_p_values(named: Mapping[str, Sequence[Row]]) -> dict[frozenset[str], float]:
    """p-values of the paired comparisons of all pairs of cells, adjusted by Holm's method.

    The adjustment covers all pairs, so that it remains valid for a best cell that is chosen post hoc.
    """
    pairs = [frozenset(pair) for pair in combinations(named, 2)]
    tests = [paired_test(paired_differences(*(named[name] for name in pair))) for pair in pairs]
    return dict(zip(pairs, holm(tests), strict=True))


def lowest_rate_cells(rates: Mapping[str, Rate]) -> list[str]:
    """The cell with the lowest rate, or all of them on a tie."""
    lowest = min(found.value for found in rates.values())
    return [name for name, found in rates.items() if found.value == lowest]


def word_error_rate(rows: Sequence[Row]) -> float:
    """Word error rate of the ASR transcripts over all takes."""
    return float(sum(row["errors"] for row in rows) / max(1, sum(row["n_words"] for row in rows)))


def token_error_rate(rows: Sequence[Row]) -> float | None:
    """Levenshtein distance to the true codes per true token, over all takes; None if no true codes are known."""
    known = [row for row in rows if "n_true" in row]
    if not known:
        return None
    return float(sum(row["token_errors"] for row in known) / sum(row["n_true"] for row in known))


def median(values: Sequence[float]) -> float:
    """Median of one value or more."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    return float(ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2)


def format_percent(value: float | None) -> str:
    """A share as a percentage; empty for None."""
    return "" if value is None else f"{value:.1%}"


def format_interval(interval: Interval) -> str:
    """An interval in per cent."""
    return f"{interval.low:.1%} to {interval.high:.1%}"


def format_rate(found: Rate) -> str:
    """A rate as text: share, counts and interval."""
    return f"{format_percent(found.value)} ({found.events} of {found.n}; {format_interval(found.interval)})"


def format_p_value(p: float) -> str:
    """A p-value to three decimals, or `< 0.001`."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def zero_events_phrase(rows: Sequence[Row], what: str) -> str:
    """A phrase on a zero count with its upper bound; by chunk, because takes of one chunk are not independent."""
    n = n_chunks(rows)
    bound = f"more than {bound_without_events(n):.1%} of chunks is excluded with 95 % confidence"
    return f"none of {len(rows)} takes of {n} chunks {what}: {bound}"


def finding_kinds(rows: Sequence[Row]) -> list[str]:
    """Kinds of findings that occur in artifacts, most frequent first, then by name."""
    counts: dict[str, int] = {}
    for row in filter(is_artifact, rows):
        for kind in set(row["findings"]):
            counts[kind] = counts.get(kind, 0) + 1
    return sorted(counts, key=lambda kind: (-counts[kind], kind))


def artifact_clips(folder: Path, rows: Sequence[Row], most: int = 6) -> list[AudioClip]:
    """At most `most` artifacts with stored audio; one of each kind of finding comes first."""
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
