"""Every published network has its published size and shapes, can be trained, and comes back from disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from auricle import frontends
from auricle.classifier import Classifier, Length
from auricle.models import ARCHITECTURES, cnn14, load_classifier, make_network
from auricle.models.audiblexai import AudibleXAICNN
from auricle.models.initialising import initialise
from auricle.models.kumar import KumarCNN
from auricle.models.melcnn import GTZAN_6S, TOY, MelCNN
from auricle.models.published import PUBLISHED, Published
from auricle.models.yamnet import Yamnet

SMALL = {name: each for name, each in PUBLISHED.items() if each.architecture != "cnn14"}


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def with_statistics(network: nn.Module) -> int:
    """As Keras counts: the batch norms' means and variances too."""
    return parameters(network) + sum(
        buffer.numel() for name, buffer in network.named_buffers() if name.endswith(("running_mean", "running_var"))
    )


def on_meta(architecture: str, settings: dict[str, Any]) -> nn.Module:
    with torch.device("meta"):
        return ARCHITECTURES[architecture](**settings).eval()


def of(published: Published) -> nn.Module:
    return on_meta(published.architecture, dict(published.settings))


def heard(published: Published, seconds: float | None = None) -> torch.Tensor:
    front = frontends.preset(published.frontend)
    n = round((seconds or published.seconds or 1.0) * front.sample_rate)
    return front(torch.randn(2, n, generator=torch.Generator().manual_seed(0)))


# --- sizes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("architecture", "settings", "size"),
    [
        ("audionet", {}, 17_107_162),
        ("audionet", {"classes": 2}, 17_103_058),
        ("audionet", {"first_pool": 3}, 17_107_162),
        ("alexnet", {"variant": "grouped"}, 12_808_906),
        ("alexnet", {"variant": "grouped", "classes": 2}, 12_800_706),
        ("mel-cnn", {}, 418_922),
        ("cnn14", {}, 80_753_615),
    ],
)
def test_parameters_are_as_published(architecture: str, settings: dict[str, Any], size: int) -> None:
    assert parameters(on_meta(architecture, settings)) == size


@pytest.mark.parametrize(
    ("architecture", "settings", "size"),
    [
        ("alexnet", {}, 14_227_530),
        ("alexnet", {"classes": 2}, 14_219_330),
        ("audiblexai-cnn", {}, 1_854_778),
        ("audiblexai-cnn", {"classes": 2}, 1_854_258),
        ("audiblexai-cnn", {"bands": 257}, 3_820_858),
        ("audiblexai-cnn", {"bands": 257, "classes": 2}, 3_820_338),
    ],
)
def test_parameters_and_statistics_are_as_published(architecture: str, settings: dict[str, Any], size: int) -> None:
    assert with_statistics(on_meta(architecture, settings)) == size


def test_kumars_trunk_and_both_heads_have_their_published_millions() -> None:
    trunk = on_meta("kumar-cnn", {}).trunk
    assert isinstance(trunk, nn.Module)
    assert round(parameters(trunk) / 1e6, 2) == 4.46
    assert round(parameters(of(PUBLISHED["l2i-esc50"])) / 1e6, 2) == 4.74
    assert round(parameters(of(PUBLISHED["l2i-sonyc"])) / 1e6, 2) == 4.99


def test_speechbrains_cnn14_has_75_5_million_before_its_head() -> None:
    network = of(PUBLISHED["speechbrain-cnn14"])
    head = 2048 * 50 + 50
    assert round((parameters(network) - head) / 1e6, 1) == 75.5
    assert round(parameters(network) / 1e6, 1) == 75.6


def test_yamnet_has_the_size_of_its_layer_table() -> None:
    """By hand: kernels without bias, an offset per channel, a mean and a variance per channel, the dense layer."""
    table = [64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024]
    kernels, channels, before = 9 * 32, 32, 32
    for width in table:
        kernels += 9 * before + before * width
        channels += before + width
        before = width
    dense = 1024 * 521 + 521
    network = on_meta("yamnet", {})
    assert parameters(network) == kernels + channels + dense
    assert with_statistics(network) == kernels + 3 * channels + dense == 3_751_369


# --- shapes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("audiomnist-alexnet", (1, 227, 227)),
        ("audiomnist-alexnet-caffe", (1, 227, 227)),
        ("audiomnist-audionet", (1, 8000)),
        ("audiblexai-digits", (1, 128, 251)),
        ("audiblexai-gender", (1, 257, 251)),
        ("gtzan-3s", (1, 128, 128)),
        ("gtzan-6s", (1, 128, 256)),
        ("drsa-toy", (1, 64, 64)),
        ("l2i-esc50", (1, 431, 128)),
        ("l2i-sonyc", (1, 862, 128)),
        ("speechbrain-cnn14", (1, 431, 80)),
    ],
)
def test_front_ends_make_the_published_input(name: str, shape: tuple[int, ...]) -> None:
    assert heard(PUBLISHED[name]).shape[1:] == shape


@pytest.mark.parametrize("name", PUBLISHED)
def test_each_network_eats_its_published_front_end(name: str) -> None:
    published = PUBLISHED[name]
    network = of(published)
    assert network(heard(published).to("meta")).shape == (2, published.settings["classes"])


def maps_of(network: nn.Module, sequence: nn.Module, shape: tuple[int, ...]) -> list[tuple[str, tuple[int, ...]]]:
    found: list[tuple[str, tuple[int, ...]]] = []
    for layer in sequence:  # type: ignore[attr-defined]
        layer.register_forward_hook(
            lambda module, given, made: found.append((type(module).__name__, tuple(made.shape[1:])))
        )
    network(torch.zeros(1, *shape, device="meta"))
    return found


def test_audiblexais_maps_are_those_of_its_table() -> None:
    with torch.device("meta"):
        network = AudibleXAICNN(classes=2, bands=257).eval()
    found = maps_of(network, network.features, (1, 257, 251))
    assert [shape for kind, shape in found if kind in ("Conv2d", "MaxPool2d")] == [
        (16, 256, 250), (16, 128, 125), (32, 127, 124), (32, 63, 62), (64, 62, 61), (64, 31, 30),
    ]  # fmt: skip


def test_grouped_alexnets_maps_are_those_of_its_table() -> None:
    network = on_meta("alexnet", {"variant": "grouped"})
    found = maps_of(network, network.features, (1, 227, 227))  # type: ignore[arg-type]
    assert [shape for kind, shape in found if kind in ("Conv2d", "MaxPool2d")] == [
        (96, 55, 55), (96, 27, 27), (256, 27, 27), (256, 13, 13),
        (384, 13, 13), (384, 13, 13), (256, 13, 13), (256, 6, 6),
    ]  # fmt: skip
    assert [layer.groups for layer in network.modules() if isinstance(layer, nn.Conv2d)] == [1, 2, 1, 2, 2]


@pytest.mark.parametrize("first_pool", [2, 3])
def test_audionet_halves_its_samples_six_times(first_pool: int) -> None:
    network = on_meta("audionet", {"first_pool": first_pool})
    found = maps_of(network, network.features, (1, 8000))  # type: ignore[arg-type]
    assert [shape[1] for kind, shape in found if kind == "MaxPool1d"] == [4000, 2000, 1000, 500, 250, 125]


@pytest.mark.parametrize(
    ("settings", "shape", "relus", "maps"),
    [
        (
            {},
            (1, 128, 128),
            (1, 4, 7, 10, 13),
            [(32, 128, 128), (32, 64, 64), (64, 32, 32), (64, 16, 16), (128, 8, 8)],
        ),
        (GTZAN_6S, (1, 128, 256), (19, 26, 33), [(100, 32, 32), (128, 16, 16), (128, 8, 8)]),
        (TOY, (1, 64, 64), (1, 4, 7, 10, 13), [(8, 64, 64), (8, 32, 32), (16, 16, 16), (16, 8, 8), (16, 4, 4)]),
    ],
    ids=["gtzan 3 s", "gtzan 6 s", "toy"],
)
def test_drsas_relus_have_their_published_places_and_maps(
    settings: dict[str, Any], shape: tuple[int, ...], relus: tuple[int, ...], maps: list[tuple[int, ...]]
) -> None:
    with torch.device("meta"):
        network = MelCNN(**settings).eval()
    found = maps_of(network, network.features, shape)
    assert [found[place] for place in relus] == [("ReLU", each) for each in maps]


@pytest.mark.parametrize(
    ("settings", "convolutions", "dense", "flat"),
    [
        ({}, [0, 3, 6, 9, 12], [0, 3, 6], 2048),
        (GTZAN_6S, [0, 3, 7, 10, 14, 17, 21, 24, 28, 31], [0, 4, 8], 2048),
        (TOY, [0, 3, 6, 9, 12], [0, 2, 4], 64),
    ],
    ids=["gtzan 3 s", "gtzan 6 s", "toy"],
)
def test_drsas_layers_have_their_published_numbers(
    settings: dict[str, Any], convolutions: list[int], dense: list[int], flat: int
) -> None:
    with torch.device("meta"):
        network = MelCNN(**settings)
    assert [i for i, layer in enumerate(network.features) if isinstance(layer, nn.Conv2d)] == convolutions
    linear = [(i, layer) for i, layer in enumerate(network.classifier) if isinstance(layer, nn.Linear)]
    assert [i for i, _ in linear] == dense
    assert linear[0][1].in_features == flat


def test_l2is_taps_have_their_published_maps_and_lead_to_the_same_scores() -> None:
    network = KumarCNN().eval()
    features = torch.randn(1, 1, 431, 128)
    with torch.inference_mode():
        maps = network.maps(features)
        last = network.trunk[17](network.trunk[16](maps[-1]))
        assert torch.equal(network.head(last), network(features))
    assert [tuple(each.shape[1:]) for each in maps] == [(128, 53, 16), (256, 26, 8), (512, 13, 4)]


def test_cnn14s_maps_are_those_that_interpreters_read() -> None:
    """Five seconds through SpeechBrain's front-end: blocks 3 to 6 after their pooling."""
    network = of(PUBLISHED["speechbrain-cnn14"])
    found: list[tuple[int, ...]] = []
    network.dropout.register_forward_hook(  # type: ignore[union-attr,operator]
        lambda module, given, made: found.append(tuple(made.shape[1:]))
    )
    network(torch.zeros(1, 1, 431, 80, device="meta"))
    assert found[2:] == [(256, 53, 10), (512, 26, 5), (1024, 13, 2), (2048, 13, 2)]


def test_cnn14s_layers_have_the_names_and_shapes_of_its_published_weights() -> None:
    shapes = {key: tuple(value.shape) for key, value in on_meta("cnn14", {}).state_dict().items()}
    assert shapes["bn0.running_mean"] == (64,)
    assert shapes["conv_block1.conv1.weight"] == (64, 1, 3, 3)
    assert shapes["conv_block6.conv2.weight"] == (2048, 2048, 3, 3)
    assert shapes["conv_block6.bn2.num_batches_tracked"] == ()
    assert shapes["fc1.weight"] == (2048, 2048)
    assert shapes["fc_audioset.weight"] == (527, 2048)
    assert len(shapes) == 5 + 6 * 2 * (1 + 5) + 4


# --- training and saving ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def networks() -> dict[str, nn.Module]:
    """Each network once, with two classes."""
    made = {}
    for name, each in PUBLISHED.items():
        settings = {key: value for key, value in each.settings.items() if key != "classes"}
        if name != "panns-cnn14":  # SpeechBrain's is of the same kind
            made[name] = make_network(each.architecture, classes=2, settings=settings)
    return made


@pytest.mark.parametrize("name", [name for name in PUBLISHED if name != "panns-cnn14"])
def test_every_weight_learns(name: str, networks: dict[str, nn.Module]) -> None:
    network, published = networks[name], PUBLISHED[name]
    short = {"speechbrain-cnn14": 0.5, "l2i-esc50": 1.6, "l2i-sonyc": 1.6}
    torch.manual_seed(0)
    logits = network.train()(heard(published, short.get(name)))
    nn.functional.cross_entropy(logits, torch.tensor([0, 1])).backward()
    assert torch.isfinite(logits).all()
    for key, weight in network.named_parameters():
        assert weight.grad is not None, key
        assert torch.isfinite(weight.grad).all(), key
        assert weight.grad.any(), key
    network.zero_grad()


LAYOUTS = {
    "rows together": lambda x: x.contiguous(),
    "channels together": lambda x: x.contiguous(memory_format=torch.channels_last),
    "as a transposing front-end leaves it": lambda x: x.transpose(2, 3).contiguous().transpose(2, 3),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    ("architecture", "shape"),
    [
        ("audiblexai-cnn", (1, 128, 251)),
        ("mel-cnn", (1, 128, 128)),
        ("kumar-cnn", (1, 140, 128)),
        ("cnn14", (1, 32, 64)),
    ],
)
def test_gradients_are_what_differences_show(
    architecture: str, shape: tuple[int, ...], layout: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PyTorch 2.13 differentiates batch norms of maps [B, C, T, 1] wrongly on CPUs in some memory layouts."""
    monkeypatch.setattr(cnn14, "WIDTHS", (8,) * 6)  # narrow, so that nobody waits
    network = initialise(make_network(architecture, classes=2), 0).double().eval()
    generator = torch.Generator().manual_seed(0)
    x, along = (torch.randn(1, *shape, generator=generator, dtype=torch.float64) for _ in range(2))
    x = LAYOUTS[layout](x).requires_grad_()
    (gradient,) = torch.autograd.grad(network(x)[:, 0].sum(), x)
    with torch.no_grad():
        step = 1e-8
        ahead, behind = (network(x + sign * step * along)[:, 0].sum() for sign in (1, -1))
    assert float((gradient * along).sum()) == pytest.approx(float((ahead - behind) / (2 * step)), rel=1e-3)


@pytest.mark.parametrize("name", [name for name in PUBLISHED if name != "panns-cnn14"])
def test_a_classifier_of_it_comes_back_from_disk(
    name: str, networks: dict[str, nn.Module], tmp_path: Path
) -> None:
    published = PUBLISHED[name]
    saved = Classifier(
        networks[name].eval(),
        frontend=frontends.preset(published.frontend),
        labels=["no", "yes"],
        length=Length(seconds=published.seconds),
        multi_label=published.multi_label,
    )
    loaded = load_classifier(saved.save(tmp_path))
    assert type(loaded.network) is type(saved.network)
    assert loaded.frontend == saved.frontend
    theirs, ours = loaded.network.state_dict(), saved.network.state_dict()
    assert theirs.keys() == ours.keys()
    assert all(torch.equal(theirs[key], ours[key]) for key in ours)


def test_every_architecture_is_published_by_someone() -> None:
    # Checkpoints of the AST are opened as hf:NAME, with their own extractor.
    assert {each.architecture for each in PUBLISHED.values()} | {"ast"} == set(ARCHITECTURES)


def test_yamnet_without_scale_has_no_weight_to_learn() -> None:
    assert not any(key.endswith("2.weight") for key in Yamnet(classes=2).features.layer1.state_dict())
