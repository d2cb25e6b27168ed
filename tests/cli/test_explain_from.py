"""``auricle explain --from DIR`` and ``auricle manipulate``: what a model was tested on, chosen and explained."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
from command_line import Auricle

from auricle import demo, load_classifier
from auricle.cli.from_predictions import target_of
from auricle.datasets import open_dataset
from auricle.errors import AuricleError
from auricle.evaluation.clips import clips_of, first_of_each
from auricle.evaluation.predictions import facts_of, logits_of, predictions_table, read_predictions, write_predictions

FILES = {
    "5_ann_0": "five", "9_ann_0": "nine", "7_ann_0": "seven", "7_bob_0": "seven",
    "2_bob_0": "seven",  # says seven, and is labelled two: a mistake that the model cannot but make
}  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five recordings in FSDD's layout."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "recordings").mkdir()
    for name, word in FILES.items():
        shutil.copy(demo.clip(word), folder / "recordings" / f"{name}.wav")
    return folder


def train(
    folder: Path, data: Path, *, split: str = "official", speaker: str | None = None, name: str = "digits"
) -> pa.Table:
    """A folder as training writes it, of the bundled model; ``name`` tells folds' classifiers apart."""
    classifier = load_classifier("digits")
    classifier.name = name
    dataset = open_dataset(f"fsdd:{data}")
    chosen = np.array([speaker in (None, each) for each in dataset.column("speaker")])
    numbers = np.flatnonzero(chosen)
    said = logits_of(classifier, dataset, numbers)
    table = predictions_table(dataset, numbers, "digit", said, split=split, data=f"fsdd:{data}", model="digits")
    classifier.save(folder)
    write_predictions(folder, table)
    (folder / "run.json").write_text(json.dumps({"data": f"fsdd:{data}", "split": split}))
    return table


@pytest.fixture(scope="module")
def trained(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    train(folder, data)
    return folder


@pytest.fixture(scope="module")
def folds(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two folds, and their pooled predictions beside them."""
    folder = tmp_path_factory.mktemp("kfold") / "recipe"
    tables = [
        train(folder / f"fold-{number}", data, split=f"without {who}", speaker=who, name=f"heard without {who}")
        for number, who in enumerate(("ann", "bob"))
    ]
    write_predictions(folder, pa.concat_tables(tables))
    return folder


def explained(out: Path) -> set[str]:
    return {each.name for each in out.iterdir() if each.is_dir()}


def test_the_wrong_ones(auricle: Auricle, trained: Path, tmp_path: Path) -> None:
    ran = auricle("explain", "--from", trained, "--wrong", "--no-measure", "--out", tmp_path / "out")
    assert ran.code == 0, ran.err
    assert "actually two, predicted seven" in ran.out
    assert explained(tmp_path / "out") == {"2_bob_0"}
    page = (tmp_path / "out" / "index.html").read_text()
    assert "1 wrong prediction explained" in page
    assert "<strong>seven</strong>" in page
    assert "actually</span> two" in page
    record = json.loads((tmp_path / "out" / "2_bob_0" / "explanation.json").read_text())
    assert record["target"] == "seven"


@pytest.mark.parametrize(
    ("flags", "names"),
    [
        (["--correct", "--limit", "2"], {"5_ann_0", "7_ann_0"}),
        (["--speaker", "bob"], {"2_bob_0", "7_bob_0"}),
        (["--speaker=bob", "--digit", "2"], {"2_bob_0"}),
        (["--where", "speaker=bob", "--where", "take=0", "--predicted", "seven"], {"2_bob_0", "7_bob_0"}),
        (["--actual", "nine", "--actual", "five"], {"5_ann_0", "9_ann_0"}),
        (["--per", "digit", "1"], {"2_bob_0", "5_ann_0", "7_ann_0", "9_ann_0"}),
        (["--id", "recordings/7_bob_0.wav"], {"7_bob_0"}),
    ],
)
def test_chosen_by_flags(auricle: Auricle, trained: Path, tmp_path: Path, flags: list[str], names: set[str]) -> None:
    out = tmp_path / "out"
    ran = auricle("explain", "--from", trained, *flags, "--method", "gradient", "--no-measure", "--out", out)
    assert ran.code == 0, ran.err
    assert explained(out) == names


def test_several_methods_are_compared_on_each_clip(auricle: Auricle, trained: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    ran = auricle(
        "explain", "--from", trained, "--speaker", "bob", "--methods", "gradient,occlusion", "--no-measure",
        "--set", "gradient.absolute=true", "--out", out,
    )  # fmt: skip
    assert ran.code == 0, ran.err
    for name in ("2_bob_0", "7_bob_0"):
        assert {"gradient", "occlusion"} <= explained(out / name)
        comparison = json.loads((out / name / "comparison.json").read_text())
        assert comparison["methods"]["gradient"]["settings"]["absolute"] is True
        assert "2 explanations of" in (out / name / "index.html").read_text()
    assert "2 of 2 clips explained" in ran.out


@pytest.mark.parametrize(("asked", "target"), [("actual", "two"), ("actual-predicted", "two-seven"), ("one", "one")])
def test_targets_of_each_row(auricle: Auricle, trained: Path, tmp_path: Path, asked: str, target: str) -> None:
    auricle("explain", "--from", trained, "--wrong", "--target", asked, "--no-measure", "--out", tmp_path)
    assert json.loads((tmp_path / "2_bob_0" / "explanation.json").read_text())["target"] == target


def test_a_label_that_is_called_actual_is_that_label() -> None:
    classifier = load_classifier("digits")
    row = {"id": "a", "actual": "two", "predicted": "two"}
    assert target_of(row, classifier, "predicted-three") == "two-three"
    classifier.labels = ("actual", *classifier.labels[1:])
    assert target_of(row, classifier, "actual") == "actual"
    with pytest.raises(AuricleError, match="rightly heard"):
        target_of(row, load_classifier("digits"), "actual-predicted")
    with pytest.raises(AuricleError, match="2 actual labels"):
        target_of({**row, "actual": ["a", "b"]}, load_classifier("digits"), "actual")


def test_a_clip_that_is_gone_is_a_failure_and_the_others_go_on(
    auricle: Auricle, trained: Path, data: Path, tmp_path: Path
) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(data, moved)
    (moved / "recordings" / "7_bob_0.wav").write_bytes(b"")
    (moved / "recordings" / "9_ann_0.wav").unlink()
    ran = auricle(
        "explain", "--from", trained, "--data", f"fsdd:{moved}", "--no-measure", "--method", "gradient", "--out",
        tmp_path / "out",
    )  # fmt: skip
    assert ran.code == 1
    assert len(ran.complaints) == 2
    assert any("7_bob_0.wav" in line and "is empty" in line for line in ran.complaints)
    assert any("9_ann_0.wav" in line and "is not in" in line for line in ran.complaints)
    assert explained(tmp_path / "out") == {"2_bob_0", "5_ann_0", "7_ann_0"}
    assert "2 could not be explained" in (tmp_path / "out" / "index.html").read_text()


def test_each_row_is_heard_by_the_model_of_its_fold(folds: Path) -> None:
    heard = [(example.row["speaker"], example.classifier.name) for example in clips_of(folds)]
    assert sorted(set(heard)) == [("ann", "heard without ann"), ("bob", "heard without bob")]
    assert len(heard) == len(FILES)
    for row, clip, classifier in clips_of(folds):
        assert classifier.predict(clip).label == row["predicted"]
        assert clip.name == row["id"]


def test_an_evaluated_folder_names_its_model(trained: Path, tmp_path: Path) -> None:
    """As 'auricle evaluate' writes it: predictions that say by which model, of which data."""
    write_predictions(tmp_path, read_predictions(trained))
    assert {example.classifier.name for example in clips_of(tmp_path)} == {"digits"}
    unknown = read_predictions(trained)
    described = json.loads(unknown.schema.metadata[b"auricle"]) | {"model": "gone"}
    write_predictions(tmp_path, unknown.replace_schema_metadata({b"auricle": json.dumps(described)}))
    with pytest.raises(AuricleError, match="holds no trained model"):
        next(clips_of(tmp_path))


def test_a_kfold_folder_can_be_explained(auricle: Auricle, folds: Path, tmp_path: Path) -> None:
    ran = auricle("explain", "--from", folds, "--wrong", "--no-measure", "--out", tmp_path / "out")
    assert ran.code == 0, ran.err
    assert explained(tmp_path / "out") == {"2_bob_0"}
    ran = auricle("explain", "--from", folds.parent, "--wrong", "--out", tmp_path / "out")
    assert ran.code == 2
    assert "recipe" in ran.complaints[0]


def test_the_first_of_each(trained: Path) -> None:
    table = read_predictions(trained)
    assert first_of_each(table, "speaker", 1)["id"].to_pylist() == ["recordings/2_bob_0.wav", "recordings/5_ann_0.wav"]
    assert facts_of(first_of_each(table, "speaker", 1)).task == "digit"
    with pytest.raises(AuricleError, match='did you mean "speaker"'):
        first_of_each(table, "speker", 1)
    with pytest.raises(AuricleError, match="at least 1"):
        first_of_each(table, "speaker", 0)


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        (["--speker", "bob"], 'did you mean "speaker"'),
        (["--actual", "eleven"], "no prediction has actual=eleven"),
        (["--speaker", "ann", "--digit", "2"], "has no prediction like that"),
        (["--model", "digits"], "--model cannot be given with --from"),
        (["--method", "lrp", "--methods", "lrp,ig"], "give one of them"),
        (["--methods", "lrp,igg"], 'did you mean "ig"'),
        (["--target", "sevn"], 'did you mean "seven"'),
        (["--data", "fsdd:/nowhere"], "fsdd is not at /nowhere"),
        (["--per", "digitt", "1"], 'did you mean "digit"'),
        (["--limit", "0"], "at least 1"),
    ],
)
def test_what_cannot_begin_is_wrong_usage(
    auricle: Auricle, trained: Path, tmp_path: Path, flags: list[str], complaint: str
) -> None:
    ran = auricle("explain", "--from", trained, *flags, "--out", tmp_path / "out")
    assert ran.code == 2
    assert complaint in ran.complaints[0]
    assert not (tmp_path / "out").exists()


def test_without_from_every_word_is_a_file(auricle: Auricle, seven: Path, tmp_path: Path) -> None:
    for arguments, complaint in (
        ([seven, "--lvel", "stft"], 'No such option: --lvel; did you mean "--level"?'),
        ([seven, "--wrong"], "--wrong goes with --from DIR"),
        ([seven, "--methods", "lrp,ig"], "'auricle compare' puts methods side by side"),
        ([], "Missing argument 'CLIP'"),
    ):
        ran = auricle("explain", *arguments, "--out", tmp_path / "out")
        assert ran.code == 2
        assert complaint in ran.err
    ran = auricle("explain", "--from", tmp_path, "--out", tmp_path / "out")
    assert ran.code == 2
    assert "holds no predictions.parquet" in ran.complaints[0]


def test_zeroing(auricle: Auricle, folds: Path, tmp_path: Path) -> None:
    ran = auricle("manipulate", "zeroing", folds, "--steps", "0,5,20", "--draws", "2", "--out", tmp_path / "out")
    assert ran.code == 0, ran.err
    assert "accuracy by relevance: 0 %: 80.0" in ran.out
    files = {"index.html", "zeroing.csv", "zeroing.json", "zeroing.png", "clips.parquet"}
    assert {each.name for each in (tmp_path / "out").iterdir()} == files
    table = pyarrow.csv.read_csv(tmp_path / "out" / "zeroing.csv")
    assert table.num_rows == 9
    assert table["accuracy_fold_std"][0].as_py() == pytest.approx(np.std([1.0, 0.5], ddof=1))
    page = (tmp_path / "out" / "index.html").read_text()
    assert page.count("<polyline") == 12
    assert "values of speaker" in page
    assert json.loads((tmp_path / "out" / "zeroing.json").read_text())["settings"]["method"] == "lrp"


def test_a_model_with_data_and_without_predictions(auricle: Auricle, data: Path, tmp_path: Path) -> None:
    arguments = ["manipulate", "zeroing", "digits", "--method", "gradient", "--steps", "0,50", "--out", tmp_path]
    ran = auricle(*arguments, "--data", f"fsdd:{data}", "--where", "speaker=ann")
    assert ran.code == 0, ran.err
    assert json.loads((tmp_path / "zeroing.json").read_text())["clips"] == 3
    ran = auricle(*arguments)
    assert ran.code != 0
    assert "say on which clips with --data" in ran.complaints[0]


def test_frequency_scaling(auricle: Auricle, trained: Path, tmp_path: Path) -> None:
    ran = auricle(
        "manipulate", "frequency-scaling", trained, "--by", "speaker", "--factors", "ann=1.5,bob=1", "--out", tmp_path
    )
    assert ran.code == 0, ran.err
    assert "the largest difference of any logit is 0" in ran.out
    record = json.loads((tmp_path / "frequency-scaling.json").read_text())
    assert record["control"]["largest_difference_of_a_logit"] == 0.0
    clips = pyarrow.parquet.read_table(tmp_path / "clips.parquet").to_pylist()
    assert all(each["before"] == each["after"] for each in clips if each["speaker"] == "bob")
    assert "Heard as, after" in (tmp_path / "index.html").read_text()
    ran = auricle("manipulate", "frequency-scaling", trained, "--out", tmp_path)
    assert 'no column "gender"' in ran.complaints[0]
    ran = auricle("manipulate", "frequency-scaling", trained, "--factors", "male:2", "--out", tmp_path)
    assert "is not VALUE=FACTOR" in ran.complaints[0]
