"""What maya1-tiny is worth, format by format; writes the table of its model card.

    python bench/maya1_tiny.py            every format, a quarter of an hour on two cores
    python bench/maya1_tiny.py --chunks 8 the first chunks of the sample book alone; nothing is written

Every chunk of the sample book goes through the product: prompt, slots, sampler at its default settings, codec, and
the recogniser's ear. Truth is exact, since the model was to learn these chunks by heart: the codes that its codec
gives for the teacher's speech (training/maya1_tiny/weights/reference.npz).
"""

import argparse
import json
import sys
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

from mayabook.checks.recogniser import Recogniser
from mayabook.checks.thresholds import load_thresholds
from mayabook.core.errors import MayaBookError
from mayabook.core.files import write_text
from mayabook.core.settings import load_settings
from mayabook.core.take import Audio, StopReason, Take, TakeRequest
from mayabook.engine_selection import open_engine
from mayabook.lab.prompts import TRUTH_FILE, read_true_codes
from mayabook.lab.trial_runner import token_errors
from mayabook.maya.codec import Codec, open_codec
from mayabook.maya.frames import Frames, from_levels
from mayabook.maya.token_layout import SAMPLE_RATE, Layout
from mayabook.models import gguf_conversion, gguf_quantisation, store
from mayabook.render.content_keys import take_seed

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

WEIGHTS = ROOT / "training" / "maya1_tiny" / "weights"
CARD = WEIGHTS / "README.md"
FIGURES = WEIGHTS / "figures.json"
ON_UNSEEN = "codec on unseen lines"
BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"
GGUFS = ("F16", "Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "Q4_K_S")
CHECKPOINTS = {
    "fp32": {"dtype": "float32"},
    "NF4": {"dtype": "float32", "quantisation": "nf4"},
    "NF4, double": {"dtype": "float32", "quantisation": "nf4-double"},
}
SHOWN = {
    "size": ("MB", "{:.1f}"),
    "token_errors": ("wrong tokens", "{:.1%}"),
    "word_errors": ("WER", "{:.1%}"),
    "ended": ("ended by itself", "{:.0%}"),
    "rate": ("x real time", "{:.1f}"),
}

SHOWN_OF_CODEC = {
    "word_errors": ("WER", "{:.1%}"),
    "dnsmos": ("DNSMOS", "{:.2f}"),
    "mel_distance": ("mel distance", "{:.3f}"),
}
UNSEEN = ("homophones", "verse", "dialogue", "repeats")
"""Kinds of lines of bench/defects/hard.toml."""


@dataclass(frozen=True, slots=True)
class Truth:
    texts: Sequence[str]
    frames: Sequence[Frames]


class Ear:
    """tiny.en, and the usual normaliser of English before words are compared."""

    def __init__(self) -> None:
        self._recogniser = Recogniser("tiny.en", "en", load_thresholds())
        self._normalise = EnglishTextNormalizer()

    def errors(self, texts: Sequence[str], spoken: Sequence[Audio]) -> float:
        heard = [" ".join(word.text for word in self._recogniser.transcribe(audio, SAMPLE_RATE)) for audio in spoken]
        return float(jiwer.wer([self._normalise(text) for text in texts], [self._normalise(text) for text in heard]))


def requests(texts: Sequence[str], voice: str, sampling: dict[str, float | str]) -> Iterator[TakeRequest]:
    for number, text in enumerate(texts):
        yield TakeRequest(str(number), text, voice, take_seed(voice, text, 0), sampling=sampling)


def figures_of(kind: str, size: float, options: dict[str, object], truth: Truth, ear: Ear) -> dict[str, float]:
    """Of one format: every chunk once, at the default settings."""
    settings = load_settings(None, {"engine": {"kind": kind}, "maya": options})
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
        "word_errors": ear.errors(truth.texts, [takes[at].audio for at in range(len(takes))]),
        "ended": sum(take.stop == StopReason.END for take in takes.values()) / len(takes),
        "rate": sum(take.duration for take in takes.values()) / seconds,
    }


def _frames(take: Take) -> Frames:
    assert take.codes is not None
    return take.codes.frames


def codec_figures(truth: Truth, ear: Ear) -> dict[str, float]:
    """The true codes through the codec: the least word error rate that any format can have."""
    codec = the_codec()
    spoken = [codec.decode(frames[None], [0])[0] for frames in truth.frames]
    return {"word_errors": ear.errors(truth.texts, spoken)}


def the_codec() -> Codec:
    files = store.find(str(WEIGHTS / "maya1-tiny"))
    assert files.codec is not None
    assert files.checkpoint is not None
    return open_codec(files.codec, Layout.read(files.checkpoint))


def unseen_figures(ear: Ear) -> dict[str, dict[str, float]]:
    """Lines that nothing was trained on: the teacher's speech, and the same after encoder, codes and decoder."""
    import torch
    from snac import SNAC

    from training.maya1_tiny.losses import mel_distance

    kinds = tomllib.loads((ROOT / "bench" / "defects" / "hard.toml").read_text(encoding="utf-8"))
    texts = [line for kind in UNSEEN for line in kinds[kind]]
    teacher, codec = hibari.Hibari(), the_codec()
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
        "teacher": {"word_errors": ear.errors(texts, before), **opinion(before)},
        "after the codec": {
            "word_errors": ear.errors(texts, after),
            **opinion(after),
            "mel_distance": float(np.mean(distance)),
        },
    }


def opinion(spoken: Sequence[Audio]) -> dict[str, float]:
    """DNSMOS, overall quality from 1 to 5; nothing where speechmos or its librosa is not installed."""
    try:
        from speechmos import dnsmos
    except ImportError:
        return {}
    heard = [resample_poly(audio, 2, 3).astype(np.float32) for audio in spoken]
    return {"dnsmos": float(np.mean([dnsmos.run(np.clip(audio, -1, 1), 16000)["ovrl_mos"] for audio in heard]))}


def formats(folder: Path) -> Iterator[tuple[str, str, float, dict[str, object]]]:
    """Name, engine, MB and settings of each. Those that are not shipped are made in `folder`."""
    files = store.find(str(WEIGHTS / "maya1-tiny"))
    assert files.checkpoint is not None
    size = sum(file.stat().st_size for file in files.checkpoint.glob("*.safetensors")) / 1e6
    for name, options in CHECKPOINTS.items():
        yield name, "transformers", size, {"model": str(WEIGHTS / "maya1-tiny"), **options}
    model = folder / "maya1-tiny"
    (model / "gguf").mkdir(parents=True)
    (model / "codec").symlink_to(WEIGHTS / "maya1-tiny" / "codec")
    whole = model / "gguf" / "maya1-tiny-F16.gguf"
    gguf_conversion.convert(files.checkpoint, whole)
    for kind in GGUFS:
        file = model / "gguf" / f"maya1-tiny-{kind}.gguf"
        if not file.exists():
            gguf_quantisation.quantize(whole, file, kind)
        yield kind, "gguf", file.stat().st_size / 1e6, {"model": str(model), "format": kind}


def table(rows: Mapping[str, Mapping[str, float]], first: str, shown: Mapping[str, tuple[str, str]]) -> str:
    lines = [f"| {first} | " + " | ".join(head for head, _ in shown.values()) + " |", "|---" * (len(shown) + 1) + "|"]
    for name, row in rows.items():
        cells = [form.format(row[key]) if key in row else "" for key, (_, form) in shown.items()]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def tables(figures: Mapping[str, Mapping[str, Any]]) -> str:
    """What the model card shows of what `main` keeps."""
    formats_ = {name: row for name, row in figures.items() if name != ON_UNSEEN}
    return f"{table(formats_, 'format', SHOWN)}\n\n{table(figures[ON_UNSEEN], 'unseen lines', SHOWN_OF_CODEC)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chunks", type=int, help="how many chunks of the sample book; all by default")
    parser.add_argument("--only", action="append", help="a format; all by default")
    asked = parser.parse_args()
    texts, frames = read_true_codes(WEIGHTS / TRUTH_FILE)
    truth, ear = Truth(texts[: asked.chunks], frames[: asked.chunks]), Ear()
    rows = {"true codes": codec_figures(truth, ear)}
    with tempfile.TemporaryDirectory() as folder:
        for name, kind, size, options in formats(Path(folder)):
            if asked.only and name not in asked.only:
                continue
            rows[name] = figures_of(kind, size, options, truth, ear)
            print(f"{name}: " + ", ".join(f"{key} {value:.3f}" for key, value in rows[name].items()), flush=True)
    figures: dict[str, Mapping[str, Any]] = {**rows, ON_UNSEEN: unseen_figures(ear)}
    text = tables(figures)
    print(text)
    if asked.chunks or asked.only:
        return
    write_text(FIGURES, json.dumps(figures, indent=1))
    card = CARD.read_text(encoding="utf-8")
    before, rest = card.split(BEGIN)
    write_text(CARD, f"{before}{BEGIN}\n{text}\n{END}{rest.split(END)[1]}")


if __name__ == "__main__":
    try:
        main()
    except MayaBookError as error:
        raise SystemExit(str(error)) from error
