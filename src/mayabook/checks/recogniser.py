"""Transcribes and force-aligns audio by Whisper on CTranslate2.

Decoding is greedy, without timestamps, prompt or temperature fallback: the same audio always gives the same words, and
no defect is smoothed over. Whisper may stop after a sentence although speech goes on: remaining voice is transcribed
again.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mayabook.checks.signal_checks import quietest_sample, voiced_seconds
from mayabook.checks.thresholds import Thresholds
from mayabook.checks.whisper_models import ModelFiles
from mayabook.core.errors import CheckError
from mayabook.core.language import Language
from mayabook.core.resampling import resample
from mayabook.core.take import Audio

if TYPE_CHECKING:
    from faster_whisper import WhisperModel
    from faster_whisper.tokenizer import Tokenizer

SAMPLE_RATE = 16000
MEL_FRAMES_PER_SECOND = 100
ENCODER_FRAMES_PER_SECOND = 50
"""Positions of the encoder's output a second."""
COMPUTE_TYPE = "float32"
"""Number format of the recogniser. int8 takes half the time, but its sums overflow on processors without VNNI, and the
least difference of its input becomes tenths of a nat: verdicts then depend on the processor (docs/quality.md)."""
EXTRA_TOKENS = 20
"""Tokens allowed beyond those that the duration of the audio allows."""


@dataclass(frozen=True, slots=True)
class RecognisedWord:
    """A word of the transcript. start, end: seconds into the audio. log_probability: natural logarithm of the mean
    probability of its tokens. repetition_nats: by which the same word once more was more probable, right after it, than
    what was decoded there; mostly far below 0."""

    text: str
    start: float
    end: float
    log_probability: float = 0.0
    repetition_nats: float = -math.inf


@dataclass(frozen=True, slots=True)
class ForcedAlignment:
    """A word of the text as forced decoding finds it in the audio.

    log_probability: of its least likely token, natural logarithm, given the audio and the words before it. start, end:
    seconds into the audio.
    """

    log_probability: float
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class EncodedWindow:
    """A window of audio after the encoder. n_frames: mel frames before padding. start, end: seconds into the audio."""

    encoder_output: Any
    n_frames: int
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Transcription:
    """words: all recognised words, in order. windows: the encoded audio, for forced alignment."""

    words: list[RecognisedWord]
    windows: list[EncodedWindow]


class Recogniser:
    """May be used from several threads; each call takes one core.

    model: its name or folder. files: of the model. language: that it transcribes. identity: of model, number format and
    language.
    """

    def __init__(self, model: str, language: str, thresholds: Thresholds, compute_type: str = COMPUTE_TYPE) -> None:
        """Loads no weights yet. Raises CheckError if the files of the model are not there."""
        self.model, self.files = model, ModelFiles(model)
        self.language = Language.of(language if self.files.is_multilingual else "en")
        self.identity = f"{self.files.identity} {compute_type} {self.language.code}"
        self._thresholds, self._compute_type = thresholds, compute_type
        self._silence: dict[int, Any] = {}  # encoder output, by length in mel frames
        self._loading = Lock()
        self._loaded: tuple[WhisperModel, Tokenizer] | None = None

    def load(self) -> "tuple[WhisperModel, Tokenizer]":
        """Loads the weights at the first call. Raises CheckError if they cannot be loaded, or if the model does not
        transcribe the language."""
        from faster_whisper.tokenizer import Tokenizer

        with self._loading:
            if self._loaded is None:
                whisper = self.files.load(self._compute_type)
                code = self.language.code
                if code not in whisper.supported_languages:
                    raise CheckError(
                        f"The recogniser {self.model!r} does not transcribe {code!r}; choose another with --asr-model."
                    )
                tokenizer = Tokenizer(
                    whisper.hf_tokenizer, whisper.model.is_multilingual, task="transcribe", language=code
                )
                self._loaded = whisper, tokenizer
            return self._loaded

    @property
    def _whisper(self) -> "WhisperModel":
        return self.load()[0]

    @property
    def _tokenizer(self) -> "Tokenizer":
        return self.load()[1]

    def transcribe(self, audio: Audio, sample_rate: int) -> list[RecognisedWord]:
        """All recognised words, in order. audio: mono, any length. sample_rate: Hz."""
        return self.encode_and_transcribe(audio, sample_rate).words

    def encode_and_transcribe(self, audio: Audio, sample_rate: int) -> Transcription:
        """As `transcribe`, with the encoded windows for `force_align`."""
        resampled = resample(audio, sample_rate, SAMPLE_RATE)
        words: list[RecognisedWord] = []
        windows: list[EncodedWindow] = []
        for start, end in self._window_bounds(resampled):
            found, encoded, n_frames = self._transcribe_window(resampled[start:end], start / SAMPLE_RATE)
            words += found
            windows.append(EncodedWindow(encoded, n_frames, start / SAMPLE_RATE, end / SAMPLE_RATE))
        return Transcription(words, windows)

    def encode(self, audio: Audio, sample_rate: int) -> list[EncodedWindow]:
        """Encodes the audio without decoding a transcript.

        Window bounds depend only on the audio and the thresholds, so those of two models coincide. audio: mono.
        sample_rate: Hz.
        """
        resampled = resample(audio, sample_rate, SAMPLE_RATE)
        return [
            EncodedWindow(*self._encode(resampled[start:end]), start / SAMPLE_RATE, end / SAMPLE_RATE)
            for start, end in self._window_bounds(resampled)
        ]

    def force_align(self, window: EncodedWindow, text: Sequence[str]) -> list[ForcedAlignment]:
        """Force-aligns the words of `text` with a window: one alignment for each."""
        spelt = [self._tokenizer.encode(" " + (_whisper_spelling(word) or word)) for word in text]
        flat = [token for tokens in spelt for token in tokens]
        if not flat:
            return []
        log_probabilities, times = self._align(window, flat)
        aligned_words, at = [], 0
        for tokens in spelt:
            ends = at + len(tokens)
            # the probability of punctuation says nothing about what was spoken
            spoken = [n for n in range(at, ends) if _is_spoken(self._tokenizer.decode([flat[n]]))]
            least = min((float(log_probabilities[n]) for n in spoken or range(at, ends)), default=0.0)
            aligned_words.append(
                ForcedAlignment(least, float(times[at]) + window.start, float(times[ends]) + window.start)
            )
            at = ends
        return aligned_words

    def score_texts(
        self, window: EncodedWindow, before: str, texts: Sequence[str], after: str
    ) -> list[ForcedAlignment]:
        """How likely each of several texts is in the same place of a window, and when it is said there.

        before: all that is said in the window before it. after: a few words that follow, or a full stop.
        log_probability: of all tokens of the text and of `after`, natural logarithm.
        """
        start = self._tokenizer.encode(f" {before}") if before else []
        end = self._tokenizer.encode(after if after == "." else f" {after}")
        scored = []
        for text in texts:
            middle = self._tokenizer.encode(f" {text}") if text else []
            log_probabilities, times = self._align(window, [*start, *middle, *end])
            place = len(start), len(start) + len(middle)
            begins, ends = (float(times[at]) + window.start for at in place)
            scored.append(ForcedAlignment(float(log_probabilities[place[0] :].sum()), begins, ends))
        return scored

    def silent(self, window: EncodedWindow) -> EncodedWindow:
        """A window of silence in place of another."""
        n_samples = window.n_frames * SAMPLE_RATE // MEL_FRAMES_PER_SECOND
        n_padded = self._padded_frames(window.n_frames + 1)
        if n_padded not in self._silence:
            self._silence[n_padded] = self._encode(np.zeros(n_samples, np.float32))[0]
        return replace(window, encoder_output=self._silence[n_padded])

    def _align(self, window: EncodedWindow, tokens: Sequence[int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Teacher forcing: the log-probability of each token, and when each begins, with the end of the last one, in
        seconds into the window."""
        n_frames = max(window.n_frames, 2)
        aligned = self._whisper.model.align(
            window.encoder_output, self._tokenizer.sot_sequence, [list(tokens)], n_frames
        )[0]
        rows, frames = np.asarray(aligned.alignments, np.int64).T
        first = np.searchsorted(rows, np.arange(len(tokens) + 1)).clip(max=len(frames) - 1)
        log_probabilities = np.log(np.asarray(aligned.text_token_probs, np.float64) + 1e-9)
        return log_probabilities, frames[first] / ENCODER_FRAMES_PER_SECOND

    def _window_bounds(self, audio: Audio) -> Iterator[tuple[int, int]]:
        """First sample and end of each window."""
        start = 0
        while start < len(audio):
            end = self._window_end(audio, start)
            yield start, end
            start = end

    def _window_end(self, audio: Audio, start: int) -> int:
        settings = self._thresholds.recognition
        longest = round(settings.max_window_seconds * SAMPLE_RATE)
        if len(audio) - start <= longest:
            return len(audio)
        first = start + round(settings.min_window_seconds * SAMPLE_RATE)
        return first + quietest_sample(audio[first : start + longest], SAMPLE_RATE)

    def _transcribe_window(self, audio: Audio, offset: float) -> tuple[list[RecognisedWord], Any, int]:
        """Words of a window, its encoder output and its number of mel frames.

        Audio after the last word is transcribed again as long as it holds voice and gives more words.
        """
        words: list[RecognisedWord] = []
        start = 0.0
        encoded, n_frames = whole = self._encode(audio)
        while True:
            rest = audio[round(start * SAMPLE_RATE) :]
            if start:
                encoded, n_frames = self._encode(rest)
            decoded = self._decode(rest, encoded, n_frames)
            found = [replace(word, start=word.start + start, end=word.end + start) for word in decoded]
            found = self._without_untimed(found)
            words += found
            if not found:
                break
            start = found[-1].end
            left = voiced_seconds(
                audio[round(start * SAMPLE_RATE) :], SAMPLE_RATE, self._thresholds.signal, within=audio
            )
            if left < self._thresholds.recognition.min_resume_seconds:
                break
        return [replace(word, start=word.start + offset, end=word.end + offset) for word in words], *whole

    def _without_untimed(self, words: list[RecognisedWord]) -> list[RecognisedWord]:
        """Drops the last words if several have no duration.

        Whisper made them up, or they are spoken later in the audio and will be transcribed again.
        """
        settings = self._thresholds.recognition
        last = len(words)
        while last and words[last - 1].end - words[last - 1].start < settings.max_untimed_seconds:
            last -= 1
        return words[:last] if last and len(words) - last >= settings.min_untimed_words else words

    def _decode(self, audio: Audio, encoded: Any, n_frames: int) -> list[RecognisedWord]:
        prompt = [*self._tokenizer.sot_sequence, self._tokenizer.no_timestamps]
        # CTranslate2 lets half of max_length be new tokens, so this allows half of max_tokens_per_second
        n_new = EXTRA_TOKENS + math.ceil(len(audio) / SAMPLE_RATE * self._thresholds.recognition.max_tokens_per_second)
        result = self._whisper.model.generate(
            encoded,
            [prompt],
            beam_size=1,
            max_length=min(448, len(prompt) + n_new),
            suppress_blank=True,
            suppress_tokens=[-1],
            return_logits_vocab=True,
        )[0]
        tokens = [token for token in result.sequences_ids[0] if token < self._tokenizer.eot]
        if not tokens:
            return []
        logits = [np.asarray(step).ravel() for step in result.logits[0]]
        timed: Sequence[dict[str, Any]] = self._whisper.find_alignment(
            self._tokenizer, [tokens], encoded, max(n_frames, 2)
        )[0]
        words: list[RecognisedWord] = []
        position = 0
        for part in timed:
            text, start, end = part["word"], float(part["start"]), float(part["end"])
            position += len(part["tokens"])
            if words and not text[:1].isspace():  # punctuation, and what follows a point or hyphen
                whole = words[-1].text + text.strip()
                words[-1] = replace(words[-1], text=whole, end=end if _is_spoken(text) else words[-1].end)
            elif text.strip():
                words.append(RecognisedWord(text.strip(), start, end, math.log(part["probability"] + 1e-9)))
            if words and _is_spoken(text) and position < len(tokens):
                nats = self._repetition_nats(words[-1].text, logits[position], tokens[position])
                words[-1] = replace(words[-1], repetition_nats=nats)
        return words

    def _repetition_nats(self, word: str, logits: NDArray[np.float32], decoded: int) -> float:
        """See `RecognisedWord.repetition_nats`. logits: of the token after the word, `decoded` was taken for it."""
        again = {self._tokenizer.encode(f" {text}")[0] for text in (word, word.lower())}
        return float(max(logits[token] for token in again) - logits[decoded])

    def _encode(self, audio: Audio) -> tuple[Any, int]:
        """Encoder output for up to 30 s of audio, and its number of mel frames. Padded with the quietest feature."""
        features = self._whisper.feature_extractor(audio)[:, : 30 * MEL_FRAMES_PER_SECOND]
        padding = self._padded_frames(features.shape[1]) - features.shape[1]
        padded = np.pad(features, ((0, 0), (0, max(0, padding))), constant_values=features.min())
        return self._whisper.encode(padded), features.shape[1] - 1

    def _padded_frames(self, n_features: int) -> int:
        """Few lengths: the encoder keeps code and buffers for each length it has met."""
        settings = self._thresholds.recognition
        seconds = max(settings.min_padded_seconds, n_features / MEL_FRAMES_PER_SECOND + settings.padding_seconds)
        length = min(30.0, math.ceil(seconds / settings.padded_step_seconds) * settings.padded_step_seconds)
        return round(length * MEL_FRAMES_PER_SECOND)


def _is_spoken(text: str) -> bool:
    return any(map(str.isalnum, text))


def _whisper_spelling(word: str) -> str:
    """A word as Whisper spells it: straight apostrophes, no quotation marks, no capitals throughout."""
    bare = word.replace("’", "'").strip('“”‘"()[]*_—–…')
    return bare.capitalize() if len(bare) > 1 and bare.isupper() else bare
