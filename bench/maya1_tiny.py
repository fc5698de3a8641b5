"""Measures the quality and speed of maya1-tiny in every format, and writes the tables of its model card.

    python -m bench.maya1_tiny            every format, a quarter of an hour on two cores
    python -m bench.maya1_tiny --chunks 8 only the first chunks of the sample book; nothing is written

Every chunk of the sample book is synthesised by MayaBook's engine with the settings beside the weights, and transcribed
by tiny.en. The model has memorised these chunks, so the true codes are known: those of the teacher's speech
(training/maya1_tiny/weights/reference.npz).
"""

import argparse
import json
import tempfile
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hibari
import jiwer
import numpy as np
from scipy.signal import resample_poly
from whisper_normalizer.english import EnglishTextNormalizer

from bench.defects.table import write_between
from mayabook.checks.recogniser import Recogniser
from mayabook.checks.thresholds import load_thresholds
from mayabook.core.errors import MayaBookError
from mayabook.core.files import write_text
from mayabook.core.settings import load_settings
from mayabook.core.take import Audio, StopReason, Take, TakeRequest
from mayabook.engine_selection import open_engine
from mayabook.lab.prompts import REFERENCE_FILE, read_true_codes
from mayabook.lab.trial_runner import token_errors
from mayabook.maya.codec import Codec, open_codec
from mayabook.maya.frames import Frames, from_levels
from mayabook.maya.token_layout import SAMPLE_RATE, Layout
from mayabook.models import gguf_conversion, gguf_quantisation, store
from mayabook.render.content_keys import take_seed

ROOT = Path(__file__).parent.parent

WEIGHTS = ROOT / "training" / "maya1_tiny" / "weights"
CARD = WEIGHTS / "README.md"
FIGURES = WEIGHTS / "figures.json"
UNSEEN_LINES = "codec on unseen lines"
BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"
GGUFS = ("F16", "Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "Q4_K_S")
CHECKPOINTS = {
    "fp32": {"dtype": "float32"},
    "NF4": {"dtype": "float32", "quantisation": "nf4"},
    "NF4, double": {"dtype": "float32", "quantisation": "nf4-double"},
}
FORMAT_COLUMNS = {
    "size": ("MB", "{:.1f}"),
    "token_errors": ("wrong tokens", "{:.1%}"),
    "word_errors": ("WER", "{:.1%}"),
    "ended": ("ended by itself", "{:.0%}"),
    "rate": ("x real time", "{:.1f}"),
}

CODEC_COLUMNS = {
    "word_errors": ("WER", "{:.1%}"),
    "dnsmos": ("DNSMOS", "{:.2f}"),
    "mel_distance": ("mel distance", "{:.3f}"),
}
UNSEEN_KINDS = ("homophones", "verse", "dialogue", "repeats")
"""Kinds of lines of bench/defects/hard.toml."""


@dataclass(frozen=True, slots=True)
class Truth:
    """The chunks of the sample book and their true codes."""

    texts: Sequence[str]
    """Spoken texts."""
    frames: Sequence[Frames]
    """True codes of each text."""


class Transcriber:
    """Word error rates by tiny.en, after Whisper's English text normalisation."""

    def __init__(self) -> None:
        self._recogniser = Recogniser("tiny.en", "en", load_thresholds())
        self._normalise = EnglishTextNormalizer()

    def word_error_rate(self, texts: Sequence[str], spoken: Sequence[Audio]) -> float:
        """Word error rate over all texts and their audio."""
        transcripts = [
            " ".join(word.text for word in self._recogniser.transcribe(audio, SAMPLE_RATE)) for audio in spoken
        ]
        return float(
            jiwer.wer([self._normalise(text) for text in texts], [self._normalise(text) for text in transcripts])
        )


def requests(texts: Sequence[str], voice: str, sampling: dict[str, float | str]) -> Iterator[TakeRequest]:
    for number, text in enumerate(texts):
        yield TakeRequest(str(number), text, voice, take_seed(voice, text, 0), sampling=sampling)


def measure_format(
    kind: str, size: float, options: dict[str, object], truth: Truth, transcriber: Transcriber
) -> dict[str, float]:
    """Figures of one format: every chunk once, with the settings beside the weights."""
    settings = load_settings(WEIGHTS / "settings.toml", {"engine": {"kind": kind}, "maya": options})
    engine, _ = open_engine(settings, None, lambda line: None)
    started = time.perf_counter()
    takes: dict[int, Take] = {}
    for take in engine.generate(requests(truth.texts, engine.voice, dict(engine.sampling(0)))):
        takes[int(take.request.key)] = take
    seconds = time.perf_counter() - started
    engine.close()
    wrong = sum(token_errors(_frames(takes[at]), frames) for at, frames in enumerate(truth.frames))
    return {
        "size": size,
        "token_errors": wrong / sum(frames.size for frames in truth.frames),
        "word_errors": transcriber.word_error_rate(truth.texts, [takes[at].audio for at in range(len(takes))]),
        "ended": sum(take.stop == StopReason.END for take in takes.values()) / len(takes),
        "rate": sum(take.duration for take in takes.values()) / seconds,
    }


def _frames(take: Take) -> Frames:
    assert take.codes is not None
    return take.codes.frames


def measure_codec(truth: Truth, transcriber: Transcriber) -> dict[str, float]:
    """Word error rate of the true codes, decoded by the codec: the lowest that any format can reach."""
    codec = open_tiny_codec()
    spoken = [codec.decode(frames[None], [0])[0] for frames in truth.frames]
    return {"word_errors": transcriber.word_error_rate(truth.texts, spoken)}


def open_tiny_codec() -> Codec:
    files = store.find(str(WEIGHTS / "maya1-tiny"))
    assert files.codec is not None
    assert files.checkpoint is not None
    return open_codec(files.codec, Layout.read(files.checkpoint))


def measure_unseen_lines(transcriber: Transcriber) -> dict[str, dict[str, float]]:
    """Figures of lines outside the training data: the teacher's speech, and the same speech after the codec."""
    import torch
    from snac import SNAC

    from training.maya1_tiny.losses import mel_distance

    kinds = tomllib.loads((ROOT / "bench" / "defects" / "hard.toml").read_text(encoding="utf-8"))
    texts = [line for kind in UNSEEN_KINDS for line in kinds[kind]]
    teacher, codec = hibari.Hibari(), open_tiny_codec()
    snac = SNAC.from_pretrained(str(WEIGHTS / "maya1-tiny" / "codec"))
    before = [np.asarray(teacher(text, seed=0), np.float32) for text in texts]
    after = []
    for audio in before:
        with torch.no_grad():
            codes = snac.encode(torch.from_numpy(audio)[None, None])
        frames = from_levels([level[0].numpy() for level in codes])
        after.append(codec.decode(frames[None], [0])[0][: len(audio)])
    distance = [
        float(mel_distance(torch.from_numpy(ours)[None], torch.from_numpy(theirs)[None]))
        for ours, theirs in zip(after, before, strict=True)
    ]
    return {
        "teacher": {"word_errors": transcriber.word_error_rate(texts, before), **dnsmos_score(before)},
        "after the codec": {
            "word_errors": transcriber.word_error_rate(texts, after),
            **dnsmos_score(after),
            "mel_distance": float(np.mean(distance)),
        },
    }


def dnsmos_score(spoken: Sequence[Audio]) -> dict[str, float]:
    """Mean DNSMOS, overall quality from 1 to 5; empty if speechmos or its librosa is not installed."""
    try:
        from speechmos import dnsmos
    except ImportError:
        return {}
    resampled = [resample_poly(audio, 2, 3).astype(np.float32) for audio in spoken]
    return {"dnsmos": float(np.mean([dnsmos.run(np.clip(audio, -1, 1), 16000)["ovrl_mos"] for audio in resampled]))}


def formats(folder: Path) -> Iterator[tuple[str, str, float, dict[str, object]]]:
    """Name, engine, size in MB and settings of each format. Formats that are not shipped are created in `folder`."""
    files = store.find(str(WEIGHTS / "maya1-tiny"))
    assert files.checkpoint is not None
    size = sum(file.stat().st_size for file in files.checkpoint.glob("*.safetensors")) / 1e6
    for name, options in CHECKPOINTS.items():
        yield name, "transformers", size, {"model": str(WEIGHTS / "maya1-tiny"), **options}
    model = folder / "maya1-tiny"
    (model / "gguf").mkdir(parents=True)
    for name in ("codec", store.VOICES_FILE):
        (model / name).symlink_to(WEIGHTS / "maya1-tiny" / name)
    whole = model / "gguf" / "maya1-tiny-F16.gguf"
    gguf_conversion.convert(files.checkpoint, whole)
    for kind in GGUFS:
        file = model / "gguf" / f"maya1-tiny-{kind}.gguf"
        if not file.exists():
            gguf_quantisation.quantize(whole, file, kind)
        yield kind, "gguf", file.stat().st_size / 1e6, {"model": str(model), "format": kind}


def table(rows: Mapping[str, Mapping[str, float]], first: str, columns: Mapping[str, tuple[str, str]]) -> str:
    lines = [
        f"| {first} | " + " | ".join(head for head, _ in columns.values()) + " |",
        "|---" * (len(columns) + 1) + "|",
    ]
    for name, row in rows.items():
        cells = [form.format(row[key]) if key in row else "" for key, (_, form) in columns.items()]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def tables(figures: Mapping[str, Mapping[str, Any]]) -> str:
    """The tables of the model card, from the figures that `main` stores."""
    formats_ = {name: row for name, row in figures.items() if name != UNSEEN_LINES}
    return (
        f"{table(formats_, 'format', FORMAT_COLUMNS)}\n\n{table(figures[UNSEEN_LINES], 'unseen lines', CODEC_COLUMNS)}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chunks", type=int, help="how many chunks of the sample book; all by default")
    parser.add_argument("--only", action="append", help="a format; all by default")
    arguments = parser.parse_args()
    texts, frames = read_true_codes(WEIGHTS / REFERENCE_FILE)
    truth, transcriber = Truth(texts[: arguments.chunks], frames[: arguments.chunks]), Transcriber()
    rows = {"true codes": measure_codec(truth, transcriber)}
    with tempfile.TemporaryDirectory() as folder:
        for name, kind, size, options in formats(Path(folder)):
            if arguments.only and name not in arguments.only:
                continue
            rows[name] = measure_format(kind, size, options, truth, transcriber)
            print(f"{name}: " + ", ".join(f"{key} {value:.3f}" for key, value in rows[name].items()), flush=True)
    figures: dict[str, Mapping[str, Any]] = {**rows, UNSEEN_LINES: measure_unseen_lines(transcriber)}
    text = tables(figures)
    print(text)
    if arguments.chunks or arguments.only:
        return
    write_text(FIGURES, json.dumps(figures, indent=1))
    write_between(BEGIN, END, text, CARD)


if __name__ == "__main__":
    try:
        main()
    except MayaBookError as error:
        raise SystemExit(str(error)) from error
