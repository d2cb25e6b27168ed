"""A program of torch.export is explained as its network is, and an archive that could run code is refused."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import pickle
import zipfile
from collections.abc import Callable
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
from auricle.adapters.exported import exported_classifier
from auricle.adapters.pt2 import is_arithmetic
from auricle.classifier import Classifier, Length
from auricle.errors import AuricleError

if importlib.util.find_spec("torch.export.pt2_archive") is None:
    pytest.skip("torch before 2.8 writes another kind of archive", allow_module_level=True)


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same network for any batch, for one clip and for batches of four; and one on samples."""
    folder, network = tmp_path_factory.mktemp("archives"), made(OnBands)
    features = bands()(torch.randn(4, 2000))
    any_batch = {0: torch.export.Dim.DYNAMIC}
    for name, given, dynamic in (
        ("any", features, (any_batch,)),
        ("one", features[:1], None),
        ("four", features, None),
    ):
        torch.export.save(torch.export.export(network, (given,), dynamic_shapes=dynamic), folder / f"{name}.pt2")
    samples = torch.export.export(
        made(OnSamples, True), (torch.randn(4, 1, 2000),), dynamic_shapes=({0: torch.export.Dim.DYNAMIC},)
    )
    torch.export.save(samples, folder / "samples.pt2")
    return folder


def opened(path: Path, **settings: Any) -> Classifier:
    return exported_classifier(path, **({"labels": LABELS, "sample_rate": RATE, "length": LENGTH} | settings))


@pytest.mark.parametrize("method", COALITIONS)
@pytest.mark.parametrize("name", ["any", "one", "four"])
def test_a_copy_is_explained_as_the_original(name: str, method: str, archives: Path) -> None:
    copy = opened(archives / f"{name}.pt2", frontend=bands())
    theirs, ours = relevance(copy, method), relevance(classifier(made(OnBands), bands()), method)
    assert alike(theirs, ours)


def test_samples_of_a_fixed_number_set_the_length(archives: Path) -> None:
    copy = exported_classifier(archives / "samples.pt2", labels=LABELS, sample_rate=RATE)
    assert copy.length == Length(seconds=0.5)
    expected = classifier(made(OnSamples, True)).predict(sound()).logits
    np.testing.assert_allclose(copy.predict(sound()).logits, expected, atol=1e-5)


def test_another_shape_than_the_exported_one_is_told(archives: Path) -> None:
    copy = opened(archives / "any.pt2", frontend=bands(), length=Length(seconds=1.0))
    with pytest.raises(AuricleError, match=r"inputs of shape \[batch, 1, 16, 32\] and gets \[batch, 1, 16, 63\]"):
        copy.predict(sound())


@pytest.mark.parametrize("method", ["lrp", "gradient"])
def test_methods_that_look_inside_say_why_not(method: str, archives: Path) -> None:
    with pytest.raises(AuricleError, match=r"any\.pt2 cannot be looked into \(an exported program is made of low-"):
        auricle.explain(sound(), opened(archives / "any.pt2", frontend=bands()), method=method)


class Bomb:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def changed(source: Path, path: Path, change: Callable[[str, bytes], bytes], more: dict[str, bytes]) -> Path:
    """An archive with some of its records changed, and more of them."""
    with zipfile.ZipFile(source) as good, zipfile.ZipFile(path, "w") as bad:
        for name in good.namelist():
            bad.writestr(name, change(name.partition("/")[2], good.read(name)))
        root = good.namelist()[0].partition("/")[0]
        for name, content in more.items():
            bad.writestr(f"{root}/{name}", content)
    return path


def described(edit: Callable[[dict[str, Any]], None]) -> Callable[[str, bytes], bytes]:
    """A change of what the archive says of its graph."""

    def change(name: str, content: bytes) -> bytes:
        if name != "models/model.json":
            return content
        found = json.loads(content)
        edit(found)
        return json.dumps(found).encode()

    return change


def same(name: str, content: bytes) -> bytes:
    return content


def test_objects_in_an_archive_are_refused_and_never_run(archives: Path, tmp_path: Path) -> None:
    mark, path = tmp_path / "it-ran", tmp_path / "bad.pt2"
    bomb = io.BytesIO()
    torch.save(Bomb(mark), bomb)
    for name in ("custom_obj_0", "opaque_obj_0", "Opaque_Obj_0"):
        changed(archives / "any.pt2", path, same, {f"data/constants/{name}": pickle.dumps(Bomb(mark))})
        with pytest.raises(AuricleError, match="objects in pickle format"):
            opened(path)
    changed(archives / "any.pt2", path, same, {"data/aotinductor/model/model.so": b"code"})
    with pytest.raises(AuricleError, match="holds compiled code"):
        opened(path)

    def example(name: str, content: bytes) -> bytes:
        return bomb.getvalue() if name == "data/sample_inputs/model.pt" else content

    before = dict(os.environ)
    with pytest.raises(AuricleError, match=r"bad\.pt2 cannot be opened"):
        opened(changed(archives / "any.pt2", path, example, {}))
    with pytest.raises(AuricleError, match=r"bad\.pt2 cannot be opened"):
        opened(changed(archives / "any.pt2", path, same, {"data/weights/model.pt": bomb.getvalue()}))
    assert dict(os.environ) == before
    assert not mark.exists()


def operator(graph: dict[str, Any]) -> None:
    graph["graph_module"]["graph"]["nodes"][0]["target"] = "torch.os.system"


def files(graph: dict[str, Any]) -> None:
    graph["graph_module"]["graph"]["nodes"][0]["target"] = "torch.ops.aten.save.default"


def size(graph: dict[str, Any]) -> None:
    value = next(iter(graph["graph_module"]["graph"]["tensor_values"].values()))
    value["sizes"] = [{"as_expr": {"expr_str": "__import__('os').getcwd()", "hint": None}}]


def guard(graph: dict[str, Any]) -> None:
    graph["guards_code"] = ["print(1) or True"]


def called(graph: dict[str, Any]) -> None:
    graph["graph_module"]["graph"]["inputs"][-1]["as_tensor"]["name"] = "x=print(1)"


@pytest.mark.parametrize("edit", [operator, files, size, guard, called])
def test_texts_that_could_run_code_are_refused(edit: Any, archives: Path, tmp_path: Path) -> None:
    path = changed(archives / "any.pt2", tmp_path / "bad.pt2", described(edit), {})
    with pytest.raises(AuricleError, match="more than an operation on tensors and may run code; it is not opened"):
        opened(path)


@pytest.mark.parametrize(
    ("text", "fine"),
    [
        ("Symbol('s97', positive=True, integer=True)", True),
        ("2*s0 + FloorDiv(s1, 4) - Max(1, u0)", True),
        ("L['samples'].size()[1] == 3 and (s0 % 2) >= 1", True),
        ("exec(chr(112))", False),
        ("(exec)('s1')", False),
        ("Max.__class__", False),
        ("[x for x in s0]", False),
        ("lambda: 1", False),
        ("Symbol('print(1)')", False),
        ("s0; s1", False),
        ("(" * 5000, False),
    ],
)
def test_only_arithmetic_of_sizes_is_let_through(text: str, fine: bool) -> None:
    assert is_arithmetic(text) is fine


class Two(nn.Module):
    def forward(self, one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        return one + other


def test_what_is_no_program_for_sounds_is_told(archives: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.pt2"
    for content in (b"", b"<html>", b"PK\x03\x04"):
        path.write_bytes(content)
        with pytest.raises(AuricleError, match="is no exported program"):
            opened(path)
    with pytest.raises(AuricleError, match=r"there is no file .*none\.pt2"):
        opened(tmp_path / "none.pt2")
    torch.save({}, path)
    with pytest.raises(AuricleError, match="is no exported program"):
        opened(path)
    torch.export.save(torch.export.export(Two(), (torch.zeros(2, 9), torch.zeros(2, 9))), path)
    with pytest.raises(AuricleError, match="takes 2 inputs; it must take one"):
        opened(path)
    (tmp_path / "misnamed.pt").write_bytes((archives / "any.pt2").read_bytes())
    with pytest.raises(AuricleError, match=r"is an exported program; rename it to misnamed\.pt2"):
        auricle.load_classifier(tmp_path / "misnamed.pt")
