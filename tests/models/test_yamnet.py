"""YAMNet hears patches one by one, pads like TensorFlow, and gives the mean of their scores."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from auricle.models.initialising import initialise
from auricle.models.yamnet import Yamnet


@pytest.fixture(scope="module")
def network() -> Yamnet:
    """With statistics and offsets that keep sound from fading away, as training would."""
    made = initialise(Yamnet(classes=3), 0).train()
    with torch.no_grad():
        for module in made.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.momentum = 1.0
        made(torch.randn(8, 1, 96, 64))
    return made.eval()  # type: ignore[return-value]


@torch.inference_mode()
def test_a_clips_probability_is_the_mean_of_its_patches(network: Yamnet) -> None:
    patches = torch.randn(2, 5, 96, 64)
    each = torch.stack([network(patches[:, i : i + 1]) for i in range(5)], 1)
    assert each.std(1).min() > 0.01  # else the mean would show nothing
    assert torch.allclose(torch.sigmoid(network(patches)), torch.sigmoid(each).mean(1), atol=1e-6)
    network.pooling = "logits"
    try:
        assert torch.allclose(network(patches), each.mean(1), atol=1e-5)
    finally:
        network.pooling = "scores"


@torch.inference_mode()
def test_sure_patches_do_not_become_infinite(network: Yamnet) -> None:
    sure = Yamnet(classes=1).eval()
    sure.head = nn.Linear(1024, 1)
    nn.init.zeros_(sure.head.weight)
    for logit in (-300.0, 300.0):
        nn.init.constant_(sure.head.bias, logit)
        assert sure(torch.randn(1, 4, 96, 64)).item() == pytest.approx(logit)


def test_strides_of_two_begin_at_the_first_cell_as_in_tensorflow() -> None:
    """TensorFlow pads n = 96 for kernel 3, stride 2 by (48 - 1) * 2 + 3 - 96 = 1 cell, and puts it at the end."""
    first = Yamnet(classes=1).features.layer1
    pad, conv = first[0], first[1]
    patch = torch.randn(1, 1, 96, 64)
    with torch.no_grad():
        for row in range(3):
            for column in range(3):
                conv.weight.zero_()
                conv.weight[:, :, row, column] = 1.0
                expected = torch.zeros(48, 32)
                cut = patch[0, 0, row::2, column::2]
                expected[: cut.shape[0], : cut.shape[1]] = cut
                # The cut of the third row or column lacks its last, which lies on the padding.
                assert torch.equal(conv(pad(patch))[0, 0], expected[:48, :32])


def test_maps_are_those_of_the_published_table(network: Yamnet) -> None:
    patches, shapes = torch.zeros(1, 1, 96, 64), []
    for layer in network.features:
        patches = layer(patches)
        shapes.append(tuple(patches.shape[1:]))
    assert shapes == [
        (32, 48, 32), (64, 48, 32), (128, 24, 16), (128, 24, 16), (256, 12, 8), (256, 12, 8), (512, 6, 4),
        (512, 6, 4), (512, 6, 4), (512, 6, 4), (512, 6, 4), (512, 6, 4), (1024, 3, 2), (1024, 3, 2),
    ]  # fmt: skip


def test_batch_norms_shift_and_do_not_scale(network: Yamnet) -> None:
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    assert len(norms) == 27
    for norm in norms:
        assert norm.weight is None
        assert norm.bias is not None
        assert norm.eps == 1e-4
