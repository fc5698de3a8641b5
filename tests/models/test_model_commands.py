import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from mayabook.cli.models import app
from mayabook.core.errors import ModelError
from mayabook.maya.codec import open_codec
from mayabook.maya.token_layout import Layout
from mayabook.models import store
from mayabook.models.catalogue import catalogue
from tests.models.hub_server import hub

SNAC = "hubertsiuzdak/snac_24khz"
MAYA1 = catalogue()["maya1"]


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(app, [str(arg) for arg in args])


def printed(*args: str | Path) -> str:
    result = run(*args)
    assert result.exit_code == 0, result.output
    return result.output


def refused(*args: str | Path) -> str:
    """The error that the command line prints in one line, with exit code 2."""
    result = run(*args)
    assert isinstance(result.exception, ModelError), result.output
    assert "\n" not in str(result.exception)
    return str(result.exception)


@pytest.fixture
def mine(small: Path, store_folder: Path) -> Path:
    printed("import", small, "--name", "mine")
    return store_folder / "mine"


def test_a_checkpoint_is_brought_converted_quantised_listed_and_checked(
    small: Path, store_folder: Path, tmp_path: Path
) -> None:
    assert printed("list") == f"No model in {store_folder}; get one: mayabook models pull\n"
    alone = Path(shutil.copytree(small / "checkpoint", tmp_path / "alone"))
    assert printed("import", alone) == f"alone is in {store_folder / 'alone'}; it lacks the codec.\n"
    made = [json.loads(line) for line in printed("quantize", "alone", "Q8_0", "Q4_K_M", "--json").splitlines()]
    assert [one["format"] for one in made] == ["F16", "Q8_0", "Q4_K_M"]
    for one in made:
        assert Path(one["file"]).stat().st_size == one["bytes"]
    assert 8 < made[1]["bits_per_weight"] < 9.5
    assert printed("convert", "alone") == "alone already has F16.\n"
    assert "BF16: " in printed("convert", "alone", "--to", "BF16")
    assert printed("import", small / "codec", "--name", "alone") == f"alone is in {store_folder / 'alone'}.\n"
    (row,) = [json.loads(line) for line in printed("list", "--json").splitlines()]
    assert row["name"] == "alone"
    assert row["lacks"] == []
    assert row["ggufs"].keys() == {"F16", "BF16", "Q8_0", "Q4_K_M"}
    assert row["ggufs"]["Q8_0"] == made[1]["bytes"]
    table = printed("list")
    assert "complete" in table
    assert "Q4_K_M" in table
    rows = [json.loads(line) for line in printed("check", "alone", "--json").splitlines()]
    assert {one["state"] for one in rows} == {"ok"}
    assert {one["check"] for one in rows} >= {"checkpoint: tensors", "codec", "F16: logits", "Q4_K_M: logits"}


def test_a_failed_check_ends_with_an_error(mine: Path) -> None:
    file = mine / "gguf" / "mine-F16.gguf"
    content = file.read_bytes()
    file.unlink()  # it is a link to the original
    file.write_bytes(content[:-3000])
    result = run("check", "mine")
    assert "F16: token ids" in result.output
    assert "failed" in result.output
    assert str(result.exception) == "1 of the checks failed; do what the table says for each."


def test_parts_and_models_are_deleted_only_when_meant(mine: Path) -> None:
    assert refused("remove", "mine") == "There is no terminal to confirm on; to delete mine, add --yes."
    assert (mine / "checkpoint").is_dir()
    assert printed("remove", "mine", "--format", "F16", "--yes") == f"Deleted {mine / 'gguf' / 'mine-F16.gguf'}\n"
    assert store.stored("mine").ggufs == {}
    printed("remove", "mine", "--yes")
    assert not mine.exists()
    assert "Unknown model 'mine'" in refused("remove", "mine", "--yes")


def test_originals_stay_when_a_brought_model_is_deleted(mine: Path, small: Path) -> None:
    printed("remove", "mine", "--yes")
    assert (small / "checkpoint" / "model.safetensors").stat().st_size > 1e6


def test_the_codec_is_exported(mine: Path) -> None:
    facts = json.loads(printed("export-codec", "mine", "--json"))
    assert facts["file"] == str(mine / "codec" / "decoder.onnx")
    assert facts["bytes"] == (mine / "codec" / "decoder.onnx").stat().st_size
    (mine / "codec" / "pytorch_model.bin").unlink()
    codec = open_codec(mine / "codec", Layout.read(mine / "checkpoint"))
    assert "onnxruntime" in codec.platform
    printed("remove", "mine", "--format", "codec", "--yes")
    assert "mine has no codec; import it" in refused("export-codec", "mine")


def test_wrong_words_name_the_right_ones(mine: Path, tmp_path: Path) -> None:
    assert "Unknown format 'Q3'; choose one of: Q8_0" in refused("quantize", "mine", "Q3")
    assert "for other formats: mayabook models quantize" in refused("convert", "mine", "--to", "Q8_0")
    assert "choose one of: mine" in refused("check", "other")
    assert "Unknown model 'other'" in refused("quantize", "other", "Q8_0")
    assert "Unknown format 'Q3'" in refused("pull", "some/voice", "--format", "Q3")
    assert "does not exist; give a model folder" in refused("import", tmp_path / "gone")


@pytest.mark.parametrize(
    "command", ["list", "pull", "import", "convert", "quantize", "check", "remove", "export-codec"]
)
def test_every_command_has_help(command: str) -> None:
    shown = printed(command, "--help")
    usage, summary, *_ = shown.split("\n\n")
    assert f" {command} " in usage
    assert summary.startswith("  ")
    assert summary.endswith(".")
    assert not re.search(r"^  -\S+(?: [A-Z]+)?$", shown, re.MULTILINE)  # an option without a description


def shell(*args: str, without: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    """Runs the command in a process of its own. without: a module that cannot be imported there."""
    script = (
        f"import sys; sys.modules.update(dict.fromkeys([{without!r}]))\n"
        "from mayabook.cli.models import app\n"
        "from mayabook.core.errors import MayaBookError\n"
        "try:\n"
        "    app()\n"
        "except MayaBookError as error:\n"
        "    sys.exit(str(error))\n"
    )
    return subprocess.run(
        [sys.executable, "-c", script, *args], env={**os.environ, **env}, capture_output=True, text=True, timeout=120
    )


def test_pull_asks_the_hub_it_is_told_and_makes_what_is_missing(small: Path, store_folder: Path) -> None:
    with hub({"some/voice": small / "checkpoint", SNAC: small / "codec"}) as served:
        done = shell(
            "pull", "some/voice", "--name", "v", "--format", "Q8_0", "--unpinned", "--json", HF_ENDPOINT=served.endpoint
        )
    assert done.returncode == 0, done.stderr
    made, facts = done.stdout.splitlines()[:-1], json.loads(done.stdout.splitlines()[-1])
    assert [json.loads(line)["format"] for line in made] == ["F16", "Q8_0"]
    assert facts["lacks"] == []
    assert facts["ggufs"].keys() == {"F16", "Q8_0"}
    assert facts["folder"] == str(store_folder / "v")


def test_a_gguf_file_is_pulled_and_checked_without_torch(small: Path, hub_codec: Path, store_folder: Path) -> None:
    """What is fetched, from where, how large it is and under which licence is told first."""
    repos = {MAYA1.repo: small / "checkpoint", MAYA1.codec_onnx: hub_codec, MAYA1.ggufs[0]: small / "gguf"}
    with hub(repos) as served:
        done = shell("pull", "maya1", "--format", "f16", "--unpinned", HF_ENDPOINT=served.endpoint, without="torch")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"maya1 is in {store_folder / 'maya1'}.\n"
    assert re.match(r"maya1: .* MB to download to .*/maya1 \(.* free\)\n", done.stderr)
    assert re.search(
        r"maya-research/maya1: config\.json .*, tokenizer\.json .*\n +licence: .*Built with Llama", done.stderr
    )
    assert re.search(r"Mungert/maya1-GGUF: small-F16\.gguf \d+\.\d MB\n", done.stderr)
    assert re.search(r"snac_24khz-ONNX: onnx/decoder_model\.onnx .*\n +licence: MIT\n", done.stderr)
    done = shell("check", "maya1", "--json", without="torch")
    assert done.returncode == 0, done.stderr
    states = {one["check"]: one["state"] for one in map(json.loads, done.stdout.splitlines())}
    assert states.pop("logits") == "skipped"
    assert set(states.values()) == {"ok"}


@pytest.mark.usefixtures("store_folder")
def test_offline_pull_is_one_line() -> None:
    done = shell("pull", HF_HUB_OFFLINE="1")
    assert done.returncode == 1
    assert done.stderr.startswith("The hub cannot be reached (offline mode is set).")
    assert done.stderr.count("\n") == 1
    assert "mayabook models import FOLDER --name maya1" in done.stderr
