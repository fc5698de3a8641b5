"""The sample book, made for real, and its audiobook measured."""

import json
import subprocess
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from mayabook.core.settings import Settings
from mayabook.render import Job
from mayabook.script import script_book
from tests.runs import COMMAND, samples_of

SAMPLE = next((Path(__file__).parents[2] / "examples").glob("*.epub"))
TITLES = [
    "Chapter One: The Wrong Time",
    "Chapter Two: The Last Train",
    "Chapter Three: The Small Window",
    "Chapter Four: Put Right",
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    """The audiobook, and the facts that the run printed last."""
    output = tmp_path_factory.mktemp("sample") / "sample.m4b"
    run = subprocess.run(
        [*COMMAND, "make", SAMPLE, "-o", output, "--json", "--captions", "srt"], capture_output=True, text=True
    )
    assert run.returncode in (0, 3), run.stderr
    return output, json.loads(run.stdout.splitlines()[-1])


def test_every_chunk_is_accepted_or_flagged_and_no_sentence_is_missing(made: tuple[Path, dict]) -> None:
    output, facts = made
    assert facts["script_words"] == facts["book_words"] > 2000
    assert facts["sentences"]["missing"] == 0
    assert facts["wer"] <= 0.06
    coverage = json.loads((output.with_suffix(".mayabook") / "coverage.json").read_text())
    assert {row["chunk"] for row in coverage["rows"]} == set(range(1, facts["chunks"] + 1))
    assert {row["chunk"] for row in coverage["rows"] if not row["accepted"]} == set(facts["flagged"])


def test_the_coverage_report_holds_every_sentence_of_the_book(made: tuple[Path, dict]) -> None:
    output, _ = made
    _, script = script_book(SAMPLE, None, Settings())
    written = [sentence.text for chunk in script.chunks for sentence in chunk.sentences]
    coverage = json.loads((output.with_suffix(".mayabook") / "coverage.json").read_text())
    assert [row["text"] for row in coverage["rows"]] == written
    page = (output.with_suffix(".mayabook") / "coverage.html").read_text()
    assert page.count("<tr") == len(written)


def test_the_audiobook_has_its_chapters_where_they_begin(made: tuple[Path, dict]) -> None:
    """A chapter's time is right when the samples from there on are the first chunk of the chapter."""
    output, facts = made
    with av.open(str(output)) as container:
        chapters = [
            (chapter["metadata"]["title"], float(chapter["start"] * (chapter["time_base"] or 0)))
            for chapter in container.chapters()
        ]
    assert [title for title, _ in chapters] == TITLES
    audio = samples_of(output)
    for (_, start), promised in zip(chapters, facts["chapters"], strict=True):
        assert start == pytest.approx(promised["start"], abs=0.1)
        before, after = audio[max(0, int((start - 1.0) * 24000)) : int(start * 24000)], int(start * 24000)
        if start:
            assert np.sqrt(np.mean(before**2)) < 1e-3  # the pause between chapters
        assert np.abs(audio[after : after + 12000]).max() > 0.02  # speech within half a second


def test_tags_cover_and_duration(made: tuple[Path, dict]) -> None:
    output, facts = made
    with av.open(str(output)) as container:
        tags = container.metadata
        assert tags["title"] == "Four Minutes Slow"
        assert tags["artist"]
        assert tags["composer"].startswith("heart")
        assert tags["date"]
        assert tags["description"]
        assert container.streams.audio[0].metadata["language"] == "eng"
        assert container.streams.audio[0].codec_context.name == "aac"
        cover = next(bytes(packet) for packet in container.demux(container.streams.video[0]) if packet.size)
    assert cover.startswith(b"\xff\xd8")
    duration = len(samples_of(output)) / 24000
    assert duration == pytest.approx(facts["duration"], abs=0.1)
    assert 12 * 60 < duration < 25 * 60


def test_loudness_is_what_was_asked(made: tuple[Path, dict]) -> None:
    """Measured by FFmpeg's ebur128 on the decoded file."""
    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=24000, format="fltp", layout="mono", time_base=Fraction(1, 24000))
    meter = graph.add("ebur128", "peak=true")
    sink = graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    audio = samples_of(made[0])
    with av.logging.Capture() as lines:
        av.logging.set_level(av.logging.INFO)
        for at in range(0, len(audio), 24000):
            frame = av.AudioFrame.from_ndarray(audio[None, at : at + 24000], format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 24000, at
            source.push(frame)
            while True:
                try:
                    sink.pull()
                except (av.error.BlockingIOError, av.error.EOFError):
                    break
        del graph, source, meter, sink
    av.logging.set_level(None)
    summary = "".join(text for _, _, text in lines)
    integrated = float(summary.rsplit("I:", 1)[1].split("LUFS")[0])
    assert integrated == pytest.approx(-19.0, abs=0.5)


def test_captions_follow_the_chunks(made: tuple[Path, dict]) -> None:
    output, facts = made
    cues = output.with_suffix(".srt").read_text().strip().split("\n\n")
    assert len(cues) == facts["chunks"]
    assert cues[0].splitlines()[1].startswith("00:00:00,")


def test_the_job_is_unlocked_and_holds_one_kept_take_for_each_chunk(made: tuple[Path, dict]) -> None:
    output, facts = made
    with Job.existing(output) as job:
        checks = job.ledger.fact("checks")
        assert checks is not None
        kept = [job.ledger.kept(item.key, checks) for item in job.ledger.plan()]
    assert len(kept) == facts["chunks"]
    assert all(take is not None and take.file.is_file() for take in kept)
