"""The finished files, decoded and read as a player would."""

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest

from mayabook.core.book import Book, Cover
from mayabook.core.chunk import Pause
from mayabook.core.errors import OutputError
from mayabook.core.output_formats import FORMATS
from mayabook.core.settings import MasterSettings
from mayabook.master import Tags, Timeline, build_timeline, check_output, write_audiobook
from mayabook.master.pcm_stream import pcm
from tests.master.decoded_audiobook import DecodedAudiobook, decode_audiobook, loudness, onset, true_peak
from tests.master.master_sounds import RATE, silence, speechlike, tone
from tests.master.test_cover import image

LOSSLESS = [suffix for suffix, form in FORMATS.items() if form.is_lossless]
TONES = {1: 500.0, 2: 900.0, 3: 1400.0}
TITLES = {1: "Chapter One", 2: "“Zwei” – é / ü", 3: "3: The End?"}
COVER = image("mjpeg")
TAGS = Tags.of(
    Book(
        title="The Clock of Äon",
        authors=("Ada Lovelace", "Bo Li"),
        chapters=(),
        language="en-GB",
        publisher="Our Press",
        description="A story; with = signs, “quotes”\nand two lines.",
        year="1998",
        cover=Cover(COVER, "image/jpeg"),
    ),
    narrator="Heart of Hibari",
)


@pytest.fixture
def timeline(segment) -> Timeline:
    """Three chapters of 8 s or so; each begins with a tone of its own, to be found again in what was encoded."""
    segments = []
    for chapter, frequency in TONES.items():
        beep = np.concatenate([tone(0.4, frequency, 0.2), 0.5 * tone(0.1, frequency, 0.2)])
        segments.append(segment(beep, Pause.HEADING, chapter, f"Beep {chapter}."))
        segments.append(segment(speechlike(2.6, chapter), Pause.SENTENCE, chapter, f"A sentence of {chapter}."))
        segments.append(segment(speechlike(1.7, 10 + chapter, 0.07), Pause.CHAPTER, chapter, f"Last of {chapter}."))
    return build_timeline(segments, TITLES, MasterSettings())


def quietly(_: float) -> None: ...


def source(timeline: Timeline) -> np.ndarray:
    return np.concatenate(list(pcm(timeline))).astype(np.float64)


def fitted(decoded: DecodedAudiobook, original: np.ndarray) -> tuple[float, float]:
    """The factor that makes the original most like what was decoded, and the remaining noise in dB below it."""
    audio = decoded.audio[: len(original) * decoded.rate // RATE]
    audio = audio[:: decoded.rate // RATE][: len(original)]  # 48 kHz of Opus: every second sample
    gain = float(audio @ original[: len(audio)] / (original[: len(audio)] @ original[: len(audio)]))
    noise = audio - gain * original[: len(audio)]
    return gain, float(10 * np.log10(np.mean(audio**2) / np.mean(noise**2)))


@pytest.mark.parametrize("suffix", FORMATS)
def test_what_a_player_hears_and_shows(timeline, tmp_path, suffix):
    out = tmp_path / "new folder" / f"book{suffix}"
    settings = MasterSettings(loudness=-21.0)
    progress: list[float] = []
    book = write_audiobook(timeline, TAGS, out, settings, progress.append)
    decoded = decode_audiobook(out)
    assert book.files == (out,)
    assert list(out.parent.iterdir()) == [out]

    assert decoded.codec == {
        ".m4b": "aac", ".mp3": "mp3float", ".opus": "opus", ".flac": "flac", ".wav": "pcm_s24le"
    }[suffix]  # fmt: skip
    assert decoded.channels == 1
    assert decoded.rate == (48000 if suffix == ".opus" else RATE)
    assert book.duration == timeline.n_samples / RATE
    assert decoded.duration == pytest.approx(book.duration, abs=0.1)
    assert len(decoded.audio) / decoded.rate == pytest.approx(book.duration, abs=0.1)

    assert loudness(decoded.audio, decoded.rate) == pytest.approx(-21.0, abs=0.5)
    assert book.loudness == pytest.approx(loudness(decoded.audio, decoded.rate), abs=0.3)
    assert true_peak(decoded.audio) <= (-3.0 if suffix in LOSSLESS else -2.0)
    assert book.true_peak <= -3.0

    marks = [(mark.title, mark.start / RATE) for mark in timeline.chapters]
    for (title, start), frequency in zip(marks, TONES.values(), strict=True):
        assert onset(decoded.audio, decoded.rate, start, frequency) == pytest.approx(start, abs=0.02), title
    assert [chapter.title for chapter in book.chapters] == list(TITLES.values())
    if suffix == ".wav":
        assert book.warnings == ("WAV holds neither chapters nor a cover; .flac does, without loss.",)
    else:
        assert [title for title, _, _ in decoded.chapters] == list(TITLES.values())
        assert [start for _, start, _ in decoded.chapters] == pytest.approx([start for _, start in marks], abs=0.002)
        assert decoded.chapters[-1][2] == pytest.approx(book.duration, abs=0.1)
        assert decoded.cover == COVER
        assert decoded.cover_kind == ("" if suffix == ".m4b" else "Cover (front)")
        assert book.warnings == ()
    if suffix == ".mp3":
        assert out.read_bytes().startswith(b"ID3\x03")  # the version that every player reads

    assert decoded.tags["title"] == decoded.tags["album"] == "The Clock of Äon"
    assert decoded.tags["artist"] == "Ada Lovelace, Bo Li"
    assert decoded.tags["date"] == "1998"
    assert decoded.tags["genre"] == "Audiobook"
    assert TAGS.description in (decoded.tags.get("description"), decoded.tags.get("comment"))
    if suffix != ".wav":
        assert decoded.tags["composer"] == "Heart of Hibari"
    assert {".m4b": decoded.language, ".wav": decoded.tags.get("language")}.get(suffix, "eng") == "eng"
    if suffix in (".opus", ".flac"):
        assert decoded.tags["language"] == "en-GB"
        assert decoded.tags["publisher"] == "Our Press"
        assert decoded.tags["narrator"] == "Heart of Hibari"

    assert progress == sorted(progress)
    assert progress[-1] == 1.0
    assert progress[0] < 0.2
    assert len(progress) >= 15


@pytest.mark.parametrize(("suffix", "least"), [(".m4b", 18), (".mp3", 15), (".opus", 8)])
def test_lossy_formats_sound_like_the_takes(timeline, tmp_path, suffix, least):
    book = write_audiobook(timeline, TAGS, tmp_path / f"book{suffix}", MasterSettings(loudness=-24), quietly)
    gain, signal_to_noise = fitted(decode_audiobook(book.files[0]), source(timeline))
    assert signal_to_noise > least
    assert 20 * np.log10(gain) == pytest.approx(-24 - loudness(source(timeline), RATE), abs=0.3)


@pytest.mark.parametrize("suffix", LOSSLESS)
def test_lossless_formats_hold_the_takes_at_one_gain_to_the_last_bit(timeline, tmp_path, suffix):
    original = source(timeline)
    book = write_audiobook(timeline, TAGS, tmp_path / f"book{suffix}", MasterSettings(loudness=-24), quietly)
    decoded = decode_audiobook(book.files[0])
    assert len(decoded.audio) == len(original)
    gain, _ = fitted(decoded, original)
    assert np.abs(decoded.audio - gain * original).max() <= 2.0**-23
    assert book.loudness == pytest.approx(-24)
    assert book.true_peak == pytest.approx(true_peak(decoded.audio), abs=0.1)


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_same_takes_give_the_same_bytes(timeline, tmp_path, suffix):
    digests = set()
    for name in ("first", "second"):
        out = tmp_path / name / f"book{suffix}"
        settings = MasterSettings(captions="vtt")
        write_audiobook(timeline, TAGS, out, settings, quietly)
        digests.add(hashlib.sha256(out.read_bytes() + out.with_suffix(".vtt").read_bytes()).hexdigest())
        assert not re.search(rb"Lav[cf]\d", out.read_bytes().replace(COVER, b""))  # no version of a library either
    assert len(digests) == 1


@pytest.mark.parametrize("suffix", FORMATS)
def test_one_file_per_chapter_at_one_gain(timeline, tmp_path, suffix):
    settings = MasterSettings(loudness=-24, split=True, captions="srt")
    book = write_audiobook(timeline, TAGS, tmp_path / f"My Book v1.2{suffix}", settings, quietly)
    names = ["01 Chapter One", "02 “Zwei” – é ü", "03 3 The End"]
    assert [path.relative_to(tmp_path).as_posix() for path in book.files] == [
        f"My Book v1.2/{name}{suffix}" for name in names
    ]
    assert sorted((tmp_path / "My Book v1.2").iterdir()) == sorted(book.files + book.captions)
    original = source(timeline)
    gains = []
    for number, (path, mark) in enumerate(zip(book.files, timeline.chapters, strict=True), 1):
        decoded = decode_audiobook(path)
        assert decoded.tags["title"] == mark.title
        assert decoded.tags["album"] == TAGS.title
        assert decoded.tags["track"].split("/")[0] == str(number)
        assert decoded.duration == pytest.approx((mark.end - mark.start) / RATE, abs=0.1)
        assert onset(decoded.audio, decoded.rate, 0.0, TONES[number]) == pytest.approx(0.0, abs=0.02)
        if suffix != ".wav":
            assert [(title, start) for title, start, _ in decoded.chapters] == [(mark.title, 0.0)]
            assert decoded.cover == COVER
        gains.append(20 * np.log10(fitted(decoded, original[mark.start : mark.end])[0]))
        subtitles = path.with_suffix(".srt").read_text(encoding="utf-8")
        assert f"Beep {number}." in subtitles
        assert subtitles.count("-->") == 3
        assert subtitles.startswith("1\n00:00:00,000 --> 00:00:00,500\n")
    assert gains == pytest.approx([gains[0]] * 3, abs=0.1)


def test_quiet_chapters_stay_quieter_than_loud_ones(segment, tmp_path):
    segments = [segment(speechlike(5, n, rms), Pause.CHAPTER, n) for n, rms in ((1, 0.02), (2, 0.06))]
    timeline = build_timeline(segments, {}, MasterSettings())
    book = write_audiobook(timeline, TAGS, tmp_path / "book.flac", MasterSettings(loudness=-30), quietly)
    decoded = decode_audiobook(book.files[0]).audio
    first, second = (decoded[mark.start : mark.end] for mark in timeline.chapters)
    difference = loudness(second, RATE) - loudness(first, RATE)
    before = loudness(speechlike(5, 2, 0.06), RATE) - loudness(speechlike(5, 1, 0.02), RATE)
    assert difference == pytest.approx(before, abs=0.5)


def test_captions_name_each_take_when_it_is_heard(timeline, tmp_path):
    out = tmp_path / "book.m4b"
    book = write_audiobook(timeline, TAGS, out, MasterSettings(captions="srt"), quietly)
    assert book.captions == (tmp_path / "book.srt",)
    cues = [block.split("\n") for block in book.captions[0].read_text(encoding="utf-8").strip().split("\n\n")]
    assert [cue[2] for cue in cues[:4]] == ["Beep 1.", "A sentence of 1.", "Last of 1.", "Beep 2."]
    hours, minutes, seconds = cues[3][1].split(" --> ")[0].replace(",", ".").split(":")
    start = 3600 * int(hours) + 60 * int(minutes) + float(seconds)
    decoded = decode_audiobook(out)
    assert onset(decoded.audio, decoded.rate, start, TONES[2]) == pytest.approx(start, abs=0.02)


def test_hundreds_of_chapters(segment, tmp_path):
    """A table of chapters that players of old read has room for 255; the rest must not be lost."""
    one = segment(tone(0.1, amplitude=0.2), Pause.CHAPTER)
    segments = [type(one)(one.path, number, "x", Pause.CHAPTER) for number in range(1, 301)]
    timeline = build_timeline(segments, {}, MasterSettings(pause_chapter=0.1))
    book = write_audiobook(timeline, TAGS, tmp_path / "book.m4b", MasterSettings(), quietly)
    decoded = decode_audiobook(book.files[0])
    assert [title for title, _, _ in decoded.chapters] == [f"Chapter {number}" for number in range(1, 301)]
    assert decoded.chapters[299][1] == pytest.approx(timeline.chapters[299].start / RATE, abs=0.01)


@pytest.mark.parametrize(("suffix", "rate"), [(".opus", 48000), (".m4b", 22050), (".mp3", 22050), (".flac", 22050)])
def test_takes_at_another_rate(segment, tmp_path, suffix, rate):
    takes = [tone(1.0, 600, 0.2, rate=22050), tone(1.0, 1100, 0.2, rate=22050)]
    segments = [segment(take, Pause.CHAPTER, n, rate=22050) for n, take in enumerate(takes, 1)]
    timeline = build_timeline(segments, {}, MasterSettings())
    book = write_audiobook(timeline, TAGS, tmp_path / f"book{suffix}", MasterSettings(), quietly)
    decoded = decode_audiobook(book.files[0])
    assert decoded.rate == rate
    assert decoded.duration == pytest.approx(6.0, abs=0.1)
    assert onset(decoded.audio, decoded.rate, 3.0, 1100) == pytest.approx(3.0, abs=0.02)
    assert loudness(decoded.audio, decoded.rate) == pytest.approx(-19, abs=0.5)


@pytest.mark.parametrize("bitrate", [24, 320])
@pytest.mark.parametrize("suffix", [".m4b", ".mp3", ".opus"])
def test_the_bitrate_is_what_was_asked_or_the_most_there_is(timeline, tmp_path, suffix, bitrate):
    tags = Tags("Bare")
    book = write_audiobook(timeline, tags, tmp_path / f"book{suffix}", MasterSettings(bitrate=bitrate), quietly)
    most = {".m4b": 144, ".mp3": 160, ".opus": 256}[suffix]
    measured = book.files[0].stat().st_size * 8 / book.duration / 1000
    assert 0.4 * min(bitrate, most) < measured < 1.35 * min(bitrate, most)
    decoded = decode_audiobook(book.files[0])
    assert decoded.duration == pytest.approx(book.duration, abs=0.1)
    assert decoded.cover is None
    assert "artist" not in decoded.tags


def test_a_cover_that_cannot_be_read_and_a_silent_book_are_told(segment, tmp_path):
    timeline = build_timeline([segment(silence(2.0))], {}, MasterSettings())
    tags = Tags("Silence", cover=Cover(b"<svg/>", "image/svg+xml"))
    book = write_audiobook(timeline, tags, tmp_path / "book.flac", MasterSettings(), quietly)
    assert book.warnings == (
        "The cover image cannot be read; the audiobook has none.",
        "The whole audiobook is silent, so its loudness was not adjusted.",
    )
    assert not decode_audiobook(book.files[0]).audio.any()


def test_a_book_that_cannot_be_as_loud_says_so(segment, tmp_path):
    clicks = silence(4.0)
    clicks[1000::RATE] = 0.1
    timeline = build_timeline([segment(clicks)], {}, MasterSettings())
    book = write_audiobook(timeline, TAGS, tmp_path / "book.flac", MasterSettings(), quietly)
    assert "LUFS instead of -19.0" in book.warnings[0]
    assert true_peak(decode_audiobook(book.files[0]).audio) <= -3.0


def test_what_is_there_is_replaced_only_when_the_new_file_is_whole(timeline, tmp_path):
    out = tmp_path / "book.m4b"
    out.write_bytes(b"an older book")

    def interrupt(fraction: float) -> None:
        if fraction > 0.8:
            assert out.read_bytes() == b"an older book"
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_audiobook(timeline, TAGS, out, MasterSettings(), interrupt)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["book.m4b"]
    assert out.read_bytes() == b"an older book"
    write_audiobook(timeline, TAGS, out, MasterSettings(), quietly)
    assert decode_audiobook(out).codec == "aac"


def test_real_speech_ends_at_the_loudness_of_the_standard(segment, tmp_path):
    hibari = pytest.importorskip("hibari")
    narrator = hibari.Hibari()
    texts = [
        ("Chapter One.", Pause.HEADING, 1),
        ("Heather whispered softly, and nobody in the long dark hall dared to answer her.", Pause.PARAGRAPH, 1),
        ("Stop!", Pause.CHAPTER, 1),
        ("Chapter Two.", Pause.HEADING, 2),
        ("The clock struck thirteen, twice, and the committee rose to leave.", Pause.CHAPTER, 2),
    ]
    segments = [segment(narrator(text, seed=1), pause, chapter, text) for text, pause, chapter in texts]
    timeline = build_timeline(segments, {1: "One", 2: "Two"}, MasterSettings())
    book = write_audiobook(timeline, TAGS, tmp_path / "book.m4b", MasterSettings(), quietly)
    decoded = decode_audiobook(book.files[0])
    assert loudness(decoded.audio, decoded.rate) == pytest.approx(-19.0, abs=0.5)
    assert true_peak(decoded.audio) <= -2.0
    assert book.warnings == ()
    assert [title for title, _, _ in decoded.chapters] == [mark.title for mark in timeline.chapters]
    starts = [mark.start / RATE for mark in timeline.chapters]
    assert [start for _, start, _ in decoded.chapters] == pytest.approx(starts, abs=0.01)
    assert fitted(decoded, source(timeline))[1] > 12


@pytest.mark.parametrize("name", ["book.ogg", "book", "book.m4b.zip"])
def test_an_unknown_format_names_the_known_ones(timeline, tmp_path, name):
    with pytest.raises(OutputError, match=r"\.m4b, \.mp3, \.opus, \.flac, \.wav\.$"):
        check_output(tmp_path / name, MasterSettings())
    with pytest.raises(OutputError):
        write_audiobook(timeline, TAGS, tmp_path / name, MasterSettings(), quietly)
    assert not (tmp_path / name).exists()


def test_the_suffix_may_be_in_capitals(timeline, tmp_path):
    book = write_audiobook(timeline, TAGS, tmp_path / "BOOK.M4B", MasterSettings(), quietly)
    assert decode_audiobook(book.files[0]).codec == "aac"
    assert isinstance(book.files[0], Path)
