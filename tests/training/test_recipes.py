"""Recipes: readable, checked, and every shipped one trains what it says."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from auricle.errors import AuricleError
from auricle.models import make_network
from auricle.training.recipe import Recipe, read_recipe, recipes

PUBLISHED = {
    "audiomnist-alexnet-digit": ("sgd", 0.001, 0.0, 32, 100, "last"),
    "audiomnist-alexnet-caffe-digit": ("sgd", 0.001, 0.9, 100, 56, "last"),
    "audiomnist-audionet-digit": ("sgd", 0.0001, 0.9, 100, 278, "last"),
    "audible-xai-digits": ("sgd", 0.001, 0.0, 32, 10, "loss"),
    "gtzan-melcnn": ("sgd", 0.0004, 0.99, 16, 200, "last"),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_hyper_parameters(name: str) -> None:
    training = read_recipe(name).training
    found = (
        training.optimiser, training.learning_rate, training.momentum, training.batch, training.epochs, training.choose,
    )  # fmt: skip
    assert found == PUBLISHED[name]


@pytest.mark.parametrize("name", recipes())
def test_every_recipe_feeds_its_network_what_it_eats(name: str) -> None:
    recipe = read_recipe(name)
    assert recipe.name == name
    front = recipe.front_end()
    features = front(torch.zeros(1, round(recipe.length.seconds * front.sample_rate)))
    with torch.device("meta"):
        network = make_network(recipe.network.architecture, classes=3, settings=recipe.network.settings).eval()
    assert tuple(network(features.to("meta")).shape) == (1, 3)


def test_every_published_recipe_has_a_fast_variant() -> None:
    names = set(recipes())
    systems = {name for name in names if not name.endswith("-fast")} - {"drsa-toy", "ast-digits"}  # are fast themselves
    assert {f"{name}-fast" for name in systems} <= names


def test_a_recipe_says_only_what_differs(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("extends: heart\nname: mine\ntraining: {epochs: 3}\n")
    mine, heart = read_recipe(file), read_recipe("heart")
    assert mine.training.epochs == 3
    assert mine.training.learning_rate == heart.training.learning_rate
    assert mine.network == heart.network


def test_as_yaml_reads_back_the_same(tmp_path: Path) -> None:
    for recipe in recipes().values():
        file = tmp_path / f"{recipe.name}.yaml"
        file.write_text(recipe.as_yaml())
        assert read_recipe(file) == recipe


def test_changes_are_laid_over() -> None:
    assert read_recipe("heart", changes={"training.epochs": 7, "split": "folds"}).training.epochs == 7


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("extends: heart\ntraining: {epoch: 3}", 'unknown key "training.epoch"; did you mean "epochs"?'),
        ("extends: heart\nfrontned: digits", 'unknown key "frontned"; did you mean "frontend"?'),
        ("extends: heart\ntraining: {epochs: -1}", "cannot use training.epochs=-1"),
        ("extends: hart", 'no recipe is called "hart"; did you mean "heart"?'),
        ("name: x", 'lacks the key "summary"'),
        ("- a\n- b", "is not a recipe"),
        ("a: [", "not readable YAML"),
        ("extends: wrong.yaml", "does not exist"),
    ],
)
def test_wrong_recipes_are_told_in_a_sentence(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "wrong-recipe.yaml"
    file.write_text(text)
    with pytest.raises(AuricleError, match=r"wrong|hart|recipe") as error:
        read_recipe(file)
    assert said in str(error.value)


def test_a_recipe_cannot_extend_itself(tmp_path: Path) -> None:
    file = tmp_path / "loop.yaml"
    file.write_text(f"extends: {file}\n")
    with pytest.raises(AuricleError, match="extends itself"):
        read_recipe(file)


def test_what_a_recipe_refuses_the_classifier_hears_in_windows() -> None:
    recipe = read_recipe("audiomnist-alexnet-digit")
    assert isinstance(recipe, Recipe)
    assert recipe.length.long == "refuse"
    assert recipe.policy(0).long == "window"


def test_the_precision_may_be_written_as_a_number() -> None:
    assert read_recipe("heart-fast", changes={"training.precision": 32}).training.precision == "32"
