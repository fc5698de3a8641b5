"""Pauses, edges and joins, to the sample."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from mayabook.core.audio_files import write_flac
from mayabook.core.chunk import Pause
from mayabook.core.errors import JobError
from mayabook.core.settings import MasterSettings
from mayabook.master import TakeSegment, build_timeline
from mayabook.master.pcm_stream import BLOCK, pcm
from tests.master.master_sounds import RATE, silence, speechlike, tone

PAUSES = MasterSettings(pause_sentence=0.3, pause_paragraph=0.5, pause_scene=1.5, pause_heading=0.8, pause_chapter=2.0)


def rendered(timeline) -> np.ndarray:
    return np.concatenate(list(pcm(timeline)))


def gaps(audio: np.ndarray) -> list[float]:
    """Seconds of silence between sounds."""
    heard = np.flatnonzero(np.abs(audio) > 0.01)
    steps = np.diff(heard)
    return [step / RATE for step in steps[steps > 0.05 * RATE]]


def test_pauses_last_from_sound_to_sound_whatever_silence_a_take_brings(segment):
    takes = [
        np.concatenate([silence(before), tone(0.5), silence(after)])
        for before, after in ((0.4, 0.5), (0.0, 0.02), (0.03, 0.6), (0.05, 0.0), (0.3, 0.3))
    ]
    kinds = [Pause.SENTENCE, Pause.PARAGRAPH, Pause.SCENE, Pause.HEADING, Pause.CHAPTER]
    timeline = build_timeline([segment(t, k) for t, k in zip(takes, kinds, strict=True)], {}, PAUSES)
    audio = rendered(timeline)
    assert gaps(audio) == pytest.approx([0.3, 0.5, 1.5, 0.8], abs=0.012)  # frames of 5 ms, fades of 8 ms
    assert len(audio) == timeline.n_samples
    assert (timeline.n_samples - np.flatnonzero(np.abs(audio) > 0.01)[-1]) / RATE == pytest.approx(2.0, abs=0.012)


def test_a_soft_consonant_before_and_after_the_voice_is_kept(segment):
    rng = np.random.default_rng(0)
    soft = 0.003 * rng.standard_normal(RATE // 10)  # 40 dB below the voice
    softer = 0.0002 * rng.standard_normal(RATE // 20)  # 64 dB below: only the margin keeps it
    take = np.concatenate([silence(0.5), softer, soft, tone(0.5), soft[::-1], softer, silence(0.5)])
    audio = rendered(build_timeline([segment(take)], {}, MasterSettings(pause_sentence=0)))
    sound = take[round(0.5 * RATE) : -round(0.5 * RATE)]
    where = int(np.argmax(np.correlate(audio, sound, mode="valid")))
    assert np.abs(audio[where : where + len(sound)] - sound).max() < 1e-6
    assert len(audio) < len(sound) + 0.08 * RATE


def test_a_wholly_silent_take_keeps_its_length(segment):
    timeline = build_timeline([segment(tone(0.5)), segment(silence(1.0)), segment(tone(0.5))], {}, PAUSES)
    assert timeline.clips[1].stop - timeline.clips[1].first == RATE
    assert gaps(rendered(timeline)) == pytest.approx([0.3 + 1.0 + 0.3], abs=0.012)


@pytest.mark.parametrize("pause", [0.0, 0.25])
@pytest.mark.parametrize(
    ("take", "own_step"),
    [(np.full(RATE, 0.8), 0.0), (np.full(100, -0.9), 0.0), (tone(0.7, 200, 0.9, phase=np.pi / 2), 0.0472)],
    ids=["offset", "very short", "loud to its ends"],
)
def test_joins_do_not_click(segment, take, own_step, pause):
    settings = MasterSettings(pause_sentence=pause)
    timeline = build_timeline([segment(take), segment(-take), segment(take)], {}, settings)
    audio = np.concatenate([[0.0], rendered(timeline), [0.0]])
    allowed = own_step + 0.9 * np.pi / 2 / min(192, len(take) // 2) * 1.05  # steepest step of the fade
    assert np.abs(np.diff(audio)).max() <= allowed
    assert np.abs(audio).max() > 0.79 or len(take) == 100


def test_where_nothing_was_rendered_the_longest_pause_holds_and_the_book_goes_on(segment):
    segments = [
        segment(tone(0.5), Pause.SENTENCE),
        TakeSegment(None, 1, "Lost.", Pause.PARAGRAPH),
        TakeSegment(None, 1, "Lost too.", Pause.SENTENCE),
        segment(tone(0.5), Pause.CHAPTER),
        TakeSegment(None, 2, "A whole chapter.", Pause.CHAPTER),
        segment(tone(0.5), Pause.CHAPTER, chapter=3),
    ]
    timeline = build_timeline(segments, {1: "One", 2: "Two", 3: "Three"}, PAUSES)
    assert gaps(rendered(timeline)) == pytest.approx([0.5, 2.0], abs=0.012)
    assert [mark.title for mark in timeline.chapters] == ["One", "Three"]
    assert timeline.warnings == (
        "One: 2 of its chunks have no audio and are left out.",
        "Two: none of its chunks has audio; the chapter is left out.",
    )


def test_chapters_begin_with_their_first_take_and_cover_the_book(segment):
    segments = [
        segment(tone(0.4), Pause.SENTENCE, 2),
        segment(tone(0.4), Pause.CHAPTER, 2),
        segment(np.concatenate([silence(0.5), tone(0.4)]), Pause.CHAPTER, 3),
        segment(tone(0.4), Pause.CHAPTER, 7),
    ]
    timeline = build_timeline(segments, {2: "Start", 3: ""}, PAUSES)
    assert [mark.title for mark in timeline.chapters] == ["Start", "Chapter 3", "Chapter 7"]
    assert [mark.start for mark in timeline.chapters] == [timeline.clips[i].start for i in (0, 2, 3)]
    assert timeline.chapters[0].start == 0
    assert [mark.end for mark in timeline.chapters] == [m.start for m in timeline.chapters[1:]] + [timeline.n_samples]


def test_the_stream_is_the_takes_and_silence_and_nothing_else(segment):
    takes = [speechlike(seconds, seed) for seed, seconds in enumerate((0.3, 4.0, 7.5, 0.2, 3.1))]
    timeline = build_timeline([segment(t, chapter=1 + i // 3) for i, t in enumerate(takes)], {}, PAUSES)
    blocks = list(pcm(timeline))
    assert all(len(block) == BLOCK for block in blocks[:-1])
    audio = np.concatenate(blocks)
    fade = round(0.008 * RATE)
    for clip, take in zip(timeline.clips, takes, strict=True):
        inner = audio[clip.start + fade : clip.end - fade]
        assert np.abs(inner - take[clip.first + fade : clip.stop - fade]).max() < 2.0**-23
        audio[clip.start : clip.end] = 0
    assert not audio.any()
    parts = [block for mark in timeline.chapters for block in pcm(timeline, mark.start, mark.end)]
    assert np.array_equal(np.concatenate(parts), rendered(timeline))


def test_takes_that_cannot_be_used_are_named(segment, tmp_path):
    good = segment(tone(0.5))
    broken = tmp_path / "broken.flac"
    broken.write_bytes(b"fLaC and no more")
    with pytest.raises(JobError, match=r"broken\.flac.*same command again\.$"):
        build_timeline([good, dataclasses.replace(good, path=broken)], {}, PAUSES)
    with pytest.raises(JobError, match=r"absent\.flac"):
        build_timeline([dataclasses.replace(good, path=tmp_path / "absent.flac")], {}, PAUSES)
    with pytest.raises(JobError, match="No take of this book"):
        build_timeline([TakeSegment(None, 1, "Lost.", Pause.SENTENCE)], {}, PAUSES)


@pytest.mark.parametrize("other", [22_050, 44_100, 48_000])
def test_a_take_of_another_rate_sounds_the_same_in_the_book(segment, other):
    """Between two takes of the book's rate: same pitch, level and length, at its place to the sample."""
    takes = [segment(tone(1.0)), segment(tone(1.0, 1000.0, rate=other), rate=other), segment(tone(1.0))]
    timeline = build_timeline(takes, {}, PAUSES)
    assert timeline.sample_rate == RATE
    audio = rendered(timeline)
    assert gaps(audio) == pytest.approx([0.3, 0.3], abs=0.012)
    clip = timeline.clips[1]
    assert clip.stop - clip.first == RATE
    inner = slice(RATE // 10, -RATE // 10)
    heard = audio[clip.start : clip.end][inner].astype(float)
    expected = tone(1.0, 1000.0)[inner]
    error = np.sqrt(np.mean((heard - expected) ** 2) / np.mean(expected**2))
    assert 20 * np.log10(error) < -55


def test_a_book_has_the_rate_of_most_of_its_takes(segment):
    takes = [segment(tone(0.5, rate=44_100), rate=44_100), segment(tone(0.5)), segment(tone(0.5))]
    assert build_timeline(takes, {}, PAUSES).sample_rate == RATE
    assert build_timeline(takes[:2], {}, PAUSES).sample_rate == 44_100
    blocks = list(pcm(build_timeline([takes[0]], {}, PAUSES)))
    assert np.abs(np.concatenate(blocks)).max() == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize("change", [Path.unlink, lambda path: write_flac(path, np.zeros(10, np.float32), RATE)])
def test_a_take_that_changes_meanwhile_is_noticed(segment, change):
    one = segment(tone(0.5))
    timeline = build_timeline([one], {}, PAUSES)
    change(one.path)
    with pytest.raises(JobError, match=one.path.name):
        rendered(timeline)
