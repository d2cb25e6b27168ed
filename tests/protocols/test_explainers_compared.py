"""Explainers of known worth beside controls of known worth, on tones whose sources are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from low_and_high import Masking, Pointing, Refusing, choice

from auricle.errors import AuricleError
from auricle.protocols import Comparison, compare, scenes
from auricle.protocols.masks import read_area


def compared(folder: Path, methods, *, name="overlap", multi_label=False, **settings) -> Comparison:
    chosen = choice(folder, multi_label=multi_label)
    return compare(chosen.classifier, scenes(chosen, name), methods, **settings)


def mean(found: Comparison, explainer: str, column: str) -> float:
    values = [row[column] for row in found.rows if row["explainer"] == explainer]
    assert values, explainer
    return float(np.mean(values))


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    folder = tmp_path_factory.mktemp("tones")
    return compared(
        folder, {"mask": Masking(), "right": Pointing(), "wrong": Pointing(right=False)}, legacy=True, draws=3
    )


def test_every_case_is_scored_by_every_explainer(found: Comparison) -> None:
    assert len(found.clips) == 8
    assert not found.failures
    names = {row["explainer"] for row in found.rows}
    assert names == {
        "mask", "right", "wrong", "right, |R| / max", "wrong, |R| / max",
        "random", "all ones", "energy", "energy > 0.35 max", "oracle",
    }  # fmt: skip
    assert len(found.rows) == 8 * len(names)


def test_the_oracle_is_nearest_to_the_true_source(found: Comparison) -> None:
    others = {row["explainer"] for row in found.rows} - {"oracle"}
    assert all(mean(found, "oracle", "SI-SDR") > mean(found, each, "SI-SDR") for each in others)
    assert mean(found, "oracle", "IoU") == pytest.approx(1.0)
    assert mean(found, "oracle", "rank") == pytest.approx(1.0)


def test_a_mask_of_ones_changes_nothing(found: Comparison) -> None:
    for row in found.rows:
        if row["explainer"] == "all ones":
            assert row["AI"] == row["AD"] == row["AG"] == row["SI-SDRi"] == 0.0
            assert row["Fid-In"] == row["MM"] == row["energy"] == 1.0
            assert row["kept"] == row["p"]


def test_maps_are_calibrated_to_the_area_of_the_learnt_mask(found: Comparison) -> None:
    by_case: dict[tuple[str, str], dict[str, float]] = {}
    for row in found.rows:
        by_case.setdefault((row["clip"], row["label"]), {})[row["explainer"]] = row["MM"]
    for areas in by_case.values():
        for name in ("right", "wrong", "random", "energy"):
            assert areas[name] == pytest.approx(areas["mask"], abs=1e-9)


def test_a_map_that_points_at_the_source_beats_random_and_its_opposite(found: Comparison) -> None:
    for column in ("SI-SDR", "FF", "FF logit", "mass", "IoU", "rank"):
        assert mean(found, "right", column) > mean(found, "random", column), column
        assert mean(found, "right", column) > mean(found, "wrong", column), column
    assert mean(found, "right", "AD") < mean(found, "random", "AD")
    assert mean(found, "wrong", "Fid-In") == 0.0


def test_published_variants_stand_beside_the_right_ones(found: Comparison) -> None:
    assert mean(found, "wrong", "AD legacy") < mean(found, "wrong", "AD")
    assert mean(found, "right", "Fid-In legacy") == mean(found, "right", "Fid-In") / 2


def test_kept_sounds_are_there_to_hear(found: Comparison) -> None:
    assert [len(each.sounds) for each in found.examples] == [10] * 3
    first = found.examples[0]
    assert list(first.sounds)[:3] == ["the clip", "true source", "mask"]
    assert len({len(each) for each in first.sounds.values()}) == 1


def test_with_several_labels_every_class_that_is_found_is_a_case(tmp_path: Path) -> None:
    found = compared(tmp_path, {"right": Pointing()}, multi_label=True, area=0.5)
    assert {tuple(each["explained"]) for each in found.clips} == {("low", "high")}
    assert len({(row["clip"], row["label"]) for row in found.rows}) == 16
    assert mean(found, "right", "Fid-In") == 1.0
    assert mean(found, "right", "SI-SDRi") > 3.0


def test_the_label_of_the_first_sound_can_be_explained_instead(tmp_path: Path) -> None:
    found = compared(tmp_path, {"right": Pointing()}, explain="first")
    assert all(each["explained"] == each["labels"] for each in found.clips)
    with pytest.raises(AuricleError, match="write --explain predicted or --explain first"):
        compared(tmp_path, {"right": Pointing()}, explain="second")


def test_what_a_method_refuses_costs_only_its_own_rows(tmp_path: Path) -> None:
    found = compared(tmp_path, {"refusing": Refusing(), "right": Pointing()})
    highs = {row["clip"] for row in found.rows if row["label"] == "high"}
    assert highs
    assert {each.id for each in found.failures} == highs
    assert all(each.reason == "refusing: only low tones can be explained" for each in found.failures)
    assert {row["clip"] for row in found.rows if row["explainer"] == "right"} >= highs


def test_the_same_seed_gives_the_same_rows(tmp_path: Path) -> None:
    one, other = (compared(tmp_path, {"right": Pointing()}, seed=2) for _ in range(2))
    assert one.rows == other.rows


def test_an_area_is_a_share_or_a_learnt_mask(tmp_path: Path) -> None:
    methods = {"mask": Masking(), "right": Pointing()}
    assert read_area(None, methods) is None
    assert read_area("mask", methods) == "mask"
    with pytest.raises(AuricleError, match='"right" is neither a share of the plane nor a method that gives masks'):
        read_area("right", methods)
    with pytest.raises(AuricleError, match="an area of 2 is no share"):
        read_area("2", methods)
    found = compared(tmp_path, methods, area=0.05)
    assert mean(found, "right", "MM") == pytest.approx(0.05)
    alone = compared(tmp_path, {"right": Pointing()})
    assert mean(alone, "right", "MM") == pytest.approx(0.15)
