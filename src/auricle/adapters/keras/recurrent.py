"""Keras's recurrent layers as torch modules, on the very same weights."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from auricle.adapters.keras.twins import Call, Twin, parameter_of


class GRU(nn.Module):
    """A GRU on Keras's weights, whose gates come in another order than torch's."""

    def __init__(self, cell: Any) -> None:
        super().__init__()
        self.units = cell.units
        self.kernel = parameter_of(cell.kernel)
        self.recurrent_kernel = parameter_of(cell.recurrent_kernel)
        self.bias = parameter_of(cell.bias) if cell.use_bias else None

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        weights = [self._ordered(self.kernel), self._ordered(self.recurrent_kernel)]
        if self.bias is not None:
            weights += [self._ordered(each[None])[:, 0] for each in self.bias]
        start = x.new_zeros(1, len(x), self.units)
        # In cuDNN's training mode, without which it has no derivative; there is no dropout.
        made: tuple[Tensor, Tensor] = torch.gru(x, start, weights, self.bias is not None, 1, 0.0, True, False, True)
        return made

    def _ordered(self, kernel: Tensor) -> Tensor:
        """Update, reset, new ``[n, 3u]`` as torch's reset, update, new ``[3u, n]``."""
        update, reset, new = kernel.detach().T.split(self.units)
        return torch.cat([reset, update, new])


def gru(layer: Any) -> Twin | None:
    cell = layer.cell
    if not cell.reset_after or not _usual(layer):
        return None
    return GRU(cell).eval(), _unroll


def lstm(layer: Any) -> Twin | None:
    cell = layer.cell
    if not _usual(layer):
        return None
    kernel = parameter_of(cell.kernel, torch.t)
    module = nn.LSTM(kernel.shape[1], cell.units, batch_first=True, bias=cell.use_bias, device=kernel.device)
    module.weight_ih_l0, module.weight_hh_l0 = kernel, parameter_of(cell.recurrent_kernel, torch.t)
    if cell.use_bias:  # Keras has one, torch two
        module.bias_ih_l0 = parameter_of(cell.bias)
        module.bias_hh_l0 = nn.Parameter(torch.zeros_like(module.bias_ih_l0), requires_grad=False)
    return module.eval(), _unroll


def _usual(layer: Any) -> bool:
    cell = layer.cell
    names = getattr(cell.activation, "__name__", ""), getattr(cell.recurrent_activation, "__name__", "")
    return names == ("tanh", "sigmoid") and not layer.stateful and cell.built


def _unroll(layer: Any, module: nn.Module) -> Call:
    keras_call = layer.call

    def call(sequences: Tensor, initial_state: Any = None, mask: Any = None, training: bool = False) -> Any:
        if initial_state is not None or mask is not None:
            return keras_call(sequences, initial_state=initial_state, mask=mask, training=training)
        outputs, ends = module(sequences.flip(1) if layer.go_backwards else sequences)
        result = outputs if layer.return_sequences else outputs[:, -1]
        states = [each.squeeze(0) for each in (ends if isinstance(ends, tuple) else (ends,))]
        return (result, *states) if layer.return_state else result

    return call
