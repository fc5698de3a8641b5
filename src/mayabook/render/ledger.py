"""What has been rendered, and what was found: one SQLite file in the job folder, keyed by content.

A take's row is committed after its audio is on disk, so every row names a file that is whole. Verdicts are kept per
`Checker.identity`: new checks judge old takes again and nothing is rendered twice. Only one thread uses a ledger.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pydantic import TypeAdapter

from mayabook.core.chunk import Chunk
from mayabook.core.errors import JobError, OutputError
from mayabook.core.take import Sampling, StopReason
from mayabook.core.verdict import Verdict
from mayabook.render.ledger_schema import read_version, upgrade

_CHUNK = TypeAdapter(Chunk)
_VERDICT = TypeAdapter(Verdict)


class RetryStep(StrEnum):
    """How a take came to be; the values are words for a person."""

    FIRST = "first take"
    TRIM = "trimming"
    SEED = "new seed"
    SAFER = "safer sampling"
    PATCH = "patching"
    SPLIT = "splitting"
    OTHER = "other engine"
    PART = "part"
    """Some sentences of a chunk, for a patch or a split; kept under a key of its own."""


class ReviewDecision(StrEnum):
    """A person's word on a take; it outranks the checks'."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class PlannedChunk:
    """A chunk of the book as it was last planned. number: from 1, as a person counts."""

    number: int
    key: str
    chapter_title: str
    chunk: Chunk


@dataclass(frozen=True, slots=True)
class StoredTake:
    """detail: as in `Take`. made_of: names of the files of the takes it was made from, if any. accepted, risk: the
    verdict under the checks asked for, None and 0 where there is none yet."""

    id: int
    key: str
    attempt: int
    seed: int
    sampling: Sampling
    stop: StopReason
    file: Path
    n_samples: int
    sample_rate: int
    seconds: float
    detail: str
    decision: ReviewDecision | None
    accepted: bool | None
    risk: float
    step: RetryStep = RetryStep.FIRST
    made_of: tuple[str, ...] = ()
    made_on: str = ""

    @property
    def codes_file(self) -> Path:
        """Where the codes of the take are, if its engine has any; see `mayabook.core.code_files`."""
        return self.file.with_suffix(".npz")

    @property
    def good(self) -> bool:
        """Accepted by a person, or by the checks and not refused by a person."""
        return self.decision == ReviewDecision.ACCEPTED or (self.accepted is True and self.decision is None)


class Ledger:
    def __init__(self, file: Path, *, in_memory: bool = False) -> None:
        """Opens the ledger, new if there is none; one of an older version is upgraded.

        in_memory: a copy, for a look at a ledger that another process may have open. The file is left as it is.
        Raises JobError if it is damaged or of a version that cannot be used, OutputError if the disk is full.
        """
        self._folder = file.parent
        self._database = sqlite3.connect(file)
        try:
            with self._reporting():
                if in_memory:
                    self._database = _copied(self._database)
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
                    f"The disk with {self._folder} is full or failing ({error}); free some space and run the same "
                    "command: it goes on."
                ) from error
            raise JobError(f"The ledger in {self._folder} cannot be used ({error}); check its permissions.") from error
        except sqlite3.DatabaseError as error:
            raise JobError(f"The ledger in {self._folder} is damaged ({error}); move that folder away.") from error

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._reporting(), self._database:
            yield self._database

    def close(self) -> None:
        self._database.close()

    def set_fact(self, name: str, value: str) -> None:
        with self._transaction() as database:
            database.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def fact(self, name: str) -> str | None:
        with self._reporting():
            row = self._database.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row["value"])

    def set_plan(self, plan: Sequence[PlannedChunk]) -> None:
        """Replaces the plan; takes stay, whatever the plan was when they were made."""
        rows = [(item.number, item.key, item.chapter_title, _CHUNK.dump_json(item.chunk).decode()) for item in plan]
        with self._transaction() as database:
            database.execute("DELETE FROM plan")
            database.executemany("INSERT INTO plan VALUES (?, ?, ?, ?)", rows)

    def plan(self) -> list[PlannedChunk]:
        with self._reporting():
            rows = self._database.execute("SELECT * FROM plan ORDER BY position").fetchall()
        return [
            PlannedChunk(row["position"], row["key"], row["chapter_title"], _CHUNK.validate_json(row["chunk"]))
            for row in rows
        ]

    def add_take(self, take: StoredTake) -> StoredTake:
        """The take with its id. Its audio must be on disk."""
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
        """Takes of a chunk by attempt, with the verdicts of the checks of that identity."""
        return self._takes("takes.key = ?", checks, key)

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

    def forget_take(self, take: StoredTake) -> None:
        """For a take whose audio has gone from the disk."""
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

    def decide(self, take: StoredTake, decision: ReviewDecision) -> None:
        """Writes down what a person decided about a take."""
        with self._transaction() as database:
            database.execute("UPDATE takes SET decision = ? WHERE id = ?", (decision, take.id))

    def kept(self, key: str, checks: str) -> StoredTake | None:
        """The take that goes into the audiobook: good before not good, then least risk, then earliest."""
        takes = [take for take in self.takes(key, checks) if take.accepted is not None or take.decision is not None]
        ranks = {ReviewDecision.ACCEPTED: 0, None: 1, ReviewDecision.REJECTED: 2}
        return min(
            takes, key=lambda take: (ranks[take.decision], not take.accepted, take.risk, take.attempt), default=None
        )


def _copied(database: sqlite3.Connection) -> sqlite3.Connection:
    copy = sqlite3.connect(":memory:")
    with closing(database):
        database.backup(copy)
    return copy
