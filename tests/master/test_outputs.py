"""Full disks, closed folders and odd names: one line, nothing half-written, no take harmed."""

import re

import pytest
from master_sounds import speechlike

ONE_LINE = re.compile(r"^Cannot write [^\n]+: [^\n]+[;,] [^\n]+\.$")

SMALL_DISK = """
import resource, sys
from pathlib import Path
from mayabook.core.errors import OutputError
from mayabook.core.chunk import Pause
from mayabook.core.settings import MasterSettings
from mayabook.master import Segment, Tags, build_timeline, write_audiobook

take, output, limit, split = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "split"
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
settings = MasterSettings(split=split)
timeline = build_timeline([Segment(take, 1, "Text.", Pause.CHAPTER)] * 2, {}, settings)
try:
    write_audiobook(timeline, Tags("Book"), output, settings, lambda fraction: None)
except OutputError as error:
    print(error)
    sys.exit(2)
"""


@pytest.mark.parametrize("limit", [20, 20_000])
@pytest.mark.parametrize("suffix", [".m4b", ".mp3", ".opus", ".flac", ".wav"])
def test_a_file_that_no_longer_fits(segment, tmp_path, suffix, limit):
    take = segment(speechlike(8, 1)).path
    before = take.read_bytes()
    out = tmp_path / "out" / f"book{suffix}"
    ...
