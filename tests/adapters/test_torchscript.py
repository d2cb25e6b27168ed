"""A TorchScript copy of a network is explained as the network is, by every method that only asks."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_programs import (
    COALITIONS,
    LABELS,
    LENGTH,
    RATE,
    OnBands,
    OneByOne,
    OnSamples,
    alike,
    bands,
    classifier,
    made,
    relevance,
    sound,
)
from torch import nn

import auricle
from auricle.adapters.torchscript import torchscript_classifier
from auricle.classifier import Classifier
from auricle.errors import AuricleError
from auricle.models.hashing import weights_hash

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::torch.jit.TracerWarning")


def opened(path: Path, **settings: Any) -> Classifier:
    return torchscript_classifier(path, **({"labels": LABELS, "sample_rate": RATE, "length": LENGTH} | settings))


def scripted(network: nn.Module, path: Path) -> Path:
    torch.jit.script(network).save(str(path))
    return path


@pytest.mark.parametrize("method", COALITIONS)
def test_a_copy_is_explained_as_the_original(method: str, tmp_path: Path) -> None:
    network = made(OnBands)
    copy = opened(scripted(network, tmp_path / "net.pt"), frontend=bands())
    theirs, ours = relevance(copy, method), relevance(classifier(network, bands()), method)
    assert alike(theirs, ours)
    assert (copy.name, copy.differentiable) == ("net.pt", False)


@pytest.mark.parametrize("channel", [False, True])
def test_whether_samples_have_a_channel_is_found_out(channel: bool, tmp_path: Path) -> None:
    network = made(OnSamples, channel)
    copy, samples = opened(scripted(network, tmp_path / "net.pt")), torch.randn(3, 2000)
    assert torch.allclose(copy.logits(samples), classifier(network).logits(samples), atol=1e-6)


def test_a_network_for_single_clips_is_asked_one_by_one(tmp_path: Path) -> None:
    network, samples = made(OneByOne), torch.randn(4, 2000)
    traced = torch.jit.trace(network, samples[:1])
    traced.save(str(tmp_path / "single.pt"))
    expected = torch.cat([network(row[None]) for row in samples])
    assert torch.allclose(opened(tmp_path / "single.pt").logits(samples), expected, atol=1e-6)


class Shared(nn.Module):
    """Takes the level of the whole batch away: rows disturb each other, though every shape is right."""

    def forward(self, samples: torch.Tensor) -> torch.Tensor:
        loud = (samples / samples.abs().max()).abs()
        return torch.stack([loud.mean(1), loud.amax(1), loud[:, :9].mean(1)], 1)


def test_rows_that_disturb_each_other_are_asked_alone(tmp_path: Path) -> None:
    network, samples = Shared(), torch.tensor([[1.0], [0.1]]) * torch.randn(2, 2000)
    copy = opened(scripted(network, tmp_path / "net.pt"))
    expected = torch.cat([network(row[None]) for row in samples])
    assert torch.allclose(copy.logits(samples), expected, atol=1e-6)


def test_frozen_programs_are_taken_and_told_apart(tmp_path: Path) -> None:
    copies = []
    for seed in (0, 1):
        frozen = torch.jit.freeze(torch.jit.script(made(OnBands, seed=seed)))
        frozen.save(str(tmp_path / f"{seed}.pt"))
        copies.append(opened(tmp_path / f"{seed}.pt", frontend=bands(), name="copy"))
    samples = torch.randn(2, 2000)
    assert torch.allclose(copies[0].logits(samples), classifier(made(OnBands), bands()).logits(samples), atol=1e-4)
    assert weights_hash(copies[0]) != weights_hash(copies[1])


def test_weights_tell_programs_apart_too(tmp_path: Path) -> None:
    one, other = (
        opened(scripted(made(OnBands, seed=k), tmp_path / f"{k}.pt"), frontend=bands(), name="n") for k in (0, 1)
    )
    assert weights_hash(one) != weights_hash(other)


def test_it_moves_with_its_classifier(tmp_path: Path) -> None:
    copy = opened(scripted(made(OnBands), tmp_path / "net.pt"), frontend=bands())
    copy.network.double()
    assert copy.dtype == copy.logits(torch.randn(1, 2000)).dtype == torch.float64


class TupleOfMore(nn.Module):
    def forward(self, samples: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.stack([samples.mean(1), samples.amax(1), samples.amin(1)], 1).softmax(1), samples


def test_the_first_of_several_outputs_counts_and_may_be_probabilities(tmp_path: Path) -> None:
    copy = opened(scripted(TupleOfMore(), tmp_path / "net.pt"), outputs="probabilities")
    samples = sound().mono(RATE)
    expected = TupleOfMore()(torch.tensor(np.array(samples))[None])[0][0]
    np.testing.assert_allclose(copy.predict(sound()).probabilities, expected, atol=1e-6)


class Noisy(nn.Module):
    def forward(self, samples: torch.Tensor) -> torch.Tensor:
        return torch.rand(samples.shape[0], 3)


def test_what_cannot_be_asked_is_told(tmp_path: Path) -> None:
    samples = torch.randn(1, 2000)
    with pytest.raises(AuricleError, match="gives another answer each time; export it in evaluation mode"):
        opened(scripted(Noisy(), tmp_path / "noisy.pt")).logits(samples)
    with pytest.raises(AuricleError, match=r"net\.pt returned shape \(1, 3\) .* each of the 2 labels"):
        opened(scripted(made(OnSamples, False), tmp_path / "net.pt"), labels=["a", "b"]).logits(samples)
    with pytest.raises(AuricleError, match=r"net\.pt failed with an input of shape .*Expected 3D"):
        opened(scripted(made(OnBands), tmp_path / "net.pt")).logits(samples)
    with pytest.raises(AuricleError, match="100 Hz is too low"):
        opened(tmp_path / "net.pt", sample_rate=100)


@pytest.mark.parametrize("method", ["lrp", "gradient", "ig", "grad-cam", "deeplift"])
def test_methods_that_look_inside_say_why_not(method: str, tmp_path: Path) -> None:
    copy = opened(scripted(made(OnBands), tmp_path / "net.pt"), frontend=bands())
    with pytest.raises(AuricleError, match=r"net\.pt cannot be looked into \(TorchScript hides .* kernel-shap"):
        auricle.explain(sound(), copy, method=method)
    with pytest.raises(AuricleError, match="no weights to save"):
        copy.save(tmp_path / "saved")


class Bomb:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def test_pickles_are_refused_and_never_run(tmp_path: Path) -> None:
    mark, path = tmp_path / "it-ran", tmp_path / "model.pt"
    torch.save(Bomb(mark), path)
    with pytest.raises(AuricleError, match=r"may run code when opened and is not read\. Load it in a place you trust"):
        opened(path)
    for content in (pickle.dumps(Bomb(mark)), pickle.dumps(Bomb(mark), protocol=2)):
        path.write_bytes(content)
        with pytest.raises(AuricleError, match="may run code"):
            opened(path)
    scripted(made(OnBands), tmp_path / "good.pt")
    with zipfile.ZipFile(tmp_path / "good.pt") as good, zipfile.ZipFile(path, "w") as bad:
        for name in good.namelist():
            bad.writestr(name, pickle.dumps(Bomb(mark)) if name.endswith("data.pkl") else good.read(name))
    with pytest.raises(AuricleError, match="cannot be opened as TorchScript"):
        opened(path)
    assert not mark.exists()


@pytest.mark.parametrize("content", [b"", b"x", b"PK\x03\x04 and no more", b"<html>"])
def test_files_that_are_something_else(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "model.pt").write_bytes(content)
    with pytest.raises(AuricleError, match="is no TorchScript file"):
        opened(tmp_path / "model.pt")
    with pytest.raises(AuricleError, match=r"there is no file .*none\.pt"):
        opened(tmp_path / "none.pt")
