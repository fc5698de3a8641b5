"""Makes audiobooks again after decisions, in child processes: one run per job at a time."""

import subprocess
import sys
import threading
import time
from pathlib import Path

from mayabook.render.job import Job

_FINISHED = (0, 3)
"""Exit codes of a run that made its audiobook; 3 means that some chunks are flagged."""
RETRY_SECONDS = 3.0
"""Between two attempts to start while another run holds the job's lock."""


class Reruns:
    """The runs in progress and their failures, by job folder. May be used from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wanted: dict[Path, int] = {}
        """Folder of a job that is being run -> how many runs of it were asked for."""
        self._failures: dict[Path, str] = {}

    def request(self, folder: Path) -> None:
        """Starts a run of the job in `folder`. If one is in progress, one more follows it, however many requests come
        meanwhile, so that later decisions are included."""
        folder = folder.absolute()
        with self._lock:
            self._failures.pop(folder, None)
            is_running = folder in self._wanted
            self._wanted[folder] = self._wanted.get(folder, 0) + 1
        if not is_running:
            threading.Thread(target=self._run, args=(folder,), daemon=True, name=f"rerun {folder.name}").start()

    def is_running(self, folder: Path) -> bool:
        with self._lock:
            return folder.absolute() in self._wanted

    def failure(self, folder: Path) -> str:
        """Why the last run of the job ended without an audiobook; empty if it made one."""
        with self._lock:
            return self._failures.get(folder.absolute(), "")

    def _run(self, folder: Path) -> None:
        while True:
            with self._lock:
                wanted = self._wanted[folder]
            try:
                failure = _make_anew(folder)
            except OSError as error:
                failure = f"The run could not be started ({error}); free some memory or disk space, then try again."
            with self._lock:
                if failure or self._wanted[folder] == wanted:
                    del self._wanted[folder]
                    if failure:
                        self._failures[folder] = failure
                    return


def _make_anew(folder: Path) -> str:
    """Runs the job and waits until it ends; if another run holds the job, waits for that one first. Returns why the run
    failed, or an empty text."""
    while True:
        run = subprocess.run(
            [sys.executable, "-m", "mayabook", "review", str(folder), "--apply", "--quiet"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C ends the server, not the run: it resumes either way
            check=False,
        )
        if run.returncode in _FINISHED:
            return ""
        lines = run.stderr.strip().splitlines()
        message = lines[-1] if lines else f"The run ended with exit code {run.returncode}; try again."
        if not Job(folder).is_running:
            return message.removeprefix("mayabook: ")
        time.sleep(RETRY_SECONDS)
