"""How a cluster scales: the real renderer, ledger and Ray, with workers that sleep as long as a GPU would compute.

    python -m bench.farm --workers 1 4 16 64
    python -m bench.farm --workers 16 --books 1 10 100 --takes 20

A worker makes one take at a time, at 10 times real time, and meanwhile checks the take before. --slower makes all
workers sleep longer by a factor, so that what they really compute (FLAC, Ray) fits on the cores that they share here.
The CPU time of the driver is printed per take; its load at full speed follows from it. Its memory is the peak so far.
The chunks are divided among the books, of which three are in work at once. --kill ends workers at random moments.
"""

import argparse
import random
import resource
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bench.simulated_worker import CHARACTERS_PER_SECOND, TABLE, SleepingChecker, SleepingEngine, SleepingWorker
from mayabook.cluster.cluster_executor import opener
from mayabook.cluster.connection import LOCAL
from mayabook.cluster.farm import Farm
from mayabook.core.chunk import Chunk, Pause, Sentence, Span
from mayabook.core.settings import RetrySettings, Settings
from mayabook.render import Executor, Job, LocalExecutor, PlannedChunk, Renderer, content_key

REAL_TIME_FACTOR = 10.0
CHUNK_SECONDS = 12.0
"""Of speech in a chunk."""
N_AT_ONCE = 3
"""Books in work at once, as `mayabook make` has them."""
WARM_UP = -1
"""Number of the book that is rendered first, unmeasured, so that every worker has loaded what it needs."""
RETRY = RetrySettings(trim=False, attempts=3, patch=0, split=0)


@dataclass(frozen=True)
class Row:
    workers: int
    books: int
    takes: int
    seconds: float
    """Wall time of rendering."""
    ideal: float
    """Seconds in which the workers would have made the takes if none had ever waited."""
    driver_cpu: float
    """CPU seconds of the driver, its threads for Ray included."""
    peak: float
    """Peak memory of the driver so far, in MB."""

    def __str__(self) -> str:
        return (
            f"| {self.workers} | {self.books} | {self.takes:,} | {self.seconds:.1f} | {self.ideal / self.seconds:.1%} "
            f"| {1000 * self.driver_cpu / self.takes:.1f} | {2 * self.takes / self.seconds:.0f} | {self.peak:.0f} |"
        )


def plan(book: int, n_chunks: int) -> list[PlannedChunk]:
    """Chunks of the same length, no two alike."""
    items = []
    for number in range(1, n_chunks + 1):
        text = f"Book {book}, chunk {number}: ".ljust(round(CHUNK_SECONDS * CHARACTERS_PER_SECOND), "x")
        chunk = Chunk(number - 1, 1, (Sentence(text, Span(0, 0, len(text))),), text, Pause.PARAGRAPH)
        items.append(PlannedChunk(number, content_key(SleepingEngine(1.0), chunk), "One", chunk))
    return items


def render(folder: Path, book: int, n_chunks: int, executor: Executor, real_time_factor: float) -> int:
    """Renders a book; returns how many takes it needed."""
    items = plan(book, n_chunks)
    with Job(folder / f"{book}.mayabook") as job:
        job.ledger.set_plan(items)
        checker = SleepingChecker(real_time_factor)
        Renderer(job, items, executor, checker, RETRY, lambda progress: None).run()
        return sum(len(job.ledger.takes(item.key, checker.identity)) for item in items)


def render_all(
    folder: Path, n_books: int, n_chunks: int, executors: Sequence[Executor], real_time_factor: float
) -> int:
    def one(book: int) -> int:
        return render(folder, book, n_chunks, executors[book % len(executors)], real_time_factor)

    with ThreadPoolExecutor(min(n_books, N_AT_ONCE)) as pool:
        return sum(pool.map(one, range(n_books)))


def settings_for(real_time_factor: float) -> Settings:
    return Settings.model_validate({TABLE: {"real_time_factor": real_time_factor}})


def measure(farm: Farm, n_workers: int, n_books: int, takes: int, folder: Path, slower: float, n_kills: int) -> Row:
    """A row of the table. takes: chunks for each worker, over all books."""
    factor = REAL_TIME_FACTOR / slower
    executors = [opener(farm)(settings_for(factor), None, print, "en")[0] for _ in range(N_AT_ONCE)]
    while sum(worker.is_ready for worker in farm.workers) < n_workers:
        farm.tend()
        time.sleep(0.2)
    render(folder, WARM_UP, 2 * n_workers, executors[0], factor)
    n_chunks = max(1, n_workers * takes // n_books)
    killing = threading.Thread(target=kill, args=(farm, n_kills, n_chunks * n_books, factor, n_workers), daemon=True)
    cpu, started = time.process_time(), time.perf_counter()
    killing.start()
    n_takes = render_all(folder, n_books, n_chunks, executors, factor)
    seconds = time.perf_counter() - started
    ideal = n_takes * CHUNK_SECONDS / factor / n_workers
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    return Row(n_workers, n_books, n_takes, seconds, ideal, time.process_time() - cpu, peak)


def kill(farm: Farm, n_kills: int, n_takes: int, factor: float, n_workers: int) -> None:
    """Ends workers at random moments of the first three quarters of the run."""
    chance = random.Random(1)
    length = 0.75 * n_takes * CHUNK_SECONDS / factor / n_workers
    moments = sorted(chance.uniform(0, length) for _ in range(n_kills))
    for before, moment in zip([0.0, *moments], moments, strict=False):
        time.sleep(moment - before)
        farm.kill(chance.choice([worker for worker in farm.workers if worker.is_ready]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 4, 16, 64])
    parser.add_argument("--books", type=int, nargs="+", default=[1])
    parser.add_argument("--takes", type=int, default=40, help="chunks for each worker, retries not counted")
    parser.add_argument("--slower", type=float, default=1.0, help="factor by which workers sleep longer")
    parser.add_argument("--kill", type=int, default=0, help="workers to end at random moments")
    parser.add_argument("--address", default=LOCAL)
    parser.add_argument("--work", type=Path, help="folder for the jobs of one row; temporary ones if it is not given")
    parser.add_argument(
        "--here",
        action="store_true",
        help="render the books of one row in this process, without Ray, into --work",
    )
    given = parser.parse_args()
    if given.here:
        factor, n_books = REAL_TIME_FACTOR / given.slower, given.books[0]
        n_chunks = max(1, given.workers[0] * given.takes // n_books)
        render_all(given.work, n_books, n_chunks, [LocalExecutor(SleepingEngine(factor))], factor)
        return
    print("| workers | books | takes | seconds | of linear | driver CPU, ms a take | ledger writes/s | driver, MB |")
    print("|---|---|---|---|---|---|---|---|")
    for n_workers in given.workers:
        with Farm(given.address, 1, print, SleepingWorker, n_cpus=n_workers) as farm:
            for n_books in given.books:
                with tempfile.TemporaryDirectory() as temporary:
                    folder = given.work or Path(temporary)
                    print(measure(farm, n_workers, n_books, given.takes, folder, given.slower, given.kill), flush=True)


if __name__ == "__main__":
    main()
