"""Concepts are kept as they were found, carry their names, and mean nothing in another model."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from oracles import on_samples
from safetensors.torch import load_file
from some_subspaces import oblique, orthonormal
from torch import nn

from auricle.classifier import Classifier
from auricle.concepts.concepts import CARD, REST, WEIGHTS, Concepts, load_concepts
from auricle.concepts.subspaces import Subspaces
from auricle.errors import AuricleError
from auricle.methods import LRP, DeepTaylor, InputXGradient
from auricle.models import load_classifier
from auricle.models.hashing import weights_hash

LAYER = "features.6"


def some(digits: Classifier, **facts: Any) -> Concepts:
    second = orthonormal(32, [10, 4], seed=1).basis.float()
    subspaces = {
        "seven": orthonormal(32, [8] * 4),
        "nine": Subspaces(second, (10, 4), statistics={"relevance": [0.6, 0.1]}),
        "drei, «drei»": oblique(32, [3, 2]),
    }
    return Concepts.of(digits, LAYER, LRP(composite="epsilon-plus", rules={"head*": "gamma:0.1"}), subspaces, **facts)


# --- what is written is read ------------------------------------------------------------------------------------------


def test_what_is_written_is_read(digits: Classifier, tmp_path: Path) -> None:
    written = some(digits, learner={"name": "drsa", "seeds": 3}, clips=[12, 30]).named("nine", 2, "  hiss\n of air ")
    assert written.save(tmp_path / "new" / "folder") == tmp_path / "new" / "folder"
    read = load_concepts(tmp_path / "new" / "folder", digits)
    assert (read.model, read.model_name, read.layer, read.method) == (
        written.model, written.model_name, LAYER, written.method
    )
    assert read.facts == {"learner": {"name": "drsa", "seeds": 3}, "clips": [12, 30]}
    assert list(read) == list(written) == ["seven", "nine", "drei, «drei»"]
    for label in written:
        ours, theirs = read[label], written[label]
        assert torch.equal(ours.basis, theirs.basis)
        assert ours.basis.dtype == theirs.basis.dtype
        assert (ours.sizes, ours.statistics) == (theirs.sizes, theirs.statistics)
        assert (ours.analysis is None) == (theirs.analysis is None)
        torch.testing.assert_close(ours.projectors(), theirs.projectors())
        assert read.names_of(label) == written.names_of(label)
    assert read.card() == written.card()


def test_writing_again_replaces(digits: Classifier, tmp_path: Path) -> None:
    some(digits).save(tmp_path)
    load_concepts(tmp_path).named("seven", 1, "sibilant").save(tmp_path)
    assert load_concepts(tmp_path).names_of("seven")[0] == "sibilant"
    assert sorted(path.name for path in tmp_path.iterdir()) == [CARD, WEIGHTS]


@pytest.mark.parametrize("method", [LRP(), DeepTaylor(input_rule="box"), InputXGradient(baseline="zero")])
def test_the_method_is_kept_with_its_settings(digits: Classifier, tmp_path: Path, method: Any) -> None:
    Concepts.of(digits, LAYER, method, {"nine": orthonormal(32, [8] * 4)}).save(tmp_path)
    assert load_concepts(tmp_path).method == method


def test_classes_may_share_one_basis(digits: Classifier, tmp_path: Path) -> None:
    shared = orthonormal(32, [8] * 4)
    Concepts.of(digits, LAYER, LRP(), dict.fromkeys(("one", "two"), shared)).save(tmp_path)
    read = load_concepts(tmp_path)
    assert torch.equal(read["one"].basis, shared.basis)
    assert torch.equal(read["two"].basis, shared.basis)


def test_nothing_is_pickled(digits: Classifier, tmp_path: Path) -> None:
    some(digits).save(tmp_path)
    tensors = load_file(str(tmp_path / WEIGHTS))
    assert set(tensors) == {"0.basis", "1.basis", "2.basis", "2.analysis"}
    card = json.loads((tmp_path / CARD).read_text(encoding="utf-8"))
    assert card["format"] == 1
    assert card["classes"][1]["label"] == "nine"
    assert card["classes"][1]["sizes"] == [10, 4]
    for path in tmp_path.iterdir():
        assert path.read_bytes()[:2] not in (b"PK", b"\x80\x02", b"\x80\x04")


# --- names ------------------------------------------------------------------------------------------------------------


def test_concepts_are_numbered_until_they_have_names(digits: Classifier) -> None:
    concepts = some(digits)
    assert concepts.names_of("seven") == ("concept 1", "concept 2", "concept 3", "concept 4")
    assert concepts.names_of("nine") == ("concept 1", "concept 2", REST)
    named = concepts.named("seven", 3, " a   rising\ttone ")
    assert named.names_of("seven") == ("concept 1", "concept 2", "a rising tone", "concept 4")
    assert concepts.names_of("seven")[2] == "concept 3"  # what was there is as it was
    assert named.named("seven", 3, "").names_of("seven") == concepts.names_of("seven")
    both = named.named("seven", 1, "onset")
    assert both.names_of("seven") == ("onset", "concept 2", "a rising tone", "concept 4")
    assert both.names_of("nine") == concepts.names_of("nine")


@pytest.mark.parametrize("number", [0, 5, -1])
def test_a_name_wants_a_concept(digits: Classifier, number: int) -> None:
    with pytest.raises(AuricleError, match=f"seven has concepts 1 to 4, not {number}"):
        some(digits).named("seven", number, "x")
    with pytest.raises(AuricleError, match="nine has concepts 1 to 2, not 3"):  # the residual is no concept
        some(digits).named("nine", 3, "x")


def test_a_class_without_concepts(digits: Classifier) -> None:
    with pytest.raises(AuricleError, match=r'fitted for "seve".*seven'):
        some(digits)["seve"]


# --- what is refused --------------------------------------------------------------------------------------------------


def test_another_model_is_refused(digits: Classifier, tmp_path: Path) -> None:
    some(digits).save(tmp_path)
    other = load_classifier("digits")
    load_concepts(tmp_path, other)  # the same weights
    with torch.no_grad():
        other.network.features[0].weight[0, 0, 0, 0] += 1e-3
    with pytest.raises(AuricleError, match=r"found in another model .*mean nothing.*auricle concepts fit") as caught:
        load_concepts(tmp_path, other)
    assert "\n" not in str(caught.value)
    assert all(weights_hash(each) in str(caught.value) for each in (digits, other))
    with pytest.raises(AuricleError, match="found in another model"):
        load_concepts(tmp_path, on_samples(nn.Linear(4, 3), (4,)))


def cut_weights(folder: Path) -> None:
    (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:-100])


def edited(change: Callable[[dict[str, Any]], Any]) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        card = json.loads((folder / CARD).read_text())
        card = change(card) or card
        (folder / CARD).write_text(json.dumps(card))

    edit.__name__ = change.__name__
    return edit


def no_classes(card: dict[str, Any]) -> None:
    del card["classes"]


def a_list(card: dict[str, Any]) -> list[Any]:
    return [card]


def one_size_less(card: dict[str, Any]) -> None:
    card["classes"][0]["sizes"].pop()


def one_name_less(card: dict[str, Any]) -> None:
    card["classes"][0]["names"].pop()


def one_class_more(card: dict[str, Any]) -> None:
    card["classes"].append({**card["classes"][0], "label": "ten"})


def sizes_in_words(card: dict[str, Any]) -> None:
    card["classes"][0]["sizes"] = ["eight"] * 4


def unknown_method(card: dict[str, Any]) -> None:
    card["method"]["name"] = "lpr"


def not_a_number(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    tensors = load_file(folder / WEIGHTS)
    save_file({name: tensor * float("nan") for name, tensor in tensors.items()}, folder / WEIGHTS)


DAMAGES: list[Callable[[Path], None]] = [
    cut_weights,
    not_a_number,
    lambda folder: (folder / WEIGHTS).write_bytes(b"\x80\x04pickle"),
    lambda folder: (folder / CARD).write_bytes(b"\xff\xfe\x00{"),
    lambda folder: (folder / CARD).write_text("{"),
    *map(edited, (no_classes, a_list, one_size_less, one_name_less, one_class_more, sizes_in_words, unknown_method)),
]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_damaged_files_get_one_sentence(digits: Classifier, tmp_path: Path, damage: Callable[[Path], None]) -> None:
    some(digits).save(tmp_path)
    damage(tmp_path)
    with pytest.raises(AuricleError) as caught:
        load_concepts(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", [CARD, WEIGHTS])
def test_missing_files_are_named(digits: Classifier, tmp_path: Path, name: str) -> None:
    some(digits).save(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(AuricleError, match=f"holds no {name}.*auricle concepts fit"):
        load_concepts(tmp_path)
    shutil.rmtree(tmp_path)
    with pytest.raises(AuricleError, match="holds no"):
        load_concepts(tmp_path)
