"""Predictions and evaluations as files: written whole, read back by auricle and by pandas; folds put together."""

from __future__ import annotations

import json

import numpy as np
import pandas
import pyarrow.parquet as parquet
import pytest
from made_up import at_random, data_set, said

from auricle.classifier import Classifier, Length
from auricle.clip import Clip
from auricle.datasets import Dataset, table_of
from auricle.errors import AuricleError
from auricle.evaluation import (
    Failure,
    facts_of,
    logits_of,
    over_folds,
    predictions_table,
    read_predictions,
    write_evaluation,
    write_folds,
    write_predictions,
)


def test_a_table_explains_itself(tmp_path):
    table = at_random(20, 3)
    write_predictions(tmp_path, table)
    again = read_predictions(tmp_path)
    assert again.equals(table)
    assert facts_of(again) == facts_of(table)
    assert json.loads(parquet.read_schema(tmp_path / "predictions.parquet").metadata[b"auricle"]) == {
        "task": "sound",
        "labels": ["class 0", "class 1", "class 2"],
        "group": "speaker",
        "multi_label": False,
        "data": "made up",
        "model": "ear",
    }
    assert table.column_names[-6:] == [f"{what}(class {c})" for what in ("p", "logit") for c in range(3)]


def test_columns_of_the_data_set_keep_their_values_under_a_free_name():
    dataset = data_set([{"sound": "a", "split": "official test", "correct": 7}], ("a", "b"))
    table = predictions_table(dataset, [0], "sound", np.array([[1.0, 0.0]]), split="fold 3")
    (row,) = table.to_pylist()
    assert (row["split"], row["data_split"], row["correct"], row["data_correct"]) == (
        "fold 3",
        "official test",
        True,
        7,
    )


def test_several_labels_are_lists_and_correct_means_exactly(tmp_path):
    table = said([[0.9, 0.8], [0.9, 0.2]], [["b", "a"], []], ("a", "b"))
    assert table["actual"].to_pylist() == [["a", "b"], []]
    assert table["predicted"].to_pylist() == [["a", "b"], ["a"]]
    assert table["correct"].to_pylist() == [True, False]
    assert table["probability"].to_pylist() == pytest.approx([0.9, 0.9])
    found = write_evaluation(tmp_path, table)
    assert found.counts is None
    assert not (tmp_path / "confusion.csv").exists()
    assert pandas.read_csv(tmp_path / "predictions.csv")["predicted"].tolist() == ["a;b", "a"]


def test_an_evaluation_is_read_by_pandas(tmp_path):
    table = at_random(90, 3)
    found = write_evaluation(tmp_path, table, failures=[Failure("x.wav", "x.wav is silent")])
    assert not list(tmp_path.glob(".*"))
    frame = pandas.read_parquet(tmp_path / "predictions.parquet")
    assert frame["correct"].mean() == pytest.approx(found.scores["accuracy"].value)
    counts = pandas.read_csv(tmp_path / "confusion.csv", index_col=0)
    assert counts.index.tolist() == counts.columns.tolist() == ["class 0", "class 1", "class 2"]
    assert counts.to_numpy().tolist() == found.counts.tolist()
    assert counts.loc["class 0"].sum() == (frame["actual"] == "class 0").sum()
    percent = pandas.read_csv(tmp_path / "confusion_percent.csv", index_col=0)
    assert percent.sum(axis=1).tolist() == pytest.approx([100] * 3, abs=0.03)
    assert pandas.read_csv(tmp_path / "classes.csv")["clips"].sum() == 90
    assert pandas.read_csv(tmp_path / "groups.csv").query("column == 'gender'")["clips"].sum() == 90
    assert pandas.read_csv(tmp_path / "failures.csv")["id"].tolist() == ["x.wav"]
    record = json.loads((tmp_path / "evaluation.json").read_text())
    assert record["scores"]["accuracy"]["value"] == found.scores["accuracy"].value
    assert record["interval"]["drawn"] == "speaker"
    assert record["failures"] == 1


def test_folds_are_put_together(tmp_path):
    tables = {f"fold {k}": at_random(40 + 10 * k, 3, seed=k, split=f"fold {k}") for k in range(3)}
    found = write_folds(tmp_path, tables)
    by_fold = [np.mean(each["correct"].to_pylist()) for each in tables.values()]
    spread = found.scores["accuracy"]
    assert (spread.mean, spread.std) == pytest.approx((np.mean(by_fold), np.std(by_fold, ddof=1)))
    assert found.pooled.clips == 150
    pooled = np.concatenate([each["correct"].to_pylist() for each in tables.values()]).mean()
    assert found.pooled.scores["accuracy"].value == pytest.approx(pooled)
    frame = pandas.read_csv(tmp_path / "folds.csv", index_col="split")
    assert frame.index.tolist() == ["fold 0", "fold 1", "fold 2", "mean", "std"]
    assert frame.loc["std", "kappa"] == pytest.approx(frame.loc["fold 0":"fold 2", "kappa"].std())
    assert "split" in {row["column"] for row in found.pooled.groups}
    assert facts_of(read_predictions(tmp_path)).task == "sound"


def test_a_score_that_a_fold_does_not_have_is_left_out_of_the_mean():
    yes_no = ("no", "yes")
    one = said([[0.9, 0.1]], ["no"], yes_no)
    both = said([[0.9, 0.1], [0.2, 0.8]], ["no", "yes"], yes_no)
    spread = over_folds({"a": one, "b": both}, draws=0).scores["roc_auc"]
    assert (spread.mean, spread.std, spread.folds) == (1.0, None, 1)


def test_folds_of_different_experiments_are_refused():
    with pytest.raises(AuricleError, match="only folds of one experiment"):
        over_folds({"a": at_random(20, 3), "b": at_random(20, 4)})


@pytest.mark.parametrize(
    ("make", "hint"),
    [
        (lambda folder: None, "holds no predictions.parquet"),
        (lambda folder: write_predictions(folder / "small", at_random(9, 2)), "give one of its folders: small"),
        (lambda folder: (folder / "predictions.parquet").write_bytes(b"no"), "is not a Parquet file"),
        (lambda folder: parquet.write_table(table_of([{"id": "a"}]), folder / "predictions.parquet"), "no table of"),
    ],
)
def test_a_folder_without_predictions_is_told(tmp_path, make, hint):
    make(tmp_path)
    with pytest.raises(AuricleError, match=hint):
        read_predictions(tmp_path)


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(AuricleError, match="cannot be written"):
        write_predictions(tmp_path / "taken", at_random(9, 2))


# --- hearing ------------------------------------------------------------------------------------------------


def tones(count: int, *, silent: int | None = None) -> Dataset:
    """Clips of different lengths, one of which is silence, as a data set without files."""
    rows = [{"id": f"tone {number}", "path": f"{number}.wav", "digit": "zero"} for number in range(count)]

    def sound(row):
        number = int(row["id"].split()[1])
        seconds = 0.3 + 0.9 * (number % 4)
        samples = 0.3 * np.sin(2 * np.pi * (300 + 100 * number) * np.arange(int(8000 * seconds)) / 8000)
        return Clip(samples * (number != silent), 8000, row["id"])

    return Dataset(
        name="tones",
        table=table_of(rows),
        root=None,
        classes={"digit": ("zero",)},
        sound_of=sound,  # type: ignore[arg-type]
    )


def test_batches_hear_what_single_clips_do(digits: Classifier):
    """Also of clips that are heard in several windows, whose logits are averaged."""
    windowed = Classifier(
        digits.network, frontend=digits.frontend, labels=digits.labels, length=Length(seconds=1.0, long="window")
    )
    dataset, steps = tones(9), []
    numbers = [8, 3, 0, 1, 2, 7]
    logits = logits_of(windowed, dataset, numbers, on_step=lambda: steps.append(1))
    expected = np.stack([windowed.predict(dataset.load(number)).logits for number in numbers])
    np.testing.assert_allclose(logits, expected, atol=1e-4)
    assert len(steps) == len(numbers)


def test_a_clip_that_cannot_be_heard_is_a_failure_and_has_no_row(digits: Classifier):
    dataset, failures = tones(4, silent=2), []
    logits = logits_of(digits, dataset, range(4), failures=failures)
    assert np.isnan(logits).all(axis=1).tolist() == [False, False, True, False]
    assert [each.id for each in failures] == ["tone 2"]
    assert "silent" in failures[0].reason
    table = predictions_table(dataset, range(4), "digit", logits, split="test", labels=digits.labels)
    assert table["id"].to_pylist() == ["tone 0", "tone 1", "tone 3"]
    with pytest.raises(AuricleError, match="silent"):
        logits_of(digits, dataset, range(4))
