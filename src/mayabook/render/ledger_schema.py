"""The ledger's tables, and how a ledger of an older version becomes one of today's.

The version is SQLite's `user_version`. A change of any table, column or stored name raises VERSION and adds a step to
`_STEPS`; steps that have been released are never changed. All steps and the new version are one transaction: a process
that is killed on the way leaves the old ledger.
"""

import json
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path

from mayabook.core.errors import JobError

VERSION = 5
OLDEST = 3
"""The oldest version that can be upgraded."""
SCHEMA = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE plan (
    position INTEGER PRIMARY KEY, key TEXT NOT NULL, chapter_title TEXT NOT NULL, chunk TEXT NOT NULL,
    book_text TEXT NOT NULL DEFAULT ''
);
CREATE TABLE takes (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL, attempt INTEGER NOT NULL, seed INTEGER NOT NULL,
    sampling TEXT NOT NULL, stop TEXT NOT NULL, file TEXT NOT NULL, n_samples INTEGER NOT NULL,
    sample_rate INTEGER NOT NULL, seconds REAL NOT NULL, detail TEXT NOT NULL, step TEXT NOT NULL,
    made_of TEXT NOT NULL, decision TEXT, made_on TEXT NOT NULL DEFAULT '',
    UNIQUE (key, attempt)
);
CREATE TABLE verdicts (
    take INTEGER NOT NULL REFERENCES takes (id), checks TEXT NOT NULL, accepted INTEGER NOT NULL,
    risk REAL NOT NULL, body TEXT NOT NULL, PRIMARY KEY (take, checks)
) WITHOUT ROWID;
CREATE TABLE decisions (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL, kind TEXT NOT NULL, note TEXT NOT NULL, made_at TEXT NOT NULL,
    before TEXT NOT NULL
);
"""


def read_version(database: sqlite3.Connection, file: Path) -> int:
    """The version of the ledger, 0 if it is new. Raises JobError if this program cannot use it; nothing is changed."""
    version: int = database.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise JobError(
            f"{file} was written by a newer version of MayaBook (its format is {version}, this version reads up to "
            f"{VERSION}): upgrade MayaBook, or choose another output name."
        )
    if 0 < version < OLDEST:
        raise JobError(
            f"{file} was written by a version of MayaBook that is too old (its format is {version}; {OLDEST} is the "
            "oldest that can be upgraded): choose another output name."
        )
    return version


def upgrade(database: sqlite3.Connection, file: Path) -> None:
    """Creates the tables of a new ledger, or upgrades an older one to VERSION, in one transaction."""
    if read_version(database, file) == VERSION:
        return
    with database:
        database.execute("BEGIN IMMEDIATE")
        version = read_version(database, file)  # of two processes, the second finds it upgraded
        if version == 0:
            for statement in SCHEMA.split(";"):
                database.execute(statement)
        for older in range(version or VERSION, VERSION):
            _STEPS[older](database)
        database.execute(f"PRAGMA user_version = {VERSION}")


_RENAMED_IN_4 = {"ladder": "retry"}
"""Groups of settings in the stored request: old name -> new name."""


def _to_4(database: sqlite3.Connection) -> None:
    """Renames column `ruling` to `decision` and fact `order` to `request`; adds `made_on`, the platform of a take."""
    database.execute("ALTER TABLE takes RENAME COLUMN ruling TO decision")
    database.execute("ALTER TABLE takes ADD COLUMN made_on TEXT NOT NULL DEFAULT ''")
    row = database.execute("SELECT value FROM facts WHERE name = 'order'").fetchone()
    if row is not None:
        request = json.loads(row[0])
        groups = request["settings"].items()
        request["settings"] = {_RENAMED_IN_4.get(name, name): group for name, group in groups}
        database.execute("INSERT INTO facts VALUES ('request', ?)", (json.dumps(request),))
        database.execute("DELETE FROM facts WHERE name = 'order'")


def _to_5(database: sqlite3.Connection) -> None:
    """Adds the log of decisions, and the book's text of chunks whose text a person wrote."""
    database.execute("ALTER TABLE plan ADD COLUMN book_text TEXT NOT NULL DEFAULT ''")
    database.execute(
        "CREATE TABLE decisions (id INTEGER PRIMARY KEY, key TEXT NOT NULL, kind TEXT NOT NULL, note TEXT NOT NULL,"
        " made_at TEXT NOT NULL, before TEXT NOT NULL)"
    )


_STEPS: Mapping[int, Callable[[sqlite3.Connection], None]] = {3: _to_4, 4: _to_5}
"""Version -> what makes it the next one."""
