"""The pages of a trained model and of K folds: what they say, and how they look in a browser."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from auricle.datasets import Dataset, table_of
from auricle.evaluation import Failure, over_folds, predictions_table, write_evaluation, write_folds
from auricle.report.charts import line_chart, square
from auricle.report.trained import folds_page, trained_page, write_folds_page, write_trained_page

HISTORY = [
    "epoch,train_loss,train_accuracy,validate_loss,validate_accuracy,learning_rate,seconds",
    *(f"{e},{2 * 0.7**e},{1 - 0.9 * 0.7**e},{2 * 0.8**e},{1 - 0.9 * 0.8**e},0.001,3" for e in range(8)),
]
ATTACK = '</script><img src=x onerror="window.broken=1">'


def predicted(clips=120, classes=4, *, seed=0, split="fold 0", labels=None, several=False):
    """Predictions that are right more often than not, of five speakers."""
    generator = np.random.default_rng(seed)
    labels = labels or [f"word {number}" for number in range(classes)]
    actual = generator.integers(classes, size=clips)
    truth = generator.random((clips, classes)) < 0.4 if several else np.eye(classes)[actual] == 1
    sounds = [[labels[c] for c in np.flatnonzero(row)] for row in truth] if several else [labels[a] for a in actual]
    rows = [
        {"id": f"{split} {n}.wav", "path": f"{n}.wav", "sound": sounds[n], "speaker": f"speaker {n % 5}"}
        for n in range(clips)
    ]
    dataset = Dataset(name="words", table=table_of(rows), root=None, classes={"sound": tuple(labels)}, group="speaker")
    logits = generator.normal(size=(clips, classes)) + 2.5 * truth - (1 if several else 0)
    return predictions_table(dataset, range(clips), "sound", logits, split=split, model="ear")


def trained(folder, table, **run):
    write_evaluation(folder, table)
    (folder / "history.csv").write_text("\n".join(HISTORY) + "\n")
    (folder / "run.json").write_text(json.dumps({"recipe": "small-cnn", "best_epoch": 5, "group": "speaker"} | run))
    return write_trained_page(folder)


@pytest.fixture(scope="session")
def model_page(tmp_path_factory):
    return trained(tmp_path_factory.mktemp("model"), predicted())


@pytest.fixture(scope="session")
def kfold(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kfold")
    for place, recipe in enumerate(("small-cnn", "large-cnn")):
        tables = {f"fold {k}": predicted(seed=k + 10 * place, split=f"fold {k}") for k in range(3)}
        for name, table in tables.items():
            trained(folder / recipe / name.replace(" ", "-"), table)
        write_folds(folder / recipe, tables)
    return write_folds_page(folder, ["small-cnn", "large-cnn"])


def text_of(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_the_page_says_how_good_how_sure_and_compared_with_what(model_page):
    record = json.loads((model_page.parent / "evaluation.json").read_text())
    accuracy = record["scores"]["accuracy"]
    text = text_of(model_page.read_text())
    assert f"{100 * accuracy['value']:.1f} % of 120 clips heard right" in text
    assert f"95 % interval {100 * accuracy['low']:.1f} % to {100 * accuracy['high']:.1f} %" in text
    assert "5 speakers drawn anew" in text
    assert "the most frequent class, would be right about" in text
    assert "guessing among 4 classes, about 25.0 %" in text
    assert "5 speakers are few" in text
    assert f"auricle explain --from {model_page.parent} --wrong --limit 20" in text


def test_the_same_figures_stand_on_the_page_and_in_the_files(model_page):
    record = json.loads((model_page.parent / "evaluation.json").read_text())
    text = text_of(model_page.read_text())
    assert "Cohen&#39;s κ ↑ (p_o − p_e)/(1 − p_e): agreement" in text
    for name in ("kappa", "roc_auc", "ece", "brier"):
        assert f"{record['scores'][name]['value']:.3f}" in text


def test_nothing_is_fetched_and_no_name_breaks_out(visit, tmp_path):
    labels = [ATTACK, "a & b", "{{7*7}}", "$x$"]
    table = predicted(labels=labels, split=ATTACK)
    path = trained(tmp_path / "hostile", table, recipe=ATTACK)
    window = visit(path)
    assert window.evaluate("window.broken") is None
    assert ATTACK in window.locator(".subject").inner_text()
    assert "49" not in window.locator(".most").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 400])
def test_a_page_fits_its_window_in_light_and_dark(visit, model_page, kfold, scheme, width):
    for path in (model_page, kfold):
        window = visit(path, width=width, color_scheme=scheme)
        assert window.evaluate("document.documentElement.scrollWidth") <= width
        background = window.evaluate("getComputedStyle(document.querySelector('.auricle')).backgroundColor")
        assert (sum(map(int, re.findall(r"\d+", background)[:3])) > 384) == (scheme == "light")


def test_the_chosen_epoch_is_marked_and_both_curves_are_named(visit, model_page):
    window = visit(model_page)
    loss = window.locator("figure", has=window.get_by_text("Loss", exact=True))
    assert loss.locator(".axis").text_content() == "chosen: epoch 6"
    assert loss.locator(".key li").all_inner_texts() == ["training clips", "validation clips"]
    assert loss.locator("svg[role=img] polyline").count() == 2


def test_every_class_and_the_worst_speaker_can_be_read(visit, model_page):
    window = visit(model_page)
    names = window.locator(".square .name").all_text_contents()
    assert names.count("word 2") == 2
    assert window.locator(".square .right").count() == 4
    rates = [float(text.split()[0]) for text in window.locator(".rates tbody td:nth-child(4)").all_inner_texts()]
    assert rates == sorted(rates, reverse=True)
    assert len(rates) == 5


def test_the_page_of_folds_compares_recipes_and_leads_to_each_fold(visit, kfold):
    window = visit(kfold)
    assert window.locator("h1").inner_text() == "2 recipes, 3 folds"
    rows = window.get_by_role("region", name="Recipes, sound").locator("tbody tr")
    assert rows.count() == 3
    record = json.loads((kfold.parent / "small-cnn" / "evaluation.json").read_text())
    over = record["over_folds"]["accuracy"]
    cell = rows.nth(0).locator("td").nth(2).inner_text()
    assert cell.split("\n") == [f"{100 * over['mean']:.1f} %", f"± {100 * over['std']:.1f} %"]
    links = window.locator("[aria-label='Folds of small-cnn'] a")
    assert links.count() == 3
    for href in links.evaluate_all("all => all.map(each => each.getAttribute('href'))"):
        assert (kfold.parent / href).is_file()


def test_recipes_of_different_tasks_are_not_compared():
    tables = {"digit": predicted(), "gender": predicted(classes=2)}
    page = folds_page({name: over_folds({"fold 0": table}, draws=0) for name, table in tables.items()})
    assert page.count("Mean over the folds") == 2


@pytest.mark.parametrize("classes", [2, 50])
def test_two_or_fifty_classes_can_be_drawn(visit, tmp_path, classes):
    path = trained(tmp_path, predicted(clips=400, classes=classes))
    window = visit(path)
    assert window.evaluate("document.documentElement.scrollWidth") <= 1200
    shown = window.locator(".square .scroll")
    assert shown.evaluate("each => each.scrollWidth <= each.clientWidth + 1")
    first = window.locator(".square svg .name").nth(2)
    assert first.evaluate("each => each.getBoundingClientRect().height") >= 9


def test_clips_of_several_labels_have_a_page_too(visit, tmp_path):
    path = trained(tmp_path, predicted(several=True))
    window = visit(path)
    assert "AUPRC on 120 clips" in window.locator("h1").inner_text()
    assert window.locator(".square").count() == 0


def test_failures_are_told():
    table = predicted()
    page = trained_page(over_folds({"a": table}, draws=0).pooled, table, failures=[Failure("x.wav", "x.wav is silent")])
    assert "1 clip could not be heard and does not count" in page
    assert "x.wav is silent" in page


def test_a_model_that_is_always_right_has_no_mistakes_to_show():
    labels = ["no", "yes"]
    rows = [{"id": str(n), "path": str(n), "sound": labels[n % 2]} for n in range(4)]
    dataset = Dataset(name="words", table=table_of(rows), root=None, classes={"sound": tuple(labels)})
    table = predictions_table(dataset, range(4), "sound", 9 * np.eye(2)[[0, 1, 0, 1]], split="all")
    page = trained_page(over_folds({"a": table}, draws=0).pooled, table)
    assert "100.0 %" in page
    assert "Nothing was confused" in page
    assert "does not say who is heard" in page


def test_a_chart_of_one_epoch_is_a_dot_and_rare_mistakes_are_seen():
    chart = line_chart("Loss", {"training": (np.array([1.0]), np.array([0.3]))}, x="epoch", y="loss")
    assert chart["lines"][0]["dot"] is not None
    drawn = square(np.array([[999.0, 1.0], [0.0, 10.0]]), ["a", "b"])
    (rare,) = [cell for cell in drawn["cells"] if not cell["right"]]
    assert rare["text"] == "<1"
    assert rare["opacity"] >= 0.05
    assert rare["told"] == "a heard as b: 1 of 1000"


def test_folds_that_an_earlier_split_left_behind_do_not_count(tmp_path):
    trained(tmp_path / "cnn" / "without-theo", predicted(40, split="without theo"))
    mine = {name: predicted(40, seed=seed, split=name) for seed, name in enumerate(("fold 0", "fold 1"))}
    for name, table in mine.items():
        trained(tmp_path / "cnn" / name.replace(" ", "-"), table)
    write_folds(tmp_path / "cnn", mine)
    page = write_folds_page(tmp_path, ["cnn"]).read_text()
    assert "fold 1" in page
    assert "without theo" not in page
