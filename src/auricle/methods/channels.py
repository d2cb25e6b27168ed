"""On which axis a layer's channels lie: the second behind a convolution, the last behind a dense layer (tokens)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

LAST = (nn.Linear, nn.LayerNorm, nn.RMSNorm, nn.MultiheadAttention, nn.RNNBase, nn.Embedding)
SECOND = (nn.modules.conv._ConvNd, nn.modules.batchnorm._BatchNorm, nn.GroupNorm, nn.modules.instancenorm._InstanceNorm)


class Channels:
    """What the last heard layer of a known kind says about the axis of the channels of what follows it."""

    def __init__(self) -> None:
        self._axis, self._count = 1, 0

    def hear(self, module: nn.Module, output: Any) -> None:
        first = output[0] if isinstance(output, tuple | list) and output else output
        if not isinstance(first, Tensor) or first.ndim < 3 or not isinstance(module, LAST + SECOND):
            return
        self._axis = -1 if isinstance(module, LAST) else 1
        self._count = first.shape[self._axis]

    def axis(self, output: Tensor) -> int:
        """The axis (from the front) of an output of three or four axes.

        Where it is not as long as that layer's channels but one other axis is, they have been transposed since, as in
        the positional convolution of wav2vec 2.0.
        """
        axis = self._axis % output.ndim
        others = [place for place in range(1, output.ndim) if output.shape[place] == self._count]
        return others[0] if len(others) == 1 else axis


@contextmanager
def channels_of(network: nn.Module) -> Iterator[Channels]:
    """While active, every layer that the network passes is noted. Hooks set later hear after it."""
    channels = Channels()
    handles = [
        module.register_forward_hook(lambda module, inputs, output: channels.hear(module, output))
        for module in network.modules()
        if isinstance(module, LAST + SECOND)
    ]
    try:
        yield channels
    finally:
        for handle in handles:
            handle.remove()
