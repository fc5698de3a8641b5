"""The studio with a long book: the review of 10,000 chunks in a browser, and 50 listeners of one audiobook at once.

python bench/studio.py JOB

JOB: job folder of a finished book, from which the long one is made by repeating its takes under other keys. Needs
Chromium. The audiobook of the listeners is random bytes of the size of ten hours. Each listener requests ranges one
after the other, without pauses.
"""

import asyncio
import os
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import httpx
from playwright.sync_api import sync_playwright

N_CHUNKS = 10_000
N_LISTENERS = 50
N_PIECES = 20
PIECE_BYTES = 256 * 1024
BYTES_PER_SECOND = 64_000 // 8
"""Of an audiobook at 64 kbit/s: a piece lasts 33 seconds."""
HOURS = 10
TOKEN = "bench"
_COLUMNS = (
    "attempt, seed, sampling, stop, file, n_samples, sample_rate, seconds, detail, step, made_of, decision, made_on"
)
"""Of a take, without its id and its key."""
SCROLL = """
async (list) => {
  const frames = [];
  let last = performance.now();
  for (let step = 0; step < 300; step++) {
    list.scrollTop = (step / 300) * list.scrollHeight;
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    frames.push(now - last);
    last = now;
  }
  return frames;
}
"""
"""Scrolls through the whole list in 300 frames; gives the milliseconds of each."""


def make_long_job(source: Path, folder: Path) -> Path:
    """A library with the book `long.epub`, whose job has N_CHUNKS chunks."""
    [book] = [file for file in source.parent.glob(f"{source.stem}.*") if file.suffix in (".epub", ".txt")]
    shutil.copy(book, folder / f"long{book.suffix}")
    job = folder / "long.mayabook"
    shutil.copytree(source, job)
    with closing(sqlite3.connect(job / "ledger.sqlite")) as database, database:
        plan = database.execute("SELECT key, chapter_title, chunk, book_text FROM plan ORDER BY position").fetchall()
        database.execute("DELETE FROM plan")
        for number in range(N_CHUNKS):
            key, *rest = plan[number % len(plan)]
            database.execute("INSERT INTO plan VALUES (?, ?, ?, ?, ?)", (number + 1, f"{key}-{number}", *rest))
            for (take,) in database.execute("SELECT id FROM takes WHERE key = ? ORDER BY id", (key,)).fetchall():
                copied = database.execute(
                    f"INSERT INTO takes (key, {_COLUMNS}) SELECT ?, {_COLUMNS} FROM takes WHERE id = ?",
                    (f"{key}-{number}", take),
                ).lastrowid
                database.execute(
                    "INSERT INTO verdicts SELECT ?, checks, accepted, risk, body FROM verdicts WHERE take = ?",
                    (copied, take),
                )
    return folder / f"long{book.suffix}"


def measure_review(address: str, book: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{address}/?token={TOKEN}")
        started = time.perf_counter()
        page.goto(f"{address}/book/{book}/review")
        page.locator(".passage").first.wait_for()
        print(f"review: first passages after {time.perf_counter() - started:.2f} s")
        page.get_by_label("Passages to show").select_option("all")
        page.locator(".take").first.wait_for()
        frames = sorted(page.locator(".passages").evaluate(SCROLL))
        print(
            f"scrolling through {N_CHUNKS:,} in {len(frames)} frames: median {statistics.median(frames):.1f} ms, "
            f"95 % within {frames[int(0.95 * len(frames))]:.1f} ms, longest {frames[-1]:.1f} ms; "
            f"{page.locator('.passage').count()} rows are drawn"
        )
        heading = page.locator("#passage")
        before = heading.inner_text()
        started = time.perf_counter()
        page.keyboard.press("a")
        page.wait_for_function("(before) => document.querySelector('#passage')?.innerText !== before", arg=before)
        print(f"accept, to the next passage: {time.perf_counter() - started:.2f} s")
        browser.close()


async def measure_listeners(address: str, book: str) -> None:
    waits: list[float] = []

    async def listen(client: httpx.AsyncClient, number: int) -> None:
        for piece in range(N_PIECES):
            first = (number * N_PIECES + piece) * PIECE_BYTES
            started = time.perf_counter()
            answer = await client.get(
                f"{address}/book/{book}/audio/0", headers={"Range": f"bytes={first}-{first + PIECE_BYTES - 1}"}
            )
            waits.append(time.perf_counter() - started)
            assert answer.status_code == 206
            assert len(answer.content) == PIECE_BYTES

    limits = httpx.Limits(max_connections=N_LISTENERS)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    started = time.perf_counter()
    async with httpx.AsyncClient(limits=limits, headers=headers, timeout=120) as client:
        await asyncio.gather(*(listen(client, number) for number in range(N_LISTENERS)))
    seconds = time.perf_counter() - started
    waits.sort()
    print(
        f"{N_LISTENERS} listeners, {len(waits):,} pieces of {PIECE_BYTES // 1024} kB "
        f"({PIECE_BYTES / BYTES_PER_SECOND:.0f} s of sound): {len(waits) * PIECE_BYTES / seconds / 1e6:.0f} MB/s; "
        f"a request took {statistics.median(waits):.2f} s (median), {waits[-1]:.2f} s (longest)"
    )


def main() -> None:
    source = Path(sys.argv[1]).absolute()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        book = make_long_job(source, folder)
        audiobook = book.with_suffix(".m4b")
        size = HOURS * 3600 * BYTES_PER_SECOND
        with audiobook.open("wb") as file:
            for _ in range(size // (1 << 20) + 1):
                file.write(os.urandom(1 << 20))
        timeline = f'{{"files":[{{"name":"long.m4b","size":{audiobook.stat().st_size}}}],"chapters":[]}}'
        (folder / "long.mayabook" / "timeline.json").write_text(timeline)
        server = subprocess.Popen(
            [sys.executable, "-m", "mayabook", "serve", str(folder), "--port", "0"],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "MAYABOOK_TOKEN": TOKEN},
        )
        assert server.stdout is not None
        try:
            address = next(line.split()[1] for line in server.stdout if line.startswith("Open ")).partition("/?")[0]
            measure_review(address, book.name)
            asyncio.run(measure_listeners(address, book.name))
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(timeout=60)


if __name__ == "__main__":
    main()
