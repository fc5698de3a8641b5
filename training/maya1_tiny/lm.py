"""Stage 4: trains the language model, a Llama. WORK/lm.

Only speech tokens have a loss. A share of the input codes is replaced at random, so that the model recovers from
sampling errors. A z-loss keeps the logarithm of the softmax's sum near 0. Likely tokens then have logits near 0, which
a repetition penalty hardly changes, because it scales logits.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import LlamaConfig, LlamaForCausalLM

from mayabook.core.files import make_folder, write_text
from mayabook.maya.token_layout import Layout
from training.maya1_tiny.batches import IGNORED_TARGET, Batch, Sequences
from training.maya1_tiny.recipe import LmRecipe
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

Z_WEIGHT = 1e-3
"""Weight of the z-loss (Chowdhery et al. 2022, arXiv 2204.02311, section 5)."""
ADAM_SHARE = 0.3
"""Learning rate of embedding and norms (Adam), relative to that of the matrices (Muon)."""


def config(recipe: LmRecipe, layout: Layout) -> dict[str, Any]:
    """config.json, with Maya1's rope scaling and tied head."""
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": recipe.hidden,
        "intermediate_size": recipe.ffn,
        "num_hidden_layers": recipe.n_layers,
        "num_attention_heads": recipe.n_heads,
        "num_key_value_heads": recipe.n_kv_heads,
        "head_dim": recipe.hidden // recipe.n_heads,
        "vocab_size": layout.vocab_size,
        "max_position_embeddings": 131072,
        "rms_norm_eps": 1e-5,
        "rope_theta": 500000.0,
        "rope_scaling": {
            "rope_type": "llama3",
            "factor": 32.0,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": 8192,
        },
        "hidden_act": "silu",
        "attention_bias": False,
        "mlp_bias": False,
        "tie_word_embeddings": True,
        "bos_token_id": layout.bos,
        "eos_token_id": layout.text_end,
        "pad_token_id": layout.pad,
        "torch_dtype": "float32",
    }


def build(recipe: LmRecipe, layout: Layout) -> LlamaForCausalLM:
    """The model with random weights."""
    torch.manual_seed(0)
    return LlamaForCausalLM(LlamaConfig(**{**config(recipe, layout), "attn_implementation": "sdpa"}))


class Training:
    """State of the training: everything that a checkpoint holds."""

    def __init__(self, work: Path, recipe: LmRecipe, layout: Layout, machine: Machine) -> None:
        self.file = work / "lm" / "training.pt"
        self.recipe, self.layout, self.machine = recipe, layout, machine
        self.model = build(recipe, layout)
        self.model.to(machine.device)  # type: ignore[arg-type]
        matrices = [value for name, value in self.model.named_parameters() if value.ndim == 2 and "embed" not in name]
        others = [value for name, value in self.model.named_parameters() if value.ndim < 2 or "embed" in name]
        self.optimizers: list[torch.optim.Optimizer] = [
            torch.optim.Muon(matrices, lr=0.0, weight_decay=0.0, adjust_lr_fn="match_rms_adamw"),
            torch.optim.AdamW(others, lr=0.0, betas=(0.9, 0.95), weight_decay=0.0),
        ]
        self.step = self.epoch = self.batch_in_epoch = 0

    def save(self) -> None:
        state = {
            "model": self.model.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "at": [self.step, self.epoch, self.batch_in_epoch],
        }
        save(self.file, state)

    def restore(self) -> None:
        if not self.file.exists():
            return
        state = load(self.file, self.machine.device)
        self.model.load_state_dict(state["model"])
        for optimizer, values in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(values)
        self.step, self.epoch, self.batch_in_epoch = state["at"]

    def batches(self, sequences: Sequences) -> Iterator[Batch]:
        """Yields batches without end, from the current position on."""
        while True:
            for at, batch in enumerate(sequences.epoch(self.epoch)):
                if at >= self.batch_in_epoch:
                    yield batch
            self.epoch, self.batch_in_epoch = self.epoch + 1, 0


def train(work: Path, recipe: LmRecipe, machine: Machine) -> None:
    """Trains the model, resuming from the checkpoint if there is one, and writes it to WORK/lm/checkpoint."""
    sequences = Sequences(work, recipe)
    training = Training(work, recipe, sequences.layout, machine)
    training.restore()
    n_parameters = sum(value.numel() for value in training.model.parameters())
    print(f"{n_parameters / 1e6:.2f}M parameters; step {training.step}", flush=True)
    body = machine.compile(training.model.model)
    save_timer, log_timer, figures = Timer(SAVE_SECONDS), Timer(LOG_SECONDS), Means()
    with stoppable() as stop:
        for batch in training.batches(sequences):
            if stop.asked or training.step >= recipe.steps:
                break
            figures.add(**take_step(training, body, batch))
            if log_timer.due():
                print(f"step {training.step}/{recipe.steps}, epoch {training.epoch}: {figures.describe()}", flush=True)
            if save_timer.due():
                training.save()
        training.save()
    write_checkpoint(training.model, recipe, sequences.layout, work)


def take_step(training: Training, body: Any, batch: Batch) -> dict[str, Tensor]:
    """Takes an optimiser step. Returns the losses and the share of wrong tokens.

    body: the model without its head, compiled or not.
    """
    device, recipe = training.machine.device, training.recipe
    rate = learning_rate(training.step, recipe.steps, recipe.learning_rate, cool_down=0.5)
    inputs, targets = batch.inputs.to(device), batch.targets.to(device)
    with training.machine.autocast():
        hidden = body(input_ids=inputs, use_cache=False).last_hidden_state
        learnt = targets != IGNORED_TARGET
        logits = training.model.lm_head(hidden[learnt]).float()
    speech_targets = targets[learnt]
    losses = speech_loss(logits, speech_targets)
    for optimizer, share in zip(training.optimizers, (1.0, ADAM_SHARE), strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate * share
        optimizer.zero_grad(set_to_none=True)
    (losses["loss"] + Z_WEIGHT * losses["z"]).backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(training.model.parameters(), 1.0)
    for optimizer in training.optimizers:
        optimizer.step()
    training.step, training.batch_in_epoch = training.step + 1, training.batch_in_epoch + 1
    wrong = (logits.detach().argmax(1) != speech_targets).float().mean()
    return {**{name: value.detach() for name, value in losses.items()}, "wrong": wrong}


def speech_loss(logits: Tensor, targets: Tensor) -> dict[str, Tensor]:
    """logits (n, vocabulary), targets (n,). loss: cross-entropy in nats; z: squared log of the softmax's sum."""
    total = logits.logsumexp(1)
    chosen = logits.gather(1, targets[:, None])[:, 0]
    return {"loss": (total - chosen).mean(), "z": total.square().mean()}


def write_checkpoint(model: nn.Module, recipe: LmRecipe, layout: Layout, work: Path) -> Path:
    """Writes WORK/lm/checkpoint (config, weights and tokenizer in the format of the hub) and returns it."""
    from safetensors.torch import save_file

    folder = work / "lm" / "checkpoint"
    make_folder(folder)
    weights = {
        name: value.detach().cpu().contiguous()
        for name, value in model.state_dict().items()
        if name != "lm_head.weight"  # tied to the embedding
    }
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    write_text(folder / "config.json", json.dumps(config(recipe, layout), indent=1))
    for file in (work / "tokenizer").iterdir():
        write_text(folder / file.name, file.read_text(encoding="utf-8"))
    return folder
