"""Synthesises the sentences of a request one by one, and joins them: shorter chunks of the same text."""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace

import numpy as np

from mayabook.core.language import ENGLISH
from mayabook.core.take import Codes, StopReason, Take, TakeRequest
from mayabook.script.sentence_split import sentence_spans

PAUSE_SECONDS = 0.25
"""Silence between two sentences, as `mayabook make` puts between two chunks."""

Generate = Callable[[Iterable[TakeRequest]], Generator[Take, None, None]]


def joined_takes(requests: Iterable[TakeRequest], generate: Generate) -> Generator[Take, None, None]:
    """The takes of `generate`; those whose sampling has length `sentences` are joined from takes of their sentences.

    All have the seed of their request. Requests must have distinct keys.
    """
    parts: dict[str, tuple[TakeRequest, int]] = {}
    """Key of a sentence -> its request and number."""
    finished: dict[str, dict[int, Take]] = {}
    """Key of a request -> the takes of its sentences, by number."""
    n_parts: dict[str, int] = {}

    def sentence_requests() -> Iterator[TakeRequest]:
        for request in requests:
            if request.sampling.get("length") != "sentences":
                yield request
                continue
            sentences = split_sentences(request.text)
            n_parts[request.key] = len(sentences)
            for number, sentence in enumerate(sentences):
                part = replace(request, key=f"{request.key} {number} of {len(sentences)}", text=sentence)
                parts[part.key] = request, number
                yield part

    with closing(generate(sentence_requests())) as takes:
        for take in takes:
            if take.request.key not in parts:
                yield take
                continue
            request, number = parts.pop(take.request.key)
            own = finished.setdefault(request.key, {})
            own[number] = take
            if len(own) == n_parts[request.key]:
                del finished[request.key]
                yield _joined(request, [own[at] for at in sorted(own)])


def split_sentences(text: str) -> list[str]:
    """The sentences of a spoken text, whose blocks are separated by newlines."""
    lines = (" ".join(line.split()) for line in text.splitlines())
    return [line[start:end] for line in lines for start, end in sentence_spans(line, ENGLISH)] or [text]


def _joined(request: TakeRequest, takes: Sequence[Take]) -> Take:
    """One take of several. Its stop reason is that of the first of them that did not end by itself."""
    pause = np.zeros(round(PAUSE_SECONDS * takes[0].sample_rate), np.float32)
    audio = [piece for take in takes for piece in (take.audio, pause)][:-1]
    bad = next((take for take in takes if take.stop is not StopReason.END), takes[0])
    codes = [take.codes for take in takes if take.codes is not None]
    names = ("frames", "log_probability", "entropy", "removed", "end_probability")
    whole = Codes(*(np.concatenate([getattr(each, name) for each in codes]) for name in names)) if codes else None
    seconds = sum(take.seconds for take in takes)
    return Take(request, np.concatenate(audio), takes[0].sample_rate, bad.stop, seconds, whole, bad.detail)
