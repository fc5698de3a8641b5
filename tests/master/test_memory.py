"""Memory does not grow with the book."""

import subprocess
import sys

import pytest

from tests.master.master_sounds import speechlike

MASTER = """
import resource, sys
from pathlib import Path
from mayabook.core.chunk import Pause
from mayabook.core.settings import MasterSettings
from mayabook.master import Tags, TakeSegment, build_timeline, write_audiobook

take, output, count = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
settings = MasterSettings(loudness=-21, captions="srt")
timeline = build_timeline((TakeSegment(take, n // 20, "Text.", Pause.SENTENCE) for n in range(count)), {}, settings)
write_audiobook(timeline, Tags("Book"), output, settings, lambda fraction: None)
print(timeline.duration, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is counted in kilobytes on Linux")
def test_seven_minutes_take_no_more_memory_than_one(segment, tmp_path):
    take = segment(speechlike(20, 1)).path

    def master(count: int) -> tuple[float, float]:
        command = [sys.executable, "-c", MASTER, str(take), str(tmp_path / f"{count}.m4b"), str(count)]
        duration, peak = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        return float(duration), float(peak)

    (short, small), (long, large) = master(3), master(21)
    assert long > 400 > 70 > short > 55
    assert large - small < 8 << 20  # the samples themselves would be 35 MB more
