"""Fits the speaker check and measures its errors.

python -m bench.speaker Resemblyzer-0.1.4-py3-none-any.whl

The takes are sound ones of the corpus (`make quality` builds it) and some of Kokoro's other voices. What a voice says
is cut into pieces of several lengths, and each is compared with the reference of every voice. The check is fitted on
one half of the voices; the tables that this writes into docs/quality.md are of the other half.
"""

import argparse
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
import onnxruntime  # type: ignore[import-untyped]
from numpy.typing import NDArray
from scipy.fft import dct

from bench.defects import corpus
from bench.defects.spoil import RATE
from bench.defects.table import write_between
from bench.defects.thresholds import write_thresholds
from bench.defects.voices import KOKORO, Voice, speaker, voices
from bench.speaker_weights import FORMATS, SHIPPED, encoder, read_weights
from mayabook.checks.other_voice import speaker_distance
from mayabook.checks.speaker_embedding import (
    FRAMES_PER_WINDOW,
    WINDOW_SECONDS,
    embed_windows,
    mean_embedding,
    voiced_mels,
)
from mayabook.checks.thresholds import load_thresholds
from mayabook.core.audio_files import read_flac
from mayabook.core.files import make_folder
from mayabook.core.take import Audio
from mayabook.lab.statistics import wilson_interval

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- speakers -->", "<!-- end of speakers -->"
N_WINDOWS = (1, 2, 3, 5, 8, 15)
"""Lengths of the pieces, in windows of the encoder."""
N_TAKES, N_FURTHER = 16, 3
"""Takes of each voice of the corpus, and of each of the others."""
FIT = frozenset("af_alloy af_jessica af_nicole af_river am_adam am_eric am_onyx bf_alice bm_lewis".split())
"""Voices in the half that the limit is fitted on, besides those of the corpus's splits `fit` and `validation`."""
SAME_SPEAKER = "af_heart"
"""Kokoro's voice that the narrator was distilled from: it is neither the narrator nor somebody else."""
MEN = frozenset({"rms", "awb"})
"""Men's voices of other makes than Kokoro, whose men's names begin with am_, bm_ and the like."""
MISSES, ALARMS = 0.005, 0.01
"""Share of pieces of other voices of the same gender that the limit is fitted to miss; share of false alarms at which
recall is reported."""
Windows = NDArray[np.float32]
"""An embedding for each window, shape (n_windows, n)."""
Encode = Callable[[NDArray[np.float32]], Windows]
"""From windows of mel frames, shape (n_windows, FRAMES_PER_WINDOW, N_MELS)."""


@dataclass(frozen=True, slots=True)
class Takes:
    """Takes of a voice. split: fit or test. takes: audio and sample rate in Hz."""

    split: str
    voice: str
    takes: list[tuple[Audio, int]]


@dataclass(frozen=True, slots=True)
class Trials:
    """Pieces of voices, each compared with a reference: an element for each pair."""

    n_windows: NDArray[np.int64]
    """Length of the piece."""
    voice: NDArray[np.str_]
    reference: NDArray[np.str_]
    distance: NDArray[np.float64]
    """Cosine distance."""
    value: NDArray[np.float64]
    """What the detector gives."""

    @property
    def same(self) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = self.voice == self.reference
        return found

    @property
    def same_gender(self) -> NDArray[np.bool_]:
        """Two voices of one gender."""
        men = [np.array([_is_man(name) for name in names]) for names in (self.voice, self.reference)]
        found: NDArray[np.bool_] = ~self.same & (men[0] == men[1])
        return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wheel", type=Path, help="of Resemblyzer, which has the weights in their own precision")
    parser.add_argument("--corpus", type=Path, default=Path("build/defects"))
    parser.add_argument("--work", type=Path, default=Path("build/speaker"), help="folder of the further voices' speech")
    arguments = parser.parse_args()
    spoken = [*_of_corpus(arguments.corpus), *_further(arguments.corpus, arguments.work)]
    signal = load_thresholds().signal
    frames = {each.voice: [voiced_mels(*take, signal)[1] for take in each.takes] for each in spoken}
    weights, compared = read_weights(arguments.wheel), dict[str, tuple[Trials, int]]()
    tested = {each.voice for each in spoken if each.split == "test"}
    for stored in FORMATS:
        packed = encoder(weights, stored).SerializeToString()
        compared[f"d-vector, {stored}"] = _compare(frames, _session(packed)), len(packed)
    fitted = {voice: each for voice, each in frames.items() if voice not in tested}
    compared["mean of the cepstra"] = _compare(frames, _mean_cepstra(fitted)), 0
    shipped = compared[f"d-vector, {SHIPPED}"][0]
    is_fit = ~np.isin(shipped.voice, [*tested]) & ~np.isin(shipped.reference, [*tested])
    limit = _fit(_chosen(shipped, is_fit))
    write_thresholds({"other_voice": limit})
    is_test = np.isin(shipped.voice, [*tested]) & np.isin(shipped.reference, [*tested])
    tables = [
        _embeddings({name: (_chosen(trials, is_test), size) for name, (trials, size) in compared.items()}),
        _lengths(_chosen(shipped, is_test), limit),
        _summary(spoken, _chosen(shipped, is_test), limit),
    ]
    figures = "\n\n".join(tables)
    print(figures)
    write_between(BEGIN, END, figures)


def _of_corpus(work: Path) -> Iterator[Takes]:
    """Sound takes of each voice of the corpus, spread over its texts; of the narrator, in the test split alone."""
    rows = defaultdict[str, list[corpus.Labelled]](list)
    for row in corpus.read_index(work):
        if row.label in (corpus.CLEAN, corpus.HARD) and (row.voice != corpus.NARRATOR or row.split == "test"):
            rows[row.voice].append(row)
    for voice, each in rows.items():
        chosen = each[:: max(1, len(each) // N_TAKES)][:N_TAKES]
        yield Takes(
            "test" if each[0].split == "test" else "fit", voice, [read_flac(work / row.audio) for row in chosen]
        )


def _further(corpus_work: Path, work: Path) -> Iterator[Takes]:
    """Kokoro's voices that the corpus does not have."""
    make_folder(work / "speech")
    sound = [row for row in corpus.read_index(corpus_work) if (row.voice, row.label) == ("slt", corpus.CLEAN)]
    names = sorted(file.stem for file in (KOKORO / "voices").glob("*.bin"))
    for name in names:
        if name in voices() or name == SAME_SPEAKER:
            continue
        say = speaker(Voice(name, "kokoro", "", 1.0), work)
        takes = [(say(row.chunk.spoken, 1.0), RATE) for row in sound[:N_FURTHER]]
        yield Takes("fit" if name in FIT else "test", name, takes)


def _of_reader() -> list[float]:
    """The values of the human reader's takes, each against the others."""
    figures, known = load_thresholds(), []
    for file in sorted((ROOT / "tests" / "recordings").glob("*.flac")):
        known.append(embed_windows(*read_flac(file), figures.signal)[1:])
    values = []
    for at, (windows, seconds) in enumerate(known):
        others = [mean_embedding(other) for other, _ in known[:at] + known[at + 1 :]]
        values.append(speaker_distance(windows, seconds, mean_embedding(np.stack(others)), figures.speaker)[0])
    return values


def _session(model: bytes) -> Encode:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def encode(windows: NDArray[np.float32]) -> Windows:
        embedded: Windows = session.run(None, {"frames": np.ascontiguousarray(windows.swapaxes(0, 1))})[0]
        return embedded

    return encode


def _mean_cepstra(frames: Mapping[str, Sequence[NDArray[np.float32]]]) -> Encode:
    """A baseline: the mean of 19 cepstra in each window, in standard deviations of those of `frames`."""

    def cepstra(windows: NDArray[np.float32]) -> Windows:
        found: Windows = dct(np.log(windows + 1e-9), axis=-1, norm="ortho")[..., 1:20].mean(axis=1)
        return found

    known = np.concatenate([cepstra(_windows(each)) for takes in frames.values() for each in takes])
    return lambda windows: (cepstra(windows) - known.mean(axis=0)) / known.std(axis=0)


def _windows(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    """Windows side by side, as the check takes them of a take of their whole length."""
    n_windows = len(frames) // FRAMES_PER_WINDOW
    return frames[: n_windows * FRAMES_PER_WINDOW].reshape(n_windows, FRAMES_PER_WINDOW, -1)


def _compare(frames: Mapping[str, Sequence[NDArray[np.float32]]], encode: Encode) -> Trials:
    """The first half of a voice's takes makes its reference, the others the pieces."""
    figures, references = load_thresholds().speaker, dict[str, Windows]()
    rows = list[tuple[int, str, str, float, float]]()
    windows = {voice: [encode(_windows(take)) for take in takes if len(take) >= FRAMES_PER_WINDOW]
               for voice, takes in frames.items()}  # fmt: skip
    for voice, takes in windows.items():
        references[voice] = mean_embedding(np.stack([mean_embedding(take) for take in takes[: len(takes) // 2]]))
    for voice, takes in windows.items():
        rest = np.concatenate(takes[len(takes) // 2 :])
        for length in N_WINDOWS:
            for start in range(0, len(rest) - length + 1, length):
                piece = rest[start : start + length]
                middle = mean_embedding(piece)
                rows += [
                    (
                        length,
                        voice,
                        name,
                        float(1 - middle @ known),
                        speaker_distance(piece, length * WINDOW_SECONDS, known, figures)[0],
                    )
                    for name, known in references.items()
                ]
    return Trials(*map(np.array, zip(*rows, strict=True)))


def _chosen(trials: Trials, mask: NDArray[np.bool_]) -> Trials:
    return Trials(*(column[mask] for column in astuple(trials)))


def _fit(trials: Trials) -> float:
    """The limit. Prints it and the usual distance, which thresholds.toml should have."""
    own = trials.same
    seconds = float(np.median(trials.distance[own] * trials.n_windows[own])) * WINDOW_SECONDS
    limit = round(float(np.quantile(trials.value[trials.same_gender], MISSES)), 3)
    print(f"distance_seconds {load_thresholds().speaker.distance_seconds} -> {seconds:.3f}, other_voice -> {limit}")
    return limit


def _embeddings(compared: Mapping[str, tuple[Trials, int]]) -> str:
    lengths = (1, 2, 5)
    shown = ", ".join(f"{length * WINDOW_SECONDS:.1f}" for length in lengths)
    lines = [
        f"| embedding | bytes | equal error rate at {shown} s of voice | recall at {ALARMS:.0%} false alarms | the "
        "same, voices of one gender |",
        "|---|---|---|---|---|",
    ]
    for name, (trials, size) in compared.items():
        cells = [[], [], []]  # type: list[list[str]]
        for length in lengths:
            of_length = trials.n_windows == length
            own, other = (trials.distance[of_length & which] for which in (trials.same, ~trials.same))
            limit = np.quantile(own, 1 - ALARMS)
            cells[0].append(f"{_equal_error(own, other):.1%}")
            for cell, which in zip(cells[1:], (~trials.same, trials.same_gender), strict=True):
                cell.append(f"{np.mean(trials.distance[of_length & which] > limit):.1%}")
        lines.append(f"| {name} | {f'{size:,}' if size else ''} | {' | '.join(', '.join(cell) for cell in cells)} |")
    return "\n".join(lines)


def _lengths(trials: Trials, limit: float) -> str:
    values = trials.value
    lines = [
        "| seconds of voice | own voice rejected | other voices rejected | of one gender | 99 % of own are below | 99 "
        "% of others of one gender are above |",
        "|---|---|---|---|---|---|",
    ]
    for length in N_WINDOWS:
        of_length = trials.n_windows == length
        groups = [values[of_length & which] for which in (trials.same, ~trials.same, trials.same_gender)]
        counts = [f"{np.sum(group >= limit)} of {len(group)} ({np.mean(group >= limit):.1%})" for group in groups]
        edges = f"{np.quantile(groups[0], 0.99):.3f} | {np.quantile(groups[2], 0.01):.3f}"
        lines.append(f"| {length * WINDOW_SECONDS:.1f} | {' | '.join(counts)} | {edges} |")
    return "\n".join(lines)


def _summary(spoken: Sequence[Takes], trials: Trials, limit: float) -> str:
    values, of_reader = trials.value, _of_reader()
    alarms, caught = (values[which] >= limit for which in (trials.same, trials.same_gender))
    bounds = wilson_interval(float(alarms.sum()), len(alarms))
    split = {name: sum(each.split == name for each in spoken) for name in ("fit", "test")}
    missed = values[trials.same_gender] < limit
    pairs = np.char.add(np.char.add(trials.reference[trials.same_gender], " and "), trials.voice[trials.same_gender])
    nearest = max(set(pairs), key=lambda pair: (float(missed[pairs == pair].mean()), str(pair)))
    return (
        f"Fitted on {split['fit']} voices, tested on {split['test']} others. Of all lengths together, {alarms.sum()} "
        f"of {len(alarms)} pieces of the own voice are rejected ({bounds.low:.1%} to {bounds.high:.1%}), and "
        f"{caught.mean():.1%} of those of another voice of the same gender. The pair that is missed most often "
        f"is {nearest}: {missed[pairs == nearest].mean():.0%}. Of the human reader's takes, each against the others, "
        f"{sum(value >= limit for value in of_reader)} of {len(of_reader)} are rejected; their values are "
        f"{min(of_reader):.3f} to {max(of_reader):.3f}."
    )


def _equal_error(own: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """The equal error rate: where as large a share of the own voice is rejected as of other voices accepted."""
    limits = np.unique(np.concatenate([own, other]))
    alarms = 1 - np.searchsorted(np.sort(own), limits) / len(own)
    misses = np.searchsorted(np.sort(other), limits) / len(other)
    at = int(np.argmin(np.abs(alarms - misses)))
    return float(alarms[at] + misses[at]) / 2


def _is_man(voice: str) -> bool:
    return voice in MEN or voice[1:3] == "m_"


if __name__ == "__main__":
    main()
