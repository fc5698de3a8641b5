"""The takes of a job: their audio files and what the ledger knows of them."""

import logging
from collections.abc import Sequence

import soundfile

from mayabook.core.audio_files import read_flac
from mayabook.core.errors import JobError
from mayabook.core.files import write_bytes
from mayabook.core.take import Audio, TakeRequest
from mayabook.render.encoded_take import EncodedTake
from mayabook.render.job import Job
from mayabook.render.ledger import RetryStep, StoredTake
from mayabook.render.retry_policy import Judged
from mayabook.render.splicing import TranscribedTake

_log = logging.getLogger(__name__)


class TakeStore:
    """Stores takes and finds them again. checks: identity of the checks whose verdicts count."""

    def __init__(self, job: Job, checks: str) -> None:
        self._job, self._checks = job, checks

    def on_disk(self, key: str) -> list[StoredTake]:
        """Takes of a key whose audio file exists. Deletes the others from the ledger, so that they are made again."""
        takes = self._job.ledger.takes(key, self._checks)
        gone = [take for take in takes if not take.file.is_file()]
        for take in gone:
            self._job.ledger.forget_take(take)
        return [take for take in takes if take not in gone]

    def find(self, key: str, attempt: int) -> StoredTake | None:
        """The take of a key and attempt, or None. Changes the ledger as `on_disk` does."""
        return next((take for take in self.on_disk(key) if take.attempt == attempt), None)

    def history(self, takes: Sequence[StoredTake]) -> list[Judged]:
        """Takes with a verdict, without those that a person decided about."""
        found = []
        for take in takes:
            verdict = self._job.ledger.verdict(take, self._checks) if take.decision is None else None
            if verdict is not None:
                found.append((take, verdict))
        return found

    def read(self, stored: StoredTake) -> tuple[Audio, int]:
        """The mono audio of a take and its sample rate in Hz. Raises JobError if the file is damaged."""
        try:
            return read_flac(stored.file)
        except soundfile.LibsndfileError as error:
            raise JobError(
                f"The take {stored.file} is damaged; delete the file and run the same command again: it is synthesised "
                "anew."
            ) from error

    def read_transcribed(self, stored: StoredTake) -> TranscribedTake:
        """A take with its verdict, which it must have. Raises JobError as `read` does."""
        verdict = self._job.ledger.verdict(stored, self._checks)
        assert verdict is not None
        return TranscribedTake(*self.read(stored), verdict)

    def encoded(self, stored: StoredTake, request: TakeRequest) -> EncodedTake:
        """A take as it was added. request: of the take. Raises JobError as `read` does."""
        self.read(stored)
        return EncodedTake(
            request=request,
            flac=stored.file.read_bytes(),
            codes=stored.codes_file.read_bytes() if stored.codes_file.is_file() else None,
            n_samples=stored.n_samples,
            sample_rate=stored.sample_rate,
            stop=stored.stop,
            seconds=stored.seconds,
            detail=stored.detail,
            made_on=stored.made_on,
        )

    def add(self, take: EncodedTake, step: RetryStep, made_of: tuple[str, ...] = ()) -> StoredTake:
        """Writes a take's audio and codes and records it in the ledger.

        made_of: file names of the takes it is derived from.
        """
        request = take.request
        file = self._job.takes / f"{request.key}-{request.attempt}.flac"
        if take.codes is not None:
            write_bytes(file.with_suffix(".npz"), take.codes)
        write_bytes(file, take.flac)
        stored = self._job.ledger.add_take(
            StoredTake(
                id=0,
                key=request.key,
                attempt=request.attempt,
                seed=request.seed,
                sampling=request.sampling,
                stop=take.stop,
                file=file,
                n_samples=take.n_samples,
                sample_rate=take.sample_rate,
                seconds=take.seconds,
                detail=take.detail,
                decision=None,
                accepted=None,
                risk=0.0,
                step=step,
                made_of=made_of,
                made_on=take.made_on,
            )
        )
        figures = f"{take.duration:.1f} s of audio in {take.seconds:.1f} s"
        _log.debug("Stored %s: %s, %s, stop reason: %s", file.name, step.label, figures, take.stop)
        return stored
