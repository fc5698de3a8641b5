"""The speaker of a take is told by its embedding: the narrator and the human reader of the recordings."""

from collections.abc import Sequence

import numpy as np
import onnxruntime  # type: ignore[import-untyped]
import pytest
import torch

from bench.speaker_weights import FORMATS, HIDDEN, N_LAYERS, encoder
from mayabook.checks import Checker
from mayabook.checks.other_voice import reference_embedding, speaker_score
from mayabook.checks.speaker_embedding import FRAMES_PER_WINDOW, N_MELS, embed_speaker
from mayabook.checks.thresholds import load_thresholds
from mayabook.checks.voice_reference import VoiceReference
from mayabook.core.resampling import resample
from mayabook.core.take import Audio
from mayabook.core.verdict import FindingKind
from tests.checks.speaking import RATE, chunk_of, speech, take_of
from tests.test_human_speech import AMIABLE, LEISURE, RESPECTABLE, SELFISH, recording
from tests.test_human_speech import RATE as READER_RATE

TEXTS = (
    "The boat came in at dawn, with nobody aboard.",
    "She called her brother, and they both walked down to the water.",
    "Under the seat they found a letter, addressed to the keeper of the light.",
    "They stood on the pier until the stars came out, and talked about the summer.",
)
FIGURES = load_thresholds()
LIMIT = FIGURES.rejection["other_voice"]


def embeddings(takes: Sequence[tuple[Audio, int]]) -> list[np.ndarray]:
    found = [embed_speaker(*take, FIGURES.signal) for take in takes]
    return [each for each in found if each is not None]


def reference_of(takes: Sequence[np.ndarray]) -> np.ndarray:
    reference = reference_embedding(takes, LIMIT, FIGURES.speaker)
    assert reference is not None
    return reference


def narrator(n_takes: int) -> list[np.ndarray]:
    return embeddings([(speech(text), RATE) for text in TEXTS[:n_takes]])


def reader(n_takes: int) -> list[np.ndarray]:
    texts = (LEISURE, RESPECTABLE, SELFISH, AMIABLE)
    return embeddings([(recording(text), READER_RATE) for text in texts[:n_takes]])


def value(audio: Audio, sample_rate: int, reference: np.ndarray) -> float:
    (score,) = speaker_score(audio, sample_rate, reference, FIGURES.signal, FIGURES.speaker)
    assert score.kind == FindingKind.OTHER_VOICE
    return score.value


def test_another_speaker_is_told_from_the_own() -> None:
    own = reference_of(narrator(4))
    other = reference_of(reader(4))
    assert value(speech("The woman next door saw it first from the kitchen window."), RATE, own) < LIMIT / 2
    assert value(recording(LEISURE), READER_RATE, own) >= LIMIT
    assert value(speech(TEXTS[0]), RATE, other) >= LIMIT


def test_a_voice_that_changes_within_the_take_is_found_where_it_changes() -> None:
    reference = reference_of(narrator(4))
    own = np.concatenate([speech(text) for text in TEXTS[1:]])
    take = np.concatenate([own, resample(recording(LEISURE), READER_RATE, RATE)])
    (score,) = speaker_score(take, RATE, reference, FIGURES.signal, FIGURES.speaker)
    assert score.value >= LIMIT
    assert score.start is not None
    assert score.end is not None
    assert len(own) / RATE - 2 < score.start < score.end <= len(take) / RATE + 0.1
    assert value(own, RATE, reference) < LIMIT / 2


def test_the_level_does_not_matter() -> None:
    loud, quiet = embeddings([(speech(TEXTS[1]), RATE), (speech(TEXTS[1]) * np.float32(0.5), RATE)])
    assert float(loud @ quiet) == pytest.approx(1, abs=1e-3)


def test_of_two_speakers_the_reference_is_that_of_most_takes() -> None:
    mixed = reference_of([*reader(2), *narrator(4)])
    assert float(mixed @ reference_of(narrator(4))) == pytest.approx(1, abs=1e-3)


def test_a_short_take_and_few_references_tell_nothing() -> None:
    word = speech("Yes.")
    assert embed_speaker(word, RATE, FIGURES.signal) is None
    assert speaker_score(word, RATE, narrator(1)[0], FIGURES.signal, FIGURES.speaker) == []
    assert speaker_score(speech(TEXTS[0]), RATE, None, FIGURES.signal, FIGURES.speaker) == []
    assert reference_embedding(narrator(3), LIMIT, FIGURES.speaker) is None


def test_a_reference_is_stored_and_read_back() -> None:
    (speaker,) = narrator(1)
    restored = VoiceReference.from_json(VoiceReference(speaker=speaker).to_json())
    assert restored.speaker is not None
    assert np.allclose(restored.speaker, speaker, atol=1e-4)
    assert VoiceReference.from_json('{"pace": null, "timbre": null}').speaker is None  # of an older version


def test_the_checks_reject_the_take_without_transcribing_it(checker: Checker) -> None:
    text = TEXTS[2]
    voice = VoiceReference(speaker=reference_of(reader(4)))
    verdict = checker.check(take_of(speech(text)), chunk_of(text), frozenset({"other_voice"}), voice)
    assert not verdict.accepted
    assert [finding.kind for finding in verdict.findings if finding.weight >= 0.5] == [FindingKind.OTHER_VOICE]
    assert verdict.transcript == ""


@pytest.mark.parametrize("stored", FORMATS)
def test_the_encoder_computes_what_torch_does(stored: str) -> None:
    torch.manual_seed(0)
    lstm, linear = torch.nn.LSTM(N_MELS, HIDDEN, N_LAYERS), torch.nn.Linear(HIDDEN, HIDDEN)
    weights = {f"lstm.{name}": value for name, value in lstm.state_dict().items()}
    weights |= {f"linear.{name}": value for name, value in linear.state_dict().items()}
    model = encoder({name: value.numpy() for name, value in weights.items()}, stored).SerializeToString()
    frames = torch.rand(FRAMES_PER_WINDOW, 3, N_MELS)
    with torch.no_grad():
        expected = torch.nn.functional.normalize(torch.relu(linear(lstm(frames)[1][0][-1]))).numpy()
    (found,) = onnxruntime.InferenceSession(model).run(None, {"frames": frames.numpy()})
    assert np.sum(found * expected, axis=1) == pytest.approx(1, abs=1e-3)
