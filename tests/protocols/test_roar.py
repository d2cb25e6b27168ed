"""Remove and retrain on a tiny task: what is removed, what is trained anew, and that nothing is done twice."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from low_and_high import RATE, Pointing, classifier, corpus, tone

from auricle.clip import Clip
from auricle.errors import AuricleError
from auricle.evaluation.tested import choose_clips
from auricle.protocols.removing import Remover, without_cells, write_removed
from auricle.protocols.roar import NOTHING, Point, Roar, run_roar
from auricle.report.compared.roar import write_roar

RECIPE = """
name: tones
summary: high or low
task: label
split: holdout:60/20/20
frontend: digits
length: {seconds: 0.5}
network: {architecture: digits-cnn, settings: {channels: [4, 8], bands: 64}}
training: {epochs: 8, batch: 8, learning_rate: 0.02}
"""


def test_the_most_relevant_cells_are_silent_and_the_others_stay() -> None:
    both = Clip(tone(500).samples + tone(3000).samples, RATE, "both")
    model = classifier()
    relevance = Remover("right", Pointing()).relevance([tone(500)], model, 0)[0]
    half, most = without_cells(both, relevance, model, [0.5, 0.9])
    spectrum = np.abs(np.fft.rfft(half.samples[0])) / np.abs(np.fft.rfft(both.samples[0])).max()
    hertz = np.fft.rfftfreq(half.samples.shape[1], 1 / RATE)
    assert spectrum[np.abs(hertz - 500) < 50].max() < 0.01
    assert spectrum[np.abs(hertz - 3000) < 50].max() > 0.9
    assert np.square(most.samples).sum() < np.square(half.samples).sum()


def test_random_removal_is_even_and_repeatable() -> None:
    model = classifier()
    remover = Remover("random", None)
    one, other = remover.relevance([tone(500), tone(600)], model, 0)
    again = remover.relevance([tone(500)], model, 0)[0]
    np.testing.assert_array_equal(one, again)
    assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.05


def test_a_data_set_without_cells_has_the_same_rows_and_is_made_once(tmp_path: Path) -> None:
    dataset = corpus(tmp_path, takes=2)
    model, remover = classifier(), Remover("right", Pointing())
    made = write_removed(tmp_path / "out", dataset, range(4), model, remover, (0.2, 0.8))
    for share, part in made.items():
        assert part.column("id") == dataset.column("id")
        assert part.column("pitch") == dataset.column("pitch")
        energy = [np.square(each.load(0).samples, dtype=float).sum() for each in (dataset, part)]
        assert energy[1] < (1.01 - share) * energy[0]
    first = next((tmp_path / "out").rglob("*.wav"))
    first.write_bytes(b"touched")
    write_removed(tmp_path / "out", dataset, range(4), model, remover, (0.2, 0.8))
    assert first.read_bytes() == b"touched"
    write_removed(tmp_path / "out", dataset, range(4), model, remover, (0.2, 0.8), seed=1)
    assert first.read_bytes() != b"touched"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A folder of class folders, and a model that was trained on it."""
    pytest.importorskip("lightning", reason="training needs auricle[train]")
    from auricle.training.outcome import Order, train_folder
    from auricle.training.recipe import read_recipe

    data = tmp_path_factory.mktemp("tones")
    rng = np.random.default_rng(0)
    for label, low in (("low", 400), ("high", 2500)):
        (data / label).mkdir()
        for take in range(15):
            at = np.arange(RATE // 2) / RATE
            sound = 0.3 * np.sin(2 * np.pi * (low + rng.uniform(0, 300)) * at) + 0.003 * rng.normal(size=len(at))
            soundfile.write(data / label / f"{take}.wav", sound, RATE)
    home = data.parent / f"{data.name}-model"
    recipe = home.parent / f"{data.name}.yaml"
    recipe.write_text(RECIPE)
    order = Order(recipe=read_recipe(recipe), data=str(data))
    train_folder(order, order.subjects()[0], home)
    return data, home


@pytest.mark.slow
def test_removing_what_matters_costs_more_than_removing_at_random(trained: tuple[Path, Path], tmp_path: Path) -> None:
    data, home = trained
    choice = choose_clips(str(home), data=str(data))
    order = Roar(methods={"right": Loudest()}, shares=(0.4,), seeds=2, changes={"training.epochs": 10})
    told: list[str] = []
    steps = Steps()
    points = run_roar(choice, home, order, tmp_path, told=told.append, on_step=steps.append_one)
    assert [(each.explainer, each.share) for each in points] == [
        (NOTHING, 0.0), (NOTHING, 0.0), ("right", 0.4), ("right", 0.4), ("random", 0.4), ("random", 0.4),
    ]  # fmt: skip
    mean = {name: np.mean([each.score for each in points if each.explainer == name]) for name in ("right", "random")}
    assert mean["random"] == 1.0
    assert mean["right"] <= mean["random"]
    assert steps.count == 2 * 30
    trainings = sum(text.startswith("training") for text in told)
    assert trainings == 6
    told.clear()
    assert run_roar(choice, home, order, tmp_path, told=told.append, on_step=steps.append_one) == points
    assert not any(text.startswith("training") for text in told)
    page = write_roar(tmp_path, points, {"model": "tones", "source": "a paper"}).read_text()
    assert "right" in page
    assert len(json.loads((tmp_path / "roar.json").read_text())["points"]) == 6


class Steps:
    count = 0

    def append_one(self) -> None:
        self.count += 1


class Loudest(Pointing):
    """Relevance is the power of each cell."""

    name = "loudest"

    def _explain(self, point, weights, seed):
        from auricle.methods.base import Attribution

        features = point.classifier.frontend(point.samples).squeeze(1)
        shape = point.classifier.frontend.axes(point.samples.shape[-1]).shape
        values = features if tuple(features.shape[1:]) == shape else features.transpose(1, 2)
        return Attribution(torch.exp(values.float()), weights.sum(1))


def test_a_model_without_its_recipe_is_refused(tmp_path: Path) -> None:
    from low_and_high import choice

    with pytest.raises(AuricleError, match=r"has no recipe\.yaml, so it cannot be trained anew"):
        run_roar(choice(tmp_path), tmp_path, Roar(methods={}), tmp_path / "out", told=print, on_step=print)


def test_the_page_sets_random_beside_the_explainers(tmp_path: Path) -> None:
    points = [Point(NOTHING, 0.0, 0, 0.98, "accuracy")]
    points += [Point(name, share, 0, 0.9 - share * fall, "accuracy") for name, fall in (("lrp", 0.8), ("random", 0.1))
               for share in (0.2, 0.8)]  # fmt: skip
    page = write_roar(tmp_path, points, {"model": "m", "source": "a paper"}).read_text()
    assert 'class="control"><th scope="row">random' in page
    assert "0.260" in page
    assert "With nothing removed, accuracy is 0.980" in page
