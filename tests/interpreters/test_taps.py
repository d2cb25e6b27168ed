"""What an interpreter reads of a network, whatever its shape."""

import pytest
import torch
from small_tasks import classifier
from torch import nn

from auricle.classifier import Classifier
from auricle.errors import AuricleError
from auricle.frontends import STFT, Spectrogram, Waveform
from auricle.interpreters.base import subject_of
from auricle.interpreters.heard import hear
from auricle.interpreters.taps import GRID, TOKENS, Reader, default_layers

RATE = 8000


def test_maps_have_pitch_in_rows_and_time_in_frames_whatever_the_layout():
    samples = 0.1 * torch.randn(2, 4000)
    plain, turned = classifier("maps"), classifier("transposed")
    turned.network.load_state_dict(plain.network.state_dict())
    # The same weights read the transposed map through transposed kernels.
    for module in turned.network.features:
        if isinstance(module, nn.Conv2d):
            module.weight.data = module.weight.data.transpose(2, 3).contiguous()
    first = hear(plain, samples, ["features.1", "features.4"]).maps
    second = hear(turned, samples, ["features.1", "features.4"]).maps
    for one, other in zip(first, second, strict=True):
        assert one.shape == other.shape
        assert one.shape[2] < one.shape[3] + 5
        torch.testing.assert_close(one, other)


def test_a_network_on_samples_has_one_row_and_time_in_frames():
    (values,) = hear(classifier("samples"), 0.1 * torch.randn(2, 4000), ["features.1"]).maps
    assert values.shape == (2, 8, 1, 499)


def test_tokens_keep_their_own_order_in_one_row():
    found = classifier("tokens")
    features = found.frontend(0.1 * torch.randn(2, 4000))
    _, (values,), (kind,) = Reader(found, ["norm"])(features)
    assert kind == TOKENS
    assert values.shape[:3] == (2, 16, 1)
    assert Reader(found, ["patches"])(features)[2] == [GRID]


class InPieces(nn.Module):
    """Hears each half of a map on its own, as networks do that are given patches."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, padding=1)

    def forward(self, features):
        pieces = self.conv(features.flatten(0, 1).unsqueeze(1))
        return pieces.unflatten(0, features.shape[:2]).mean((1, 3, 4))[:, :2]


def test_pieces_of_a_clip_are_put_one_after_the_other():
    front = Spectrogram(
        sample_rate=RATE, stft_settings=STFT(n_fft=128, hop=64), compression=None, layout="patches", patch=16
    )
    found = Classifier(InPieces().eval(), frontend=front, labels=["a", "b"])
    samples = 0.1 * torch.randn(3, 4000)
    (values,) = hear(found, samples, ["conv"]).maps
    assert values.shape == (3, 4, 65, 64)
    with torch.no_grad():  # the second piece of the first clip lies in frames 16 to 32
        piece = found.network.conv(front(samples)[0, 1][None, None])[0].transpose(1, 2)
    torch.testing.assert_close(values[0][:, :, 16:32], piece)


def test_a_layer_that_is_not_there_is_told_with_those_that_are():
    with pytest.raises(AuricleError, match=r'maps has no layer "nope" to read; it has features, features.0, '):
        subject_of(classifier("maps"), ("nope",), reads=3, n=4000)


def test_by_default_the_last_layer_of_each_resolution_is_read(digits):
    features = digits.frontend(torch.randn(1, 8000))
    assert default_layers(digits, features, 9)[:4] == ("features.2", "features.6", "features.10", "features.14")
    assert default_layers(digits, features, 1) == ("features.18",)


def test_a_function_has_no_layers():
    from auricle.adapters.function import function_classifier

    said = function_classifier(lambda samples: samples[:, :2], labels=["a", "b"], sample_rate=RATE)
    with pytest.raises(AuricleError, match="is a function; it has no layers"):
        subject_of(said, (), reads=1, n=4000)


def test_hearing_leaves_nothing_behind(digits):
    before = {name: value.clone() for name, value in digits.network.state_dict().items()}
    heard = hear(digits, 0.1 * torch.randn(2, 8000), ["features.14"])
    assert not heard.logits.requires_grad
    assert all(not module._forward_hooks for module in digits.network.modules())
    assert all(torch.equal(before[name], value) for name, value in digits.network.state_dict().items())


def test_a_network_on_samples_is_explained_in_mel_bands():
    subject = subject_of(classifier("samples"), (), reads=2, n=4000)
    assert subject.level == "stft"
    assert subject.rows == 64
    assert isinstance(classifier("samples").frontend, Waveform)
