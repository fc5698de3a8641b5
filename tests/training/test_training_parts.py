"""Unit tests of codebooks, losses, batches and the training step."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from snac import SNAC
from torch.nn import functional

from mayabook.core.errors import ModelError
from mayabook.maya.frames import pack
from mayabook.maya.token_layout import CODES_PER_FRAME
from training.maya1_tiny import codec, lm
from training.maya1_tiny.batches import IGNORED_TARGET, Sequences
from training.maya1_tiny.codebooks import EmaCodebooks, k_means, quantise, spread_projections
from training.maya1_tiny.corpus import ANCHOR
from training.maya1_tiny.initialisation import normalise_activations
from training.maya1_tiny.losses import log_mel, mel_distance, spectral_loss
from training.maya1_tiny.recipe import LmRecipe, recipe
from training.maya1_tiny.training_loop import Machine, load

SMOKE = recipe("smoke")


@pytest.fixture
def snac() -> SNAC:
    torch.manual_seed(3)
    return SNAC(**codec.config(SMOKE.codec))


def learnt(**values: object) -> LmRecipe:
    return SMOKE.lm.model_copy(update=values)


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_training_quantises_as_the_codec_does(snac: SNAC) -> None:
    z = noise(2, snac.latent_dim, 512)
    means = EmaCodebooks(snac)
    for level in range(3):
        means.start(level, quantise(snac, z, hard=True).latents[level], torch.Generator().manual_seed(0))
    with torch.no_grad():
        ours, (signal, codes) = quantise(snac, z, hard=True), snac.quantizer(z)
    assert [code.reshape(-1).tolist() for code in codes] == [code.tolist() for code in ours.codes]
    assert torch.allclose(ours.signal, signal, atol=1e-5)


def test_gradients_pass_the_codebooks(snac: SNAC) -> None:
    z = noise(1, snac.latent_dim, 8).requires_grad_()
    quantise(snac, z, hard=True).signal.square().sum().backward()
    assert z.grad is not None
    assert z.grad.abs().sum() > 0


def test_fresh_latents_are_spread_over_all_directions(snac: SNAC) -> None:
    z = 0.05 * noise(2, snac.latent_dim, 64) + 3.0
    before = quantise(snac, z, hard=False)
    spread_projections(snac, z)
    after = quantise(snac, z, hard=False)
    assert all(float(latents.mean(0).norm()) > 0.9 for latents in before.latents)
    assert all(float(latents.mean(0).norm()) < 0.3 for latents in after.latents)
    assert after.spread < before.spread / 5


def test_a_fresh_encoder_is_not_linear_for_quiet_speech(snac: SNAC) -> None:
    """With the default initialisation it is a linear filter: negated audio gives negated latents."""
    quiet = 0.02 * noise(2, 1, 16384)

    def even_part_ratio() -> float:
        silence = snac.encoder(torch.zeros(1, 1, 16384))
        there, back = snac.encoder(quiet) - silence, snac.encoder(-quiet) - silence
        return float((there + back).norm() / (there - back).norm())

    with torch.no_grad():
        before = even_part_ratio()
        normalise_activations(snac.encoder, quiet)
        latents = snac.encoder(quiet)
        assert before < 0.05 < 0.3 < even_part_ratio()
    assert latents.std((0, 2)).sub(1).abs().max() < 1e-3
    assert latents.mean((0, 2)).abs().max() < 1e-3


def test_a_fresh_decoder_is_neither_silent_nor_deafening(snac: SNAC) -> None:
    z = noise(2, snac.latent_dim, 32)
    with torch.no_grad():
        normalise_activations(snac.decoder, z)
        loud = snac.decoder(z)
    assert 0.3 < float(loud.std()) < 1


def test_k_means_finds_clusters() -> None:
    centres = functional.normalize(noise(12, 8), dim=1)
    vectors = functional.normalize(centres.repeat(50, 1) + 0.02 * noise(600, 8, seed=1), dim=1)
    found = k_means(vectors, 12, torch.Generator().manual_seed(2))
    assert (vectors @ found.t()).max(1).values.min() > 0.98


def test_k_means_of_few_vectors_gives_as_many_codes_as_asked() -> None:
    found = k_means(functional.normalize(noise(5, 8), dim=1), 16, torch.Generator().manual_seed(0))
    assert found.shape == (16, 8)
    assert torch.isfinite(found).all()


def test_codes_that_nothing_uses_come_back_to_life(snac: SNAC) -> None:
    means = EmaCodebooks(snac)
    weight = snac.quantizer.quantizers[2].codebook.weight
    with torch.no_grad():
        weight.copy_(functional.normalize(torch.ones_like(weight), dim=1))
    generator = torch.Generator().manual_seed(0)

    def used() -> int:
        z = noise(8, snac.latent_dim, 64, seed=5)
        return len(set(quantise(snac, z, hard=True).codes[2].tolist()))

    before = used()
    with torch.no_grad():
        for step in range(150):
            means.update(quantise(snac, noise(8, snac.latent_dim, 64, seed=step), hard=True), generator)
    assert before == 1
    assert used() > 48


def test_spectral_loss_tells_near_from_far_and_is_zero_for_the_same() -> None:
    audio = 0.1 * noise(2, 12288)
    same, near, far = (spectral_loss(audio + each * noise(2, 12288, seed=9), audio) for each in (0.0, 0.01, 0.1))
    for part in ("mel", "linear"):
        assert float(same[part]) == 0
        assert 0 < float(near[part]) < float(far[part])


def test_silence_does_not_rule_the_loss() -> None:
    hiss = 1e-4 * noise(1, 12288)
    assert float(mel_distance(hiss, torch.zeros(1, 12288))) < 0.02


def test_mel_bands_follow_pitch() -> None:
    times = torch.arange(12288) / 24000
    peaks = [int(log_mel(torch.sin(6.2832 * hertz * times)[None]).mean(1).argmax()) for hertz in (300, 1000, 4000)]
    mels = [2595 * np.log10(1 + hertz / 700) for hertz in (300, 1000, 4000)]
    top = 2595 * np.log10(1 + 12000 / 700)
    assert peaks == pytest.approx([mel / top * 81 - 1 for mel in mels], abs=1.5)


def test_an_epoch_holds_every_chunk_once_and_the_same_at_each_call(work: Path) -> None:
    sequences = Sequences(work, learnt(noise=0.1))
    first, again, other = (list(sequences.epoch(number)) for number in (4, 4, 5))
    ends = [int((batch.targets == sequences.layout.code_end).sum()) for batch in first]
    assert sum(ends) == len(sequences.book)
    assert all(torch.equal(ours.inputs, theirs.inputs) for ours, theirs in zip(first, again, strict=True))
    assert any(not torch.equal(ours.inputs, theirs.inputs) for ours, theirs in zip(first, other, strict=False))


def test_only_speech_is_learnt_and_its_reading_is_disturbed_within_its_slots(work: Path) -> None:
    sequences = Sequences(work, learnt(noise=0.1, batch_tokens=1))
    layout = sequences.layout
    for batch in sequences.epoch(0):
        inputs, targets = batch.inputs[0].numpy(), batch.targets[0].numpy()
        start = int(np.flatnonzero(targets != IGNORED_TARGET)[0])
        assert inputs[start] == layout.code_start
        assert (targets[start:-1] >= layout.first_code).all()
        assert targets[-1] == layout.code_end
        read, written = inputs[start + 1 :], targets[start:-1]
        slots = (read - layout.first_code) // layout.codebook_size
        assert (slots == np.arange(len(read)) % CODES_PER_FRAME).all()
        assert 0.03 < np.mean(read != written) < 0.2


def test_anchored_sequences_go_on_from_the_anchor_of_their_speaker(work: Path, tmp_path: Path) -> None:
    for part in ("corpus", "codec", "tokenizer"):
        shutil.copytree(work / part, tmp_path / part)
    lines = [json.loads(line) for line in (tmp_path / "corpus" / "manifest.jsonl").read_text().splitlines()]
    lines[0]["source"] = ANCHOR
    (tmp_path / "corpus" / "manifest.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    sequences = Sequences(tmp_path, learnt(noise=0.0, batch_tokens=1, anchored_share=1.0))
    coded, layout = codec.read_frames(work), sequences.layout
    speech = [pack(frames, layout) for frames in coded]
    seen = []
    for batch in sequences.epoch(0):
        inputs, targets = batch.inputs[0].tolist(), batch.targets[0].tolist()
        start = inputs.index(layout.code_start) + 1
        learnt_codes = [token for token in targets if token != IGNORED_TARGET]
        at = next(at for at in sequences.book if [*speech[at], layout.code_end] == learnt_codes)
        before = [] if at == 0 else speech[0]  # the anchor itself has none
        assert inputs[start:] == [*before, *speech[at]]
        seen.append(at)
    assert sorted(seen) == sequences.book


def test_a_model_learns_a_few_frames_by_heart(work: Path, tmp_path: Path) -> None:
    for part in ("corpus", "tokenizer"):
        shutil.copytree(work / part, tmp_path / part)
    (tmp_path / "codec").mkdir()
    short = [each[:6] for each in codec.read_frames(work)]
    frames, lengths = np.concatenate(short).astype(np.uint16), [len(each) for each in short]
    np.savez(tmp_path / "codec" / "codes.npz", frames=frames, lengths=lengths)
    settings = learnt(steps=60, noise=0.0)
    sequences = Sequences(tmp_path, settings)
    training = lm.Training(tmp_path, settings, sequences.layout, Machine.choose("cpu"))
    batches = training.batches(sequences)
    wrong = [float(lm.take_step(training, training.model.model, next(batches))["wrong"]) for _ in range(60)]
    assert wrong[0] > 0.9
    assert wrong[-1] < 0.02


def test_a_damaged_checkpoint_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "training.pt").write_bytes(b"spoilt")
    with pytest.raises(ModelError, match="run the stage before again"):
        load(tmp_path / "training.pt")
