"""A sound that does not fit into memory is told in a sentence, by what the allocator itself says."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import auricle
from auricle.classifier import Classifier
from auricle.clip import Clip
from auricle.errors import AuricleError
from auricle.frontends import Waveform
from auricle.memory import out_of_memory

MORE_THAN_THERE_IS = 1 << 50
"""Numbers; no machine can address so many."""


class Greedy(nn.Module):
    """``[B, 1, n] -> [B, 2]``, with a table of all pairs of samples, as attention makes."""

    def forward(self, samples: Tensor) -> Tensor:
        torch.empty(MORE_THAN_THERE_IS)
        return samples.mean(2).repeat(1, 2)


@pytest.mark.parametrize("method", ["gradient", "occlusion"])
def test_a_clip_that_does_not_fit_is_told_with_the_remedy(clips: list[Clip], method: str) -> None:
    model = Classifier(Greedy(), frontend=Waveform(), labels=["a", "b"], sample_rate=8000, name="greedy")
    with pytest.raises(AuricleError, match=rf"not enough memory for {clips[0].name} .* in greedy .*Length\(seconds"):
        auricle.explain(clips[0], model, method=method)


def test_other_errors_are_left_as_they_are() -> None:
    with pytest.raises(RuntimeError) as too_large:
        torch.empty(MORE_THAN_THERE_IS)
    assert out_of_memory(too_large.value)
    assert not out_of_memory(RuntimeError("sizes of tensors must match"))
