import base64
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from mayabook.cli.lab import app
from mayabook.core.errors import LabError
from mayabook.lab.ab_test import write_ab_test
from mayabook.lab.experiments import EXPERIMENTS, run
from mayabook.lab.rows import read_rows
from tests.lab.lab_engines import PlantedVariants, RecordingListener, SilenceChecker


@pytest.fixture
def rows(tmp_path: Path, truth: Path) -> Path:
    experiment = EXPERIMENTS["sweep"]
    plan = experiment.plan.load(
        None,
        {
            "takes": 12,
            "temperatures": (0.3, 0.9),
            "top_ps": (0.9,),
            "presets": (),
            "keep_audio": True,
            "truth": str(truth),
        },
    )
    run(experiment, plan, tmp_path / "w", RecordingListener(), variants=PlantedVariants(), checker=SilenceChecker())
    return tmp_path / "w"


def test_the_page_stands_alone_and_hides_which_is_which(rows: Path) -> None:
    file = rows / "listen.html"
    own = [
        {**row, "tokens": row["cell"]} for row in read_rows(rows)[1]
    ]  # planted engines give equal codes in all cells
    assert write_ab_test(rows, own, "0.3, 0.9", "0.9, 0.9", file, n=8) == 8
    page = file.read_text()
    clips = re.findall(r"data:audio/mpeg;base64,([A-Za-z0-9+/=]+)", page)
    assert len(clips) == 16
    audio, rate = soundfile.read(io.BytesIO(base64.b64decode(clips[0])))
    assert len(audio) / rate == pytest.approx(0.5, abs=0.1)
    assert np.sqrt(np.mean(audio**2)) == pytest.approx(0.06, rel=0.2)
    assert "0.3, 0.9" not in page
    key = json.loads(base64.b64decode(re.search(r'atob\("([^"]+)"\)', page).group(1)))
    assert key["names"] == ["0.3, 0.9", "0.9, 0.9"]
    assert set(key["swapped"]) == {0, 1}
    assert "http" not in page


def test_pairs_of_the_same_codes_are_left_out(rows: Path) -> None:
    same = [{**row, "tokens": row["text"] if row["item"] > 4 else row["cell"]} for row in read_rows(rows)[1]]
    assert write_ab_test(rows, same, "0.3, 0.9", "0.9, 0.9", rows / "listen.html") == 5
    with pytest.raises(LabError, match="spoke the same codes throughout"):
        write_ab_test(rows, [row for row in same if row["item"] > 4], "0.3, 0.9", "0.9, 0.9", rows / "x.html")


def test_audio_of_rejected_takes_alone_is_no_test(rows: Path) -> None:
    file = rows / "rows.jsonl"
    file.write_text(file.read_text().replace('"keep_audio": true', '"keep_audio": false'))
    result = CliRunner().invoke(app, ["listen", str(rows), "0.3, 0.9", "0.9, 0.9"])
    assert isinstance(result.exception, LabError)
    assert "which would bias the test; run the experiment with --set 'keep_audio = true'" in str(result.exception)


def test_what_cannot_be_compared_is_said(rows: Path) -> None:
    with pytest.raises(LabError, match=r"no audio of 'Q9'.*there is of: 0.3, 0.9, 0.9, 0.9"):
        write_ab_test(rows, read_rows(rows)[1], "0.3, 0.9", "Q9", rows / "x.html")
