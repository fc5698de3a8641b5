"""Caption files, read back by FFmpeg and by their rules."""

import re

import av
import pytest

from mayabook.master.captions import Cue, captions

CUES = [
    Cue(0.0, 1.4504, "Chapter One"),
    Cue(1.54, 65.0, "“Half of them,” she said, “are 3 < 4 & 5 > 4 -->  never <b>bold</b> <sigh> again.”\n\n2\nNext"),
    Cue(3599.9996, 3725.25, "word " * 69 + "end."),
]


def test_webvtt_escapes_and_keeps_cues_apart():
    text = captions(CUES, "vtt")
    header, *blocks = text.strip("\n").split("\n\n")
    assert header == "WEBVTT"
    assert len(blocks) == 3
    assert blocks[0] == "1\n00:00:00.000 --> 00:00:01.450\nChapter One"
    payload = " ".join(blocks[1].splitlines()[2:])
    assert payload == (
        "“Half of them,” she said, “are 3 &lt; 4 &amp; 5 &gt; 4 --&gt; never [b]bold&lt;/b&gt; [sigh] again.” 2 Next"
    )
    assert blocks[2].splitlines()[1] == "01:00:00.000 --> 01:02:05.250"


def test_subrip_has_nothing_that_players_take_for_markup_or_times():
    blocks = captions(CUES, "srt").strip("\n").split("\n\n")
    assert [block.splitlines()[0] for block in blocks] == ["1", "2", "3"]
    assert blocks[1].splitlines()[1] == "00:00:01,540 --> 00:01:05,000"
    payload = " ".join(blocks[1].splitlines()[2:])
    assert payload == "“Half of them,” she said, “are 3 ‹ 4 & 5 › 4 --› never [b]bold‹/b› [sigh] again.” 2 Next"


@pytest.mark.parametrize("kind", ["srt", "vtt"])
def test_long_cues_are_wrapped_and_no_word_is_lost(kind):
    lines = captions(CUES[2:], kind).strip().splitlines()
    payload = [line for line in lines if line.startswith("word") or line.endswith("end.")]
    assert max(map(len, payload)) <= 60
    assert " ".join(payload).split() == ["word"] * 69 + ["end."]


@pytest.mark.parametrize("kind", ["srt", "vtt"])
def test_ffmpeg_reads_the_same_times_and_words(kind, tmp_path):
    path = tmp_path / f"book.{kind}"
    path.write_text(captions(CUES, kind), encoding="utf-8")
    with av.open(path) as container:
        packets = [packet for packet in container.demux(container.streams.subtitles[0]) if packet.size]
        starts = [float(packet.pts * packet.time_base) for packet in packets]
        durations = [float(packet.duration * packet.time_base) for packet in packets]
    assert starts == pytest.approx([0.0, 1.54, 3600.0])
    assert durations == pytest.approx([1.45, 63.46, 125.25])
    assert re.sub(r"\s+", " ", bytes(packets[0]).decode()) == "Chapter One"


def test_text_without_spaces_is_wrapped_too():
    lines = captions([Cue(0, 9, "字" * 130)], "srt").splitlines()
    assert lines[2:5] == ["字" * 60, "字" * 60, "字" * 10]
