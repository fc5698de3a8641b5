"""Data-dependent initialisation: gives every convolution's output zero mean and unit variance on a batch.

Speech is quiet, and the codec's activation, x + sin(x)^2, is nearly linear for small values. With the default
initialisation the encoder is a linear filter, which cannot represent the energy of a band, and learns nothing for
thousands of steps. The method is that of Mishkin and Matas 2015 (arXiv 1511.06422).
"""

import torch
from torch import Tensor, nn

LEAST = 1e-6
"""Lower bound of a standard deviation."""


@torch.no_grad()
def normalise_activations(module: nn.Module, batch: Tensor) -> None:
    """Sets gains and biases of all weight-normalised convolutions in `module` in one forward pass of `batch`."""

    def settle(layer: nn.Module, inputs: object, output: Tensor) -> Tensor:
        assert isinstance(layer, (nn.Conv1d, nn.ConvTranspose1d))
        assert layer.bias is not None
        gain = layer.get_parameter("parametrizations.weight.original0")
        mean = output.mean((0, 2))
        if isinstance(layer, nn.ConvTranspose1d):  # has its gains per input channel
            deviation = output.std().clamp(min=LEAST)
            gain.div_(deviation)
        else:
            deviation = output.std((0, 2)).clamp(min=LEAST)
            gain.div_(deviation[:, None, None])
        layer.bias.sub_(mean).div_(deviation)
        return (output - mean[:, None]) / deviation.reshape(-1, 1)

    hooks = [
        layer.register_forward_hook(settle)
        for layer in module.modules()
        if isinstance(layer, (nn.Conv1d, nn.ConvTranspose1d)) and hasattr(layer, "parametrizations")
    ]
    try:
        module(batch)
    finally:
        for hook in hooks:
            hook.remove()
