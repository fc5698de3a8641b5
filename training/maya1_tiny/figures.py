"""Measures the results of the stages: word errors, mel distance and token errors. WORK/figures.json."""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import jiwer
import numpy as np
import torch
from rapidfuzz.distance import Levenshtein
from whisper_normalizer.english import EnglishTextNormalizer

from mayabook.checks.recogniser import Recogniser
from mayabook.checks.thresholds import load_thresholds
from mayabook.core.files import write_text
from mayabook.core.take import Audio, Sampling, TakeRequest
from mayabook.engines.sampler_settings import DEFAULT_PRESET, SamplerSettings, preset
from mayabook.engines.scheduler import DecodingRequest, SlotScheduler
from mayabook.engines.token_budget import token_cap
from mayabook.engines.torch_sampler import TorchSampler
from mayabook.engines.transformers_decoder import TransformersDecoder
from mayabook.maya.codec import open_codec
from mayabook.maya.frames import pack
from mayabook.maya.token_layout import SAMPLE_RATE
from training.maya1_tiny.batches import Sequences
from training.maya1_tiny.codec import read_frames
from training.maya1_tiny.corpus import BOOK, HELD_OUT, Corpus
from training.maya1_tiny.losses import mel_distance
from training.maya1_tiny.recipe import LmRecipe
from training.maya1_tiny.tokenizer import layout_of

SLOTS = 8
"""Batch rows: takes at once."""


class Transcriber:
    """Word error rates by tiny.en, after Whisper's English text normalisation."""

    def __init__(self) -> None:
        self._recogniser = Recogniser("tiny.en", "en", load_thresholds())
        self._normalise = EnglishTextNormalizer()

    def word_error_rate(self, pairs: Iterable[tuple[str, Audio]]) -> float:
        """Word error rate over all texts and their audio."""
        texts, transcripts = [], []
        for text, audio in pairs:
            words = self._recogniser.transcribe(audio, SAMPLE_RATE)
            texts.append(self._normalise(text))
            transcripts.append(self._normalise(" ".join(word.text for word in words)))
        return float(jiwer.wer(texts, transcripts))


def codec(work: Path, most: int = 12) -> dict[str, float]:
    """Measures the published codec: mel distance, and word error rates of the teacher and of the decoded speech.

    most: utterances of each split, of the sample book and held out.
    """
    corpus, frames, transcriber = Corpus(work), read_frames(work), Transcriber()
    folder = work / "codec" / "published"
    size = json.loads((folder / "config.json").read_text())["codebook_size"]
    decoder = open_codec(folder, layout_of(size))
    figures: dict[str, float] = {}
    for split in (BOOK, HELD_OUT):
        numbers = corpus.numbers(split)[:most]
        made = {number: decoder.decode(frames[number][None], [0])[0] for number in numbers}
        distances = [_distance(made[number], corpus.audio(number)) for number in numbers]
        texts = {number: corpus.utterances[number].text for number in numbers}
        figures |= {
            f"codec, {split}: mel distance": float(np.mean(distances)),
            f"codec, {split}: WER of the teacher": transcriber.word_error_rate(
                (texts[n], corpus.audio(n)) for n in numbers
            ),
            f"codec, {split}: WER": transcriber.word_error_rate((texts[n], made[n]) for n in numbers),
        }
    return record(work, figures)


def lm(work: Path, recipe: LmRecipe, most: int | None = None) -> dict[str, float]:
    """Measures WORK/lm/checkpoint: token error rate on the sample book, greedy and with the default settings.

    It is insertions, deletions and substitutions per token of the reference, without CODE_END. most: chunks.
    """
    sequences = Sequences(work, recipe)
    corpus, frames = Corpus(work), read_frames(work)
    numbers = sequences.book[:most]
    decoder = TransformersDecoder(work / "lm" / "checkpoint", SLOTS, 4096, dtype="float32", device="auto")
    figures: dict[str, float] = {}
    for name, settings in {
        "greedy": {**preset(DEFAULT_PRESET).as_sampling(), "temperature": 0.0, "repetition_penalty": 1.0},
        "default settings": preset(DEFAULT_PRESET).as_sampling(),
    }.items():
        scheduler = SlotScheduler(decoder, TorchSampler(decoder.layout, SLOTS, decoder.logits.device))
        wrong = total = ended = 0
        for sampled in scheduler.run(_decoding_requests(corpus, sequences, numbers, settings)):
            if sampled is None:
                continue
            sampled_frames, truth = sampled.codes.frames, frames[int(sampled.request.key)]
            wrong += Levenshtein.distance(pack(sampled_frames, decoder.layout), pack(truth, decoder.layout))
            total += truth.size
            ended += sampled.stop == "end"
        figures |= {f"lm, {name}: token error rate": wrong / total, f"lm, {name}: ended": ended / len(numbers)}
    decoder.close()
    return record(work, figures)


def record(work: Path, figures: dict[str, float]) -> dict[str, float]:
    """Prints figures and stores them."""
    file = work / "figures.json"
    known = json.loads(file.read_text()) if file.exists() else {}
    write_text(file, json.dumps({**known, **figures}, indent=1))
    for name, value in figures.items():
        print(f"{name}: {value:.4f}", flush=True)
    return figures


def _distance(audio: Audio, target: Audio) -> float:
    return float(mel_distance(torch.from_numpy(audio[: len(target)])[None], torch.from_numpy(target)[None]))


def _decoding_requests(
    corpus: Corpus, sequences: Sequences, numbers: Sequence[int], sampling: Sampling
) -> Iterator[DecodingRequest]:
    settings = SamplerSettings.of(sampling)
    for number in numbers:
        utterance = corpus.utterances[number]
        prompt, _ = sequences.reference(number)
        request = TakeRequest(str(number), utterance.text, "", utterance.seed, sampling=sampling)
        yield DecodingRequest(request, prompt, settings, token_cap(utterance.text))
