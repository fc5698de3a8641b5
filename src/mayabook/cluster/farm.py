"""The workers of a Ray cluster: starts one for each GPU or each group of CPUs, and replaces those that are lost. If
tasks are waiting for more workers, it asks Ray's autoscaler for nodes.

Several books may use them at once, so what they share is behind a lock. Ray calls back in the thread that receives its
messages: there, nothing is done but to put the answer into a queue.
"""

import threading
import time
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, Self

from mayabook.cluster.connection import connect, first_line
from mayabook.cluster.messages import UnusableError
from mayabook.core.errors import Cancelled, ClusterError, MayaBookError
from mayabook.core.version import __version__

_TEND_EVERY = 2.0
"""Seconds between two looks at the nodes."""
_MOST_WANTED = 256
"""Workers beyond which no nodes are asked for."""
_SCALE_EVERY = 20.0
"""Seconds between two demands for nodes: empty tasks end at once if a node is free that no worker may use."""
_PATIENCE = 20.0
"""Seconds without any worker after which a note says so."""


class LostError(Exception):
    """A worker, or what it had made, is gone."""


@dataclass(eq=False)
class RemoteWorker:
    """A worker as the driver sees it."""

    actor: Any
    node_id: str
    node: str
    """Address of its node."""
    n_in_flight: int = 0
    is_ready: bool = False
    is_gone: bool = False


@dataclass
class _Node:
    id: str
    address: str
    n_cpus: float
    n_gpus: int


class Farm:
    """A connection to a Ray cluster. Several books may use it at once, each in a thread of its own."""

    def __init__(
        self,
        address: str,
        cpus_per_worker: int,
        note: Callable[[str], None],
        worker: type | None = None,
        n_cpus: int | None = None,
    ) -> None:
        """Connects.

        address: as for `connect`. cpus_per_worker: of a worker on a node without GPUs; 0
        for one worker on each such node. note: takes lines for a person. worker: class of the workers, and n_cpus: CPUs
        of a LOCAL cluster; both are for simulations.

        Raises ClusterError.
        """
        self._ray = connect(address, n_cpus)
        self._worker_class = worker or _worker_class()
        self._cpus_per_worker, self._note = cpus_per_worker, note
        self._lock = threading.RLock()
        self._workers: list[RemoteWorker] = []
        self._refused: dict[str, str] = {}
        """Node -> why none of its workers is used."""
        self._started: SimpleQueue[tuple[RemoteWorker, Any]] = SimpleQueue()
        """Workers that have started or failed to, with their version or what went wrong."""
        self._waiting: dict[SimpleQueue[Any], None] = {}
        """Inboxes to notify when a worker has room again, the oldest first."""
        self._wanted: dict[SimpleQueue[Any], int] = {}
        """Inbox of a run -> number of workers that it could keep busy."""
        self._demand: list[Any] = []
        """References of the empty tasks that wait for room, see `_scale`."""
        self._scaled = -_SCALE_EVERY
        self._is_stopped = False
        self._tended = 0.0
        self._n_nodes = 0
        """Nodes that have workers, or will have."""
        self._told = 0, 0
        self.tend()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """Ends the workers and the connection."""
        self.stop()
        self._ray.shutdown()

    def stop(self) -> None:
        """Ends every run: its next call of `tend` raises Cancelled."""
        self._is_stopped = True

    def tend(self) -> None:
        """Takes in workers that have started. Starts some where nodes have joined or workers were lost, at most every
        _TEND_EVERY seconds."""
        if self._is_stopped:
            raise Cancelled("The connection to the cluster is closed.")
        with self._lock:
            while not self._started.empty():
                self._welcome(*self._started.get())
            if time.monotonic() - self._tended < _TEND_EVERY:
                return
            self._tended = time.monotonic()
            nodes = [node for node in self._nodes() if node.id not in self._refused]
            for node in nodes:
                here = sum(worker.node_id == node.id for worker in self._workers)
                for _ in range(_n_workers(node, self._cpus_per_worker) - here):
                    self._start_worker(node)
            self._n_nodes = len(nodes)
            self._scale(nodes)
            self._tell()

    @property
    def workers(self) -> list[RemoteWorker]:
        with self._lock:
            return list(self._workers)

    def kill(self, worker: RemoteWorker) -> None:
        """Ends the process of a worker, as a failure would."""
        self._ray.kill(worker.actor)

    def ask(self, method: str, *arguments: object) -> Any:
        """Calls a method of any worker and returns its answer. Waits for a worker; asks another one if that is lost.

        Raises the MayaBookError that the method returns, or ClusterError if no node can have a worker.
        """
        while True:
            worker = self._wait_for_worker()
            try:
                answer = self._ray.get(getattr(worker.actor, method).remote(*arguments))
            except self._ray.exceptions.RayTaskError:
                raise
            except self._ray.exceptions.RayError as error:
                self.lose(worker, _lost(error))
                continue
            if isinstance(answer, UnusableError):
                self.refuse(worker, str(answer))
                continue
            if isinstance(answer, MayaBookError):
                raise type(answer)(f"Worker on {worker.node}: {answer}") from answer
            return answer

    def reserve(self, at_most: int, without: Container[RemoteWorker], inbox: "SimpleQueue[Any]") -> RemoteWorker | None:
        """Reserves the worker with the fewest tasks in flight: it has one more from now on. None if all have `at_most`.

        without: workers that are not wanted. inbox: is sent None when a worker has room again. Raises ClusterError if
        no node can have a worker.
        """
        with self._lock:
            self._require_nodes()
            free = [each for each in self._workers if each.is_ready and each not in without]
            worker = min(free, key=lambda worker: worker.n_in_flight, default=None)
            if worker is None or worker.n_in_flight >= at_most:
                self._waiting[inbox] = None
                return None
            self._waiting.pop(inbox, None)
            worker.n_in_flight += 1
            return worker

    def call(self, worker: RemoteWorker, on_reply: Callable[[Any], None], method: str, *arguments: object) -> None:
        """Calls a method of a reserved worker. on_reply is called in another thread, with what the method returns or
        raises, or with LostError."""

        def finish(future: Any) -> None:
            error = future.exception()
            is_bug = isinstance(error, self._ray.exceptions.RayTaskError)
            on_reply(future.result() if error is None else error if is_bug else _lost(error))

        getattr(worker.actor, method).remote(*arguments).future().add_done_callback(finish)

    def release(self, worker: RemoteWorker) -> None:
        """Counts one task in flight less: its result is stored, or nobody waits for it any more."""
        with self._lock:
            worker.n_in_flight -= 1
            self._wake()

    def fetch(self, reference: Any) -> Any:
        """What a worker left on its node. Raises LostError if it is gone."""
        try:
            return self._ray.get(reference)
        except self._ray.exceptions.RayError as error:
            raise _lost(error) from error

    def want(self, inbox: "SimpleQueue[Any]", n_workers: int) -> None:
        """Notes how many workers a run could keep busy. inbox: of the run."""
        with self._lock:
            self._wanted[inbox] = n_workers

    def forget(self, inbox: "SimpleQueue[Any]") -> None:
        """Neither notifies a run any more, nor wants workers for it."""
        with self._lock:
            self._waiting.pop(inbox, None)
            self._wanted.pop(inbox, None)

    def _scale(self, nodes: Sequence[_Node]) -> None:
        """Has as many empty tasks wait as workers are missing, of the kind that the nodes have now.

        Ray's autoscaler, if there is one, starts nodes for them. Unlike a request to it, they end with this process.
        """
        if self._demand:
            _, self._demand = self._ray.wait(self._demand, num_returns=len(self._demand), timeout=0)
        n_missing = max(0, min(sum(self._wanted.values()), _MOST_WANTED) - len(self._workers))
        for task in self._demand[n_missing:]:
            self._ray.cancel(task)
        del self._demand[n_missing:]
        kinds = [node for node in nodes if _n_workers(node, self._cpus_per_worker)]
        if kinds and n_missing > len(self._demand) and time.monotonic() - self._scaled >= _SCALE_EVERY:
            self._scaled = time.monotonic()
            needs = self._needs(max(kinds, key=lambda node: node.n_gpus))
            task = self._ray.remote(_nothing).options(max_retries=0, **needs)
            self._demand += [task.remote() for _ in range(n_missing - len(self._demand))]

    def _needs(self, node: _Node) -> dict[str, float]:
        """Resources of a worker, as Ray's options name them."""
        return {"num_gpus": 1, "num_cpus": 0} if node.n_gpus else {"num_cpus": self._cpus_per_worker or node.n_cpus}

    def lose(self, worker: RemoteWorker, error: LostError) -> None:
        """Ends a worker that is lost; another one is started in its place if its node is still there."""
        with self._lock:
            if worker.is_gone:
                return
            self._remove(worker)
            self._note(f"A worker on {worker.node} was lost ({error}); its takes are made again by others.")

    def refuse(self, worker: RemoteWorker, reason: str) -> None:
        """Ends a worker that cannot be used, and starts no other on its node."""
        with self._lock:
            if worker.is_gone:
                return
            for each in [each for each in self._workers if each.node_id == worker.node_id]:
                self._remove(each)
            self._refused[worker.node_id] = f"{worker.node}: {reason}"
            self._n_nodes -= 1
            self._note(f"The node {worker.node} is not used. {reason}")

    def _remove(self, worker: RemoteWorker) -> None:
        worker.is_gone, worker.is_ready = True, False
        self._workers.remove(worker)
        self.kill(worker)

    def _start_worker(self, node: _Node) -> None:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        here = NodeAffinitySchedulingStrategy(node.id, soft=False)
        options = {"scheduling_strategy": here, "max_restarts": 0, **self._needs(node)}
        actor = self._ray.remote(self._worker_class).options(**options).remote()
        worker = RemoteWorker(actor, node.id, node.address)
        self._workers.append(worker)

        def on_version(future: Any) -> None:
            self._started.put((worker, future.exception() or future.result()))

        actor.version.remote().future().add_done_callback(on_version)

    def _welcome(self, worker: RemoteWorker, version: Any) -> None:
        """version: of MayaBook on the node, or the exception that kept the worker from starting."""
        if worker.is_gone:
            return
        if isinstance(version, BaseException):
            self.refuse(
                worker,
                f"No worker starts there ({first_line(version)}); install mayabook[cluster] {__version__} there.",
            )
        elif version != __version__:
            self.refuse(worker, f"It has MayaBook {version}; install {__version__} there, as here.")
        else:
            worker.is_ready = True
            self._wake()

    def _wake(self) -> None:
        for inbox in self._waiting:
            inbox.put(None)

    def _wait_for_worker(self) -> RemoteWorker:
        """The ready worker with the fewest tasks in flight."""
        started, told = time.monotonic(), False
        while True:
            self.tend()
            with self._lock:
                self._require_nodes()
                ready = [worker for worker in self._workers if worker.is_ready]
                if ready:
                    return min(ready, key=lambda worker: worker.n_in_flight)
            if not told and time.monotonic() - started > _PATIENCE:
                self._note(
                    "No worker of the cluster is ready; waiting. To see what it has and what is used, run: ray status"
                )
                told = True
            time.sleep(0.1)

    def _require_nodes(self) -> None:
        if self._refused and not self._n_nodes:
            raise ClusterError(f"No node of the cluster can be used. {next(iter(self._refused.values()))}")

    def _nodes(self) -> list[_Node]:
        return [
            _Node(
                node["NodeID"],
                node["NodeManagerAddress"],
                node["Resources"].get("CPU", 0.0),
                int(node["Resources"].get("GPU", 0)),
            )
            for node in self._ray.nodes()
            if node["Alive"]
        ]

    def _tell(self) -> None:
        """Tells a person how many workers there are, when that has changed."""
        ready = [worker for worker in self._workers if worker.is_ready]
        counts = len(ready), len({worker.node_id for worker in ready})
        if counts != self._told:
            self._told = counts
            self._note(f"Cluster: {_counted(counts[0], 'worker')} on {_counted(counts[1], 'node')}.")


def _nothing() -> None:
    pass


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _worker_class() -> type:
    from mayabook.cluster.worker import Worker  # loads Ray

    return Worker


def _n_workers(node: _Node, cpus_per_worker: int) -> int:
    """One for each GPU; without GPUs one for each group of CPUs."""
    if node.n_gpus:
        return node.n_gpus
    return int(node.n_cpus // cpus_per_worker) if cpus_per_worker else int(node.n_cpus >= 1)


def _lost(error: Any) -> LostError:
    return LostError(first_line(error))
