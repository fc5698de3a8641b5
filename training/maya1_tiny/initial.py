"""Fresh weights made fit for the signal: every convolution's output is centred and given unit variance on one batch.

Speech is quiet, and the codec's activation, x + sin(x)^2, is a straight line for what is quiet: as it is born, the
encoder is a linear filter, which cannot tell how loud a band is, and learns nothing for thousands of steps. The idea is
that of Mishkin and Matas 2015 (arXiv 1511.06422).
"""

import torch
from torch import Tensor, nn

LEAST = 1e-6
"""Of a standard deviation."""


@torch.no_grad()
def fit_to(module: nn.Module, batch: Tensor) -> None:
    """Sets gains and biases of all weight-normalised convolutions in `module` by one pass of `batch` through it."""

    def settle(layer: nn.Module, inputs: object, output: Tensor) -> Tensor:
        assert isinstance(layer, (nn.Conv1d, nn.ConvTranspose1d))
        assert layer.bias is not None
        gain = layer.get_parameter("parametrizations.weight.original0")
        mean = output.mean((0, 2))
        if isinstance(layer, nn.ConvTranspose1d):  # its gains belong to the inputs
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
