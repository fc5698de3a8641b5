"""Stage 2: trains the codec, a small SNAC, in phases. WORK/codec.

continuous: the encoder and the quantiser's projections are trained without codebooks (with them, all codes would
collapse into one). A small head predicts log mel spectra from the latents, in place of the decoder. quantised:
codebooks are initialised by k-means and trained too. decoder: encoder and codebooks are frozen, codes.npz is written,
and the decoder is trained on codes. From here on the language model can be trained. adversarial: the decoder is trained
against discriminators.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from snac import SNAC
from torch import Tensor, nn

from mayabook.core.errors import ModelError
from mayabook.core.files import atomic_write, make_folder, write_text
from mayabook.maya.codec_config import CHECKPOINT_FILE, CONFIG_FILE
from mayabook.maya.frames import Frames, from_levels
from mayabook.maya.token_layout import SAMPLE_RATE
from training.maya1_tiny.codebooks import EmaCodebooks, quantise, spread_projections
from training.maya1_tiny.corpus import BOOK, TRAIN, Corpus
from training.maya1_tiny.crops import Crops
from training.maya1_tiny.initialisation import normalise_activations
from training.maya1_tiny.losses import log_mel, spectral_loss
from training.maya1_tiny.recipe import CodecRecipe
from training.maya1_tiny.training_loop import (
    LOG_SECONDS,
    SAVE_SECONDS,
    Machine,
    Means,
    Timer,
    learning_rate,
    load,
    save,
    stoppable,
)

PHASES = ("continuous", "quantised", "decoder", "adversarial")
EMA_DECAY = 0.999
"""Decay of the moving average of the weights, which is exported."""
COMMITMENT_WEIGHT = 0.25
"""Weight of the distance between latents and their codes."""
SPREAD_WEIGHT = 0.1
"""Weight of the latents' deviation from uniform use of all directions."""
MAX_GRADIENT_NORM = 1.0
"""Gradients are clipped to this norm."""
HEAD_WINDOW = 1024
"""Window in samples of the spectra that the head predicts."""
HEAD_MELS = 80
HEAD_CHANNELS = 256
INITIAL_RMS = 0.05
"""RMS amplitude of the untrained decoder's output: that of quiet speech."""


def config(recipe: CodecRecipe) -> dict[str, object]:
    """config.json in the format of published SNAC codecs."""
    return {
        "sampling_rate": SAMPLE_RATE,
        "encoder_dim": recipe.encoder_dim,
        "encoder_rates": list(recipe.encoder_rates),
        "decoder_dim": recipe.decoder_dim,
        "decoder_rates": list(recipe.decoder_rates),
        "attn_window_size": None,
        "codebook_size": recipe.codebook_size,
        "codebook_dim": 8,
        "vq_strides": [4, 2, 1],
        "noise": False,
        "depthwise": True,
    }


class MelHead(nn.Module):
    """Predicts log mel spectra from latents: (batch, latent, steps) to (batch, frames, mels)."""

    def __init__(self, n_latent: int, hop: int) -> None:
        super().__init__()
        self._per_latent = hop // (HEAD_WINDOW // 4)
        self.layers = nn.Sequential(
            nn.Conv1d(n_latent, HEAD_CHANNELS, 5, padding=2),
            nn.GELU(),
            nn.Conv1d(HEAD_CHANNELS, HEAD_CHANNELS, 5, padding=2),
            nn.GELU(),
            nn.Conv1d(HEAD_CHANNELS, self._per_latent * HEAD_MELS, 1),
        )

    def start_at_mean(self, mels: Tensor) -> None:
        """Initialises the bias so that the output is the mean of these spectra, shape (batch, frames, mels)."""
        last = self.layers[-1]
        assert isinstance(last, nn.Conv1d)
        assert last.bias is not None
        last.bias.copy_(mels.mean((0, 1)).repeat(self._per_latent))

    def forward(self, signal: Tensor) -> Tensor:
        made: Tensor = self.layers(signal).transpose(1, 2)
        return made.reshape(len(made), -1, HEAD_MELS)


class Training:
    """State of the training: everything that a checkpoint holds."""

    def __init__(self, work: Path, recipe: CodecRecipe, machine: Machine) -> None:
        self.work, self.recipe, self.machine = work, recipe, machine
        torch.manual_seed(0)
        self.snac = SNAC(**config(recipe)).to(machine.device)
        self.means = EmaCodebooks(self.snac)
        self.average = {name: value.detach().clone() for name, value in self.snac.named_parameters()}
        for level in self.snac.quantizer.quantizers:
            level.codebook.weight.requires_grad_(False)
        self.head = MelHead(self.snac.latent_dim, self.snac.hop_length).to(machine.device)
        learnt = [*self.snac.parameters(), *self.head.parameters()]
        self.optimizer = torch.optim.AdamW(learnt, lr=0.0, betas=(0.8, 0.99), weight_decay=0.0)
        self.step = 0
        self.codec_is_fresh = True  # not from a published codec
        counts = [recipe.continuous_steps, recipe.quantised_steps, recipe.decoder_steps, recipe.adversarial_steps]
        self.ends = dict(zip(PHASES, np.cumsum(counts).tolist(), strict=True))

    @property
    def file(self) -> Path:
        return self.work / "codec" / "training.pt"

    @property
    def phase(self) -> str:
        """Phase of the next step; empty at the end."""
        return next((name for name in PHASES if self.step < self.ends[name]), "")

    def rate(self) -> float:
        """Learning rate of the next step. It falls at the end of the encoder's phases, and of each phase after that."""
        peak, encoded, decoded = self.recipe.learning_rate, self.ends["quantised"], self.ends["decoder"]
        if self.step < encoded:
            return learning_rate(self.step, encoded, peak)
        if self.step < decoded:
            return learning_rate(self.step - encoded, self.recipe.decoder_steps, peak)
        return learning_rate(self.step - decoded, self.recipe.adversarial_steps, peak / 2)

    def average_weights(self) -> None:
        with torch.no_grad():
            decay = min(EMA_DECAY, (1 + self.step) / (10 + self.step))
            for name, value in self.snac.named_parameters():
                self.average[name].lerp_(value, 1 - decay)

    def save(self) -> None:
        state = {
            "snac": self.snac.state_dict(),
            "head": self.head.state_dict(),
            "average": self.average,
            "optimizer": self.optimizer.state_dict(),
            "means": self.means.state(),
            "step": self.step,
            "codec_is_fresh": self.codec_is_fresh,
        }
        save(self.file, state)
        self.publish()

    def restore(self) -> None:
        if not self.file.exists():
            return
        state = load(self.file, self.machine.device)
        self.snac.load_state_dict(state["snac"])
        self.head.load_state_dict(state["head"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.means.restore(state["means"])
        self.average, self.step = state["average"], state["step"]
        self.codec_is_fresh = state["codec_is_fresh"]

    def start_from(self, published: Path) -> None:
        """Continues from the weights of a published codec, in the phase `decoder`, or in `quantised` if the recipe has
        no phase `continuous`."""
        if not (published / CHECKPOINT_FILE).is_file():
            raise ModelError(f"There is no codec in {published}; name a folder with {CHECKPOINT_FILE}.")
        if json.loads((published / CONFIG_FILE).read_text(encoding="utf-8")) != config(self.recipe):
            raise ModelError(f"The codec in {published} has other dimensions than this recipe; name its own recipe.")
        self.snac.load_state_dict(load(published / CHECKPOINT_FILE, self.machine.device))
        self.average = {name: value.detach().clone() for name, value in self.snac.named_parameters()}
        self.means = EmaCodebooks(self.snac)
        self.step = 0 if self.recipe.continuous_steps == 0 else self.ends["quantised"]
        self.codec_is_fresh = False

    def averaged(self) -> SNAC:
        """A copy of the codec with the averaged weights, on the CPU."""
        snac = SNAC(**config(self.recipe))
        snac.load_state_dict({**self.snac.state_dict(), **self.average})
        return snac.eval()

    def publish(self) -> None:
        """Writes the averaged weights as a codec folder, WORK/codec/published."""
        folder = self.work / "codec" / "published"
        make_folder(folder)
        write_text(folder / CONFIG_FILE, json.dumps(config(self.recipe), indent=1))
        save(folder / CHECKPOINT_FILE, self.averaged().state_dict())


def train(
    work: Path, recipe: CodecRecipe, machine: Machine, until: str = PHASES[-1], published: Path | None = None
) -> None:
    """Trains up to the end of a phase, resuming from the checkpoint if there is one.

    published: a codec to continue from if there is no checkpoint. Its encoder and codebooks are kept, unless the recipe
    begins with the phase `quantised`.
    """
    from training.maya1_tiny import adversarial  # it builds on this module

    corpus = Corpus(work)
    training = Training(work, recipe, machine)
    training.restore()
    if published is not None and training.step == 0:
        training.start_from(published)
    crops = Crops(corpus, recipe.batch, recipe.crop_frames, recipe.book_share)
    print(
        f"{sum(p.numel() for p in training.snac.parameters()) / 1e6:.2f}M parameters; step {training.step}", flush=True
    )
    last = training.ends[until]
    save_timer, log_timer, figures = Timer(SAVE_SECONDS), Timer(LOG_SECONDS), Means()
    with stoppable() as stop:
        work_of: Mapping[str, Any] = {
            "continuous": lambda: EncoderPhase(training, crops, hard=False),
            "quantised": lambda: EncoderPhase(training, crops, hard=True),
            "decoder": lambda: DecoderPhase(training, crops, corpus),
            "adversarial": lambda: adversarial.AdversarialPhase(training, DecoderPhase(training, crops, corpus)),
        }
        while training.step < last and not stop.asked:
            phase = training.phase
            if training.step == 0:
                with torch.no_grad():
                    first = crops.audio(0, recipe.encoder_batch).to(machine.device)
                    if training.codec_is_fresh:
                        normalise_activations(training.snac.encoder, first)
                        spread_projections(training.snac, training.snac.encoder(first))
                    training.head.start_at_mean(log_mel(first[:, 0], HEAD_WINDOW, HEAD_MELS))
            if phase == "quantised" and training.step == training.ends["continuous"] and training.codec_is_fresh:
                _start_codebooks(training, corpus)
            run = work_of[phase]()
            while training.phase == phase and not stop.asked:
                for group in training.optimizer.param_groups:
                    group["lr"] = training.rate()
                figures.add(**{name: value.detach() for name, value in run.step().items()})
                training.step += 1
                training.average_weights()
                if log_timer.due():
                    print(
                        f"{phase} {training.step}/{training.ends[phase]}: {figures.describe()}{run.note()}", flush=True
                    )
                if save_timer.due():
                    training.save()
                    run.save()
            training.save()
            run.save()
    if training.step >= training.ends["quantised"]:
        frames(training, corpus)


class EncoderPhase:
    """Trains encoder and quantiser by the spectra that the head predicts from their latents."""

    def __init__(self, training: Training, crops: Crops, *, hard: bool) -> None:
        self._training, self._crops, self._hard = training, crops, hard
        self._encoder = training.machine.compile(training.snac.encoder)
        self._used = [torch.zeros(training.recipe.codebook_size) for _ in range(3)]

    def step(self) -> dict[str, Tensor]:
        training = self._training
        audio = self._crops.audio(training.step, training.recipe.encoder_batch).to(training.machine.device)
        with training.machine.autocast():
            z = self._encoder(audio)
        quantised = quantise(training.snac, z.float(), hard=self._hard)  # quantised in full precision
        made = training.head(quantised.signal)
        mel = (made - log_mel(audio[:, 0], HEAD_WINDOW, HEAD_MELS)[:, : made.shape[1]]).abs().mean()
        losses = {"mel": mel, "spread": quantised.spread}
        descend(
            training,
            mel + COMMITMENT_WEIGHT * quantised.commitment + SPREAD_WEIGHT * quantised.spread,
            training.snac,
            training.head,
        )
        if self._hard:
            training.means.update(quantised, torch.Generator().manual_seed(training.step))
            for used, codes in zip(self._used, quantised.codes, strict=True):
                used.mul_(0.999).add_(torch.bincount(codes.cpu(), minlength=len(used)))
            losses["commitment"] = quantised.commitment
        return losses

    def note(self) -> str:
        if not self._hard:
            return ""
        return f", codes in use {'/'.join(str(int(perplexity(used))) for used in self._used)}"

    def save(self) -> None:
        """Does nothing: the phase has no state of its own."""


class DecoderPhase:
    """Trains the decoder on codes."""

    def __init__(self, training: Training, crops: Crops, corpus: Corpus) -> None:
        self._training, self._crops = training, crops
        self._frames = frames(training, corpus)
        if training.step == training.ends["quantised"] and training.codec_is_fresh:
            with torch.no_grad():
                normalise_activations(training.snac.decoder, self._signal(crops.coded(0, self._frames)[0]))
                last = training.snac.decoder.model[-2]
                last.parametrizations.weight.original0.mul_(INITIAL_RMS)
                last.bias.zero_()
        training.snac.encoder.requires_grad_(False)
        training.snac.quantizer.requires_grad_(False)
        self._decoder = training.machine.compile(training.snac.decoder)

    def decode_batch(self) -> tuple[Tensor, Tensor]:
        """Decoded audio of a batch of codes, and the original audio, shape (batch, 1, samples) each."""
        training, device = self._training, self._training.machine.device
        codes, audio = self._crops.coded(training.step, self._frames)
        with torch.no_grad():
            signal = self._signal(codes)
        with training.machine.autocast():
            return self._decoder(signal), audio.to(device)

    def _signal(self, codes: Sequence[Tensor]) -> Tensor:
        device = self._training.machine.device
        signal: Tensor = self._training.snac.quantizer.from_codes([level.to(device) for level in codes])
        return signal

    def step(self) -> dict[str, Tensor]:
        made, audio = self.decode_batch()
        losses = spectral_loss(made[:, 0].float(), audio[:, 0])
        descend(self._training, losses["mel"] + losses["linear"], self._training.snac.decoder)
        return losses

    def note(self) -> str:
        return ""

    def save(self) -> None:
        """Does nothing: the phase has no state of its own."""


def descend(training: Training, loss: Tensor, *modules: nn.Module) -> None:
    training.optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_([value for module in modules for value in module.parameters()], MAX_GRADIENT_NORM)
    training.optimizer.step()


def perplexity(counts: Tensor) -> float:
    """Effective number of codes in use: the exponential of the entropy."""
    share = counts[counts > 0] / counts.sum()
    return float((-(share * share.log()).sum()).exp()) if len(share) else 0.0


def _start_codebooks(training: Training, corpus: Corpus) -> None:
    """Initialises the codebooks from latents of the sample book and some other texts.

    Level by level, because the codes of a level determine the latents of the next.
    """
    numbers = [*corpus.numbers(BOOK), *corpus.numbers(TRAIN)[:200]]
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        encoded = [_encoded(training.snac, corpus, number) for number in numbers]
        for level in range(len(training.means.sums)):
            latents = torch.cat([quantise(training.snac, z, hard=True).latents[level] for z in encoded])
            training.means.start(level, latents, generator)
    print(f"codebooks by k-means from {len(latents):,} latents of the finest level", flush=True)


def _encoded(snac: SNAC, corpus: Corpus, number: int) -> Tensor:
    """Encoder output of a whole utterance, shape (1, latent, steps)."""
    device = next(snac.parameters()).device
    audio = torch.from_numpy(corpus.audio(number)).to(device)[None, None]
    z: Tensor = snac.encoder(snac.preprocess(audio))
    return z


def frames(training: Training, corpus: Corpus) -> list[Frames]:
    """Codes of every utterance, written to WORK/codec/codes.npz once the encoder is frozen.

    They are encoded with the averaged weights, so training continues from these.
    """
    file = training.work / "codec" / "codes.npz"
    if not file.exists():
        snac = training.averaged().to(training.machine.device)
        training.snac.load_state_dict(snac.state_dict())
        training.save()
        with torch.no_grad():
            coded = [
                from_levels([level[0].cpu().numpy() for level in snac.quantizer(_encoded(snac, corpus, number))[1]])
                for number in range(len(corpus.utterances))
            ]
        with atomic_write(file) as temporary:
            np.savez(temporary, frames=np.concatenate(coded).astype(np.uint16), lengths=[len(each) for each in coded])
    return read_frames(training.work)


def read_frames(work: Path) -> list[Frames]:
    """Codes of every utterance of the corpus."""
    with np.load(work / "codec" / "codes.npz") as arrays:
        return np.split(arrays["frames"].astype(np.int32), np.cumsum(arrays["lengths"])[:-1])
