import multiprocessing
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from mayabook.core.errors import EngineError
from mayabook.core.settings import NarratorSettings
from mayabook.core.take import TakeRequest
from mayabook.engines.engine import HasFixedSpeaker
from mayabook.engines.narrator import Narrator


def requests(narrator: Narrator, n: int) -> list[TakeRequest]:
    return [TakeRequest(str(i), f"This is sentence number {i}.", "heart", i, 0, narrator.sampling(0)) for i in range(n)]


def test_a_killed_worker_is_replaced_and_nothing_is_lost() -> None:
    narrator = Narrator(NarratorSettings(workers=2))
    undisturbed = {take.request.key: take.audio for take in narrator.generate(requests(narrator, 12))}
    takes = {}
    for take in narrator.generate(requests(narrator, 12)):
        takes[take.request.key] = take.audio
        if len(takes) in (3, 7):
            victim = multiprocessing.active_children()[0]
            assert victim.pid is not None
            os.kill(victim.pid, signal.SIGKILL)
    narrator.close()
    assert takes.keys() == undisturbed.keys()
    for key, audio in takes.items():
        np.testing.assert_array_equal(audio, undisturbed[key])


def test_workers_end_when_their_parent_is_killed() -> None:
    script = (
        "from mayabook.core.settings import NarratorSettings\n"
        "from mayabook.core.take import TakeRequest\n"
        "from mayabook.engines.narrator import Narrator\n"
        "import multiprocessing, time\n"
        "if __name__ == '__main__':\n"
        "    narrator = Narrator(NarratorSettings(workers=2))\n"
        "    requests = [TakeRequest('', 'Yes.', 'heart', n, 0, narrator.sampling(0)) for n in range(2)]\n"
        "    list(narrator.generate(requests))\n"
        "    print(*(child.pid for child in multiprocessing.active_children()), flush=True)\n"
        "    time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    workers = [int(pid) for pid in parent.stdout.readline().split()]
    assert len(workers) == 2
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 20
    while any(_alive(pid) for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(_alive(pid) for pid in workers)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_an_unknown_voice_names_those_there_are() -> None:
    with pytest.raises(EngineError, match=r"no voice 'nobody'; choose one of: heart, "):
        Narrator(NarratorSettings(voice="nobody"))


def test_a_voice_that_cannot_be_fetched_says_where_to_put_it(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setenv("HIBARI_HOME", str(tmp_path))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    with pytest.raises(EngineError, match=r"'emma' is not installed.*Or use one that comes with MayaBook: heart\."):
        Narrator(NarratorSettings(voice="emma"))


def test_its_takes_are_not_compared_by_speaker() -> None:
    with closing(Narrator(NarratorSettings(workers=1))) as narrator:
        assert isinstance(narrator, HasFixedSpeaker)
        assert narrator.fixed_speaker == narrator.voice


def test_slower_speech_is_longer() -> None:
    lengths = []
    for speed in (0.8, 1.25):
        narrator = Narrator(NarratorSettings(speed=speed, workers=1))
        lengths.append(len(next(narrator.generate(requests(narrator, 1))).audio))
        narrator.close()
    assert lengths[0] / lengths[1] == pytest.approx(1.25 / 0.8, rel=0.2)  # edges do not stretch


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("The café was naïve, 3 × 4.", None),
        ("A Greek word, λόγος, in English prose.", None),
        ("Все семьи", "Cyrillic"),
        ("吾輩は猫である", "Cjk"),
        ("12345 ...", None),
    ],
)
def test_scripts_it_cannot_read(text: str, reason: str | None) -> None:
    narrator = Narrator(NarratorSettings(workers=1))
    answer = narrator.unsupported_reason(text)
    assert answer is None if reason is None else reason in str(answer)


def test_an_abbreviated_number_is_said_in_full() -> None:
    narrator = Narrator(NarratorSettings(workers=1))
    texts = ("Wait in room No. 7 today.", "Wait in room Number 7 today.")
    takes = narrator.generate(TakeRequest(text, text, "heart", 1, 0, narrator.sampling(0)) for text in texts)
    short, full = (take.audio for take in takes)
    narrator.close()
    np.testing.assert_array_equal(short, full)


def test_a_later_attempt_is_slower() -> None:
    narrator = Narrator(NarratorSettings(workers=1))
    text = "She counted two hundred and twelve steps, and then she sat down."
    takes = narrator.generate(TakeRequest(str(n), text, "heart", 7, n, narrator.sampling(n)) for n in range(2))
    first, second = (len(take.audio) for take in takes)
    narrator.close()
    assert second > first
