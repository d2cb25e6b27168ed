"""A store is plain Parquet and FLAC: other tools read it without auricle, and see the same values."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_study import recordings, study_config

from auricle.study.maps import map_of
from auricle.study.run import Study, run_study

STAGES = ("predict", "explain", "regions", "sonify", "evaluate")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    data = recordings(tmp_path_factory.mktemp("recordings"))
    changes = {"methods": ["gradient"], "evaluate": {"curves": 0, "sanity": 0, "draws": 100}}
    return run_study(study_config(data, tmp_path_factory.mktemp("study"), **changes), stages=STAGES)


def shards(study: Study, folder: str) -> list[str]:
    found = sorted(str(path) for path in Path(study.config.out, folder).glob("*.parquet"))
    assert len(found) == 3  # six clips in blocks of two
    return found


def test_duckdb_joins_predictions_and_scores(study: Study) -> None:
    duckdb = pytest.importorskip("duckdb")
    found = duckdb.sql(
        f"""
        select p.id, p.predicted, e.p_relevant, len(r.boxes)
        from read_parquet({shards(study, "predict")}) p
        join read_parquet({shards(study, "evaluate/gradient")}) e using (id)
        join read_parquet({shards(study, "regions/gradient")}) r using (id, asked)
        where p.correct
        order by p.id
        """
    ).fetchall()
    scores = {row["id"]: row for row in study.store.rows("evaluate/gradient")}
    boxes = {row["id"]: len(row["boxes"]) for row in study.store.rows("regions/gradient")}
    assert len(found) == 5
    for id, predicted, p_relevant, count in found:
        assert predicted in id  # the folder is the class
        assert p_relevant == scores[id]["p_relevant"]
        assert count == boxes[id]


def test_polars_reads_a_map_as_float16_of_its_scale(study: Study) -> None:
    polars = pytest.importorskip("polars")
    row = polars.read_parquet(shards(study, "explain/gradient")).filter(polars.col("correct")).row(0, named=True)
    read = np.frombuffer(row["relevance"], np.float16).astype(np.float32) * row["scale"]
    ours = next(each for each in study.store.rows("explain/gradient") if each["id"] == row["id"])
    values, axes = map_of(ours)
    assert np.abs(read.reshape(row["rows"], row["columns"]) - values).max() <= 1e-6 * np.abs(values).max()
    assert np.allclose(row["hertz"], axes.hertz)
    assert len(row["seconds"]) == row["columns"] + 1  # edges


def test_pandas_reads_every_table(study: Study) -> None:
    import pandas

    for folder in ("predict", "explain/gradient", "regions/gradient", "sonify/gradient", "evaluate/gradient"):
        read = pandas.concat([pandas.read_parquet(path) for path in shards(study, folder)])
        assert list(read["id"]) == [row["id"] for row in study.store.rows(folder)]


def test_hugging_face_datasets_streams_the_sounds_with_their_explanations(study: Study) -> None:
    datasets = pytest.importorskip("datasets")
    read = datasets.load_dataset("parquet", data_files=shards(study, "sonify/gradient"), split="train")
    ours = list(study.store.rows("sonify/gradient"))
    assert read["path"] == [row["path"] for row in ours]
    assert all(Path(study.config.out, path).is_file() for path in read["path"])
