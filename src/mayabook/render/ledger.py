"""The ledger of a job: plan, takes, verdicts and review decisions in one SQLite file, takes keyed by content.

A take's row is committed after its audio is on disk, so every row names a complete file. Verdicts are stored per
`Checker.identity`: when the checks change, existing takes are checked again and none is synthesised twice. A ledger
belongs to the thread that opened it.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from pydantic import TypeAdapter

from mayabook.core.chunk import Chunk
from mayabook.core.errors import JobError, OutputError
from mayabook.core.take import Sampling, StopReason
from mayabook.core.verdict import FindingKind, Verdict
from mayabook.render.ledger_schema import VERSION, read_version, upgrade

_CHUNK = TypeAdapter(Chunk)
_VERDICT = TypeAdapter(Verdict)


def is_of_older_version(file: Path) -> bool:
    """Whether the ledger in `file` would be upgraded when it is opened. Raises JobError if it cannot be used."""
    with closing(sqlite3.connect(file)) as database:
        return read_version(database, file) < VERSION


class RetryStep(StrEnum):
    """How a take was made. The values are stored; people are shown the label."""

    FIRST = "first take"
    TRIM = "trimming"
    SEED = "new seed"
    SAFER = "safer sampling"
    PATCH = "patching"
    SPLIT = "splitting"
    FALLBACK = "other engine"
    PART = "part"
    """Some sentences of a chunk, for a patch or a split; stored under a key of their own."""

    @property
    def label(self) -> str:
        """In words for a person."""
        return "fallback engine" if self == RetryStep.FALLBACK else self.value


class ReviewDecision(StrEnum):
    """What a person decided about a take; it overrides the verdict of the checks."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"


class DecisionKind(StrEnum):
    """What a person did with a chunk under review. The values are stored and shown to users."""

    ACCEPTED = "accepted"
    REDONE = "redone"
    TAKE_CHOSEN = "take chosen"
    EDITED = "text edited"
    REPORTED = "reported"
    """A listener heard something wrong; nothing is changed yet."""


@dataclass(frozen=True, slots=True)
class Before:
    """What a decision replaced, so that it can be undone."""

    takes: dict[int, ReviewDecision | None]
    """Id of a take -> what was decided about it."""
    book_text: str = ""
    """The book's text of an edited chunk; empty where the text was not edited."""
    edit: str = ""
    """The text that stood in its place; empty where the book's own did."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One entry in the log of decisions."""

    id: int
    """Later decisions have higher ones."""
    key: str
    """Content key of the chunk at that time."""
    kind: DecisionKind
    note: str
    """A person's own words; may be empty."""
    made_at: datetime
    """In UTC."""
    before: Before


@dataclass(frozen=True, slots=True)
class PlannedChunk:
    """A chunk of the book as the latest run planned it."""

    number: int
    """From 1."""
    key: str
    """Content key of its takes."""
    chapter_title: str
    chunk: Chunk
    book_text: str = ""
    """What the book has where a person wrote the chunk's text; else empty."""


@dataclass(frozen=True, slots=True)
class TakeOutline:
    """The parts of a take that decide its chunk's state; cheap to read for all takes of a long book."""

    step: RetryStep
    decision: ReviewDecision | None
    accepted: bool | None
    """None while there is no verdict."""
    kinds: frozenset[FindingKind]
    """Of its findings; of an accepted take only."""

    @property
    def is_good(self) -> bool:
        """As `StoredTake.is_good`."""
        return self.decision == ReviewDecision.ACCEPTED or (self.accepted is True and self.decision is None)


@dataclass(frozen=True, slots=True)
class StoredTake:
    """A take as the ledger has it, with the verdict of the checks that were asked for."""

    id: int
    key: str
    """Content key; see `mayabook.render.content_keys`."""
    attempt: int
    """From 0; takes of one key differ by it."""
    seed: int
    sampling: Sampling
    stop: StopReason
    file: Path
    """FLAC, as `mayabook.core.audio_files` writes it."""
    n_samples: int
    sample_rate: int
    """Hz."""
    seconds: float
    """Wall time that synthesis took."""
    detail: str
    """The engine's note, as in `Take`."""
    decision: ReviewDecision | None
    accepted: bool | None
    """None while there is no verdict."""
    risk: float
    """`Verdict.risk`: the sum of the findings' weights; 0 while there is no verdict."""
    step: RetryStep = RetryStep.FIRST
    made_of: tuple[str, ...] = ()
    """File names of the takes it was derived from."""
    made_on: str = ""
    """Processor (see `mayabook.core.platform_info`) and `Engine.platform`; empty for takes of older versions."""

    @property
    def codes_file(self) -> Path:
        """File of the take's codec codes, which only some engines have; see `mayabook.core.code_files`."""
        return self.file.with_suffix(".npz")

    @property
    def is_good(self) -> bool:
        """Whether a person accepted it, or the checks accepted it and no person rejected it."""
        return self.decision == ReviewDecision.ACCEPTED or (self.accepted is True and self.decision is None)


_BEFORE = TypeAdapter(Before)


class Ledger:
    """The SQLite file of a job. Methods raise JobError if it is damaged, OutputError if the disk is full."""

    def __init__(self, file: Path, *, in_memory: bool = False, read_only: bool = False) -> None:
        """Opens the ledger; creates it if there is none, and upgrades one of an older version.

        in_memory: opens a copy in memory, to read a ledger that another process may be using; the file is not changed.
        read_only: changes nothing, so another process may be using the ledger. One of an older version is upgraded in a
        copy.
        Raises JobError if it is damaged or of a version that cannot be used, OutputError if the disk is full.
        """
        self._folder = file.parent
        self._database = sqlite3.connect(file)
        try:
            with self._reporting():
                if in_memory or (read_only and read_version(self._database, file) != VERSION):
                    self._database = _copied(self._database)
                elif read_only:
                    self._database.execute("PRAGMA query_only = ON")
                else:
                    read_version(self._database, file)  # before anything is written
                    self._database.execute("PRAGMA journal_mode = WAL")
                upgrade(self._database, file)
        except BaseException:
            self._database.close()
            raise
        self._database.row_factory = sqlite3.Row

    @contextmanager
    def _reporting(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            if "full" in str(error) or "disk I/O" in str(error):  # a quota or limit is an I/O error to SQLite
                raise OutputError(
                    f"Cannot write to the ledger in {self._folder}: the disk is full or failing ({error}). Free some "
                    "space and run the same command again: it resumes."
                ) from error
            raise JobError(
                f"The ledger in {self._folder} cannot be opened ({error}); make the folder writable and run the same "
                "command again."
            ) from error
        except sqlite3.DatabaseError as error:
            raise JobError(
                f"The ledger in {self._folder} is damaged ({error}). Rename or delete that folder and run the same "
                "command again: every take is then synthesised anew."
            ) from error

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._reporting(), self._database:
            yield self._database

    def close(self) -> None:
        self._database.close()

    def set_fact(self, name: str, value: str) -> None:
        """Stores a value about the whole job; `mayabook.pipeline` names them."""
        with self._transaction() as database:
            database.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def fact(self, name: str) -> str | None:
        with self._reporting():
            row = self._database.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row["value"])

    def facts(self) -> dict[str, str]:
        """All facts, by name."""
        with self._reporting():
            return {row["name"]: row["value"] for row in self._database.execute("SELECT * FROM facts")}

    def set_plan(self, plan: Sequence[PlannedChunk]) -> None:
        """Replaces the plan. Takes stay: they are found by content key, whatever plan they were made for."""
        rows = [
            (item.number, item.key, item.chapter_title, _CHUNK.dump_json(item.chunk).decode(), item.book_text)
            for item in plan
        ]
        with self._transaction() as database:
            database.execute("DELETE FROM plan")
            database.executemany("INSERT INTO plan VALUES (?, ?, ?, ?, ?)", rows)

    def plan(self) -> list[PlannedChunk]:
        with self._reporting():
            rows = self._database.execute("SELECT * FROM plan ORDER BY position").fetchall()
        return [_planned(row) for row in rows]

    def planned(self, number: int) -> PlannedChunk | None:
        """The chunk of that number in the plan, from 1."""
        with self._reporting():
            row = self._database.execute("SELECT * FROM plan WHERE position = ?", (number,)).fetchone()
        return None if row is None else _planned(row)

    def n_planned(self) -> int:
        with self._reporting():
            return int(self._database.execute("SELECT COUNT(*) FROM plan").fetchone()[0])

    def plan_outline(self) -> list[tuple[str, str]]:
        """Content key and chapter title of each chunk of the plan, in order: a hundred times as fast as `plan`."""
        with self._reporting():
            rows = self._database.execute("SELECT key, chapter_title FROM plan ORDER BY position").fetchall()
        return [(row["key"], row["chapter_title"]) for row in rows]

    def takes_outline(self, checks: str) -> dict[str, list[TakeOutline]]:
        """All takes by content key, in the order of attempts, with their verdicts by the checks of that identity."""
        with self._reporting():
            rows = self._database.execute(
                "SELECT key, step, decision, accepted, CASE WHEN accepted = 1 AND risk > 0"
                " THEN json_extract(body, '$.findings') END AS findings FROM takes"
                " LEFT JOIN verdicts ON verdicts.take = takes.id AND verdicts.checks = ? ORDER BY attempt",
                (checks,),
            ).fetchall()
        found: dict[str, list[TakeOutline]] = {}
        for row in rows:
            decision = None if row["decision"] is None else ReviewDecision(row["decision"])
            accepted = None if row["accepted"] is None else bool(row["accepted"])
            kinds = frozenset(FindingKind(each["kind"]) for each in json.loads(row["findings"] or "[]"))
            found.setdefault(row["key"], []).append(TakeOutline(RetryStep(row["step"]), decision, accepted, kinds))
        return found

    def add_take(self, take: StoredTake) -> StoredTake:
        """Adds a take and returns it with its id. Its audio must be on disk already."""
        with self._transaction() as database:
            cursor = database.execute(
                "INSERT INTO takes (key, attempt, seed, sampling, stop, file, n_samples, sample_rate, seconds, detail,"
                " step, made_of, made_on) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    take.key,
                    take.attempt,
                    take.seed,
                    json.dumps(dict(take.sampling)),
                    take.stop,
                    take.file.relative_to(self._folder).as_posix(),
                    take.n_samples,
                    take.sample_rate,
                    take.seconds,
                    take.detail,
                    take.step,
                    json.dumps(take.made_of),
                    take.made_on,
                ),
            )
        return self._takes("takes.id = ?", "", cursor.lastrowid)[0]

    def takes(self, key: str, checks: str) -> list[StoredTake]:
        """Takes of a content key by attempt, with their verdicts by the checks of that identity."""
        return self._takes("takes.key = ?", checks, key)

    def takes_by_key(self, checks: str) -> dict[str, list[StoredTake]]:
        """All takes, as `takes` gives those of one content key."""
        found: dict[str, list[StoredTake]] = {}
        for take in self._takes("?", checks, True):
            found.setdefault(take.key, []).append(take)
        return found

    def _takes(self, where: str, checks: str, value: object) -> list[StoredTake]:
        with self._reporting():
            rows = self._database.execute(
                "SELECT takes.*, accepted, risk FROM takes"
                " LEFT JOIN verdicts ON verdicts.take = takes.id AND verdicts.checks = ?"
                f" WHERE {where} ORDER BY attempt",
                (checks, value),
            ).fetchall()
        return [
            StoredTake(
                id=row["id"],
                key=row["key"],
                attempt=row["attempt"],
                seed=row["seed"],
                sampling=json.loads(row["sampling"]),
                stop=StopReason(row["stop"]),
                file=self._folder / row["file"],
                n_samples=row["n_samples"],
                sample_rate=row["sample_rate"],
                seconds=row["seconds"],
                detail=row["detail"],
                decision=None if row["decision"] is None else ReviewDecision(row["decision"]),
                accepted=None if row["accepted"] is None else bool(row["accepted"]),
                risk=row["risk"] or 0.0,
                step=RetryStep(row["step"]),
                made_of=tuple(json.loads(row["made_of"])),
                made_on=row["made_on"],
            )
            for row in rows
        ]

    def rename_keys(self, keys: Mapping[str, str]) -> None:
        """Gives the takes of an old content key the new one, unless there are takes of the new one already.

        keys: old -> new.
        """
        with self._transaction() as database:
            stored = {key for (key,) in database.execute("SELECT DISTINCT key FROM takes").fetchall()}
            renamed = [(new, old) for old, new in keys.items() if old in stored and new not in stored]
            database.executemany("UPDATE takes SET key = ? WHERE key = ?", renamed)

    def forget_take(self, take: StoredTake) -> None:
        """Deletes the rows of a take whose audio is no longer on disk."""
        with self._transaction() as database:
            database.execute("DELETE FROM verdicts WHERE take = ?", (take.id,))
            database.execute("DELETE FROM takes WHERE id = ?", (take.id,))

    def add_verdict(self, take: StoredTake, checks: str, verdict: Verdict) -> None:
        with self._transaction() as database:
            database.execute(
                "INSERT OR REPLACE INTO verdicts VALUES (?, ?, ?, ?, ?)",
                (take.id, checks, verdict.accepted, verdict.risk, _VERDICT.dump_json(verdict).decode()),
            )

    def verdict(self, take: StoredTake, checks: str) -> Verdict | None:
        with self._reporting():
            row = self._database.execute(
                "SELECT body FROM verdicts WHERE take = ? AND checks = ?", (take.id, checks)
            ).fetchone()
        return None if row is None else _VERDICT.validate_json(row["body"])

    def add_decision(
        self,
        key: str,
        kind: DecisionKind,
        note: str,
        decisions: Sequence[tuple[StoredTake, ReviewDecision]],
        book_text: str = "",
        edit_before: str = "",
    ) -> None:
        """Stores what a person decided about takes of a key, and logs it, in one transaction.

        book_text, edit_before: as in `Before`.
        """
        now = datetime.now(UTC)
        with self._transaction() as database:
            for take, decision in decisions:
                database.execute("UPDATE takes SET decision = ? WHERE id = ?", (decision, take.id))
            before = Before({take.id: take.decision for take, _ in decisions}, book_text, edit_before)
            database.execute(
                "INSERT INTO decisions (key, kind, note, made_at, before) VALUES (?, ?, ?, ?, ?)",
                (key, kind, note, now.isoformat(), _BEFORE.dump_json(before).decode()),
            )

    def decisions(self) -> list[Decision]:
        """The log of decisions that were not undone, the oldest first."""
        with self._reporting():
            rows = self._database.execute("SELECT * FROM decisions ORDER BY id").fetchall()
        return [
            Decision(
                id=row["id"],
                key=row["key"],
                kind=DecisionKind(row["kind"]),
                note=row["note"],
                made_at=datetime.fromisoformat(row["made_at"]),
                before=_BEFORE.validate_json(row["before"]),
            )
            for row in rows
        ]

    def undo_decision(self, decision: Decision) -> None:
        """Restores the earlier decisions about its takes, and removes the decision from the log."""
        with self._transaction() as database:
            for take_id, earlier in decision.before.takes.items():
                database.execute("UPDATE takes SET decision = ? WHERE id = ?", (earlier, take_id))
            database.execute("DELETE FROM decisions WHERE id = ?", (decision.id,))

    def kept(self, key: str, checks: str) -> StoredTake | None:
        """The take of a content key that goes into the audiobook, as `best_take` chooses it."""
        return best_take(self.takes(key, checks))


def best_take(takes: Sequence[StoredTake]) -> StoredTake | None:
    """The take of a chunk that goes into the audiobook: accepted before rejected (a person's decision counts more than
    the checks'), then least risk, then earliest. None where no take has a verdict or a decision."""
    judged = [take for take in takes if take.accepted is not None or take.decision is not None]
    ranks = {ReviewDecision.ACCEPTED: 0, None: 1, ReviewDecision.REJECTED: 2}
    return min(
        judged, key=lambda take: (ranks[take.decision], not take.accepted, take.risk, take.attempt), default=None
    )


def _planned(row: sqlite3.Row) -> PlannedChunk:
    chunk = _CHUNK.validate_json(row["chunk"])
    return PlannedChunk(row["position"], row["key"], row["chapter_title"], chunk, row["book_text"])


def _copied(database: sqlite3.Connection) -> sqlite3.Connection:
    copy = sqlite3.connect(":memory:")
    with closing(database):
        database.backup(copy)
    return copy
