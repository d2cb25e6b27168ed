"""A study's config: what is given is checked, what is left out has a default, and every method gets a key."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from auricle.errors import AuricleError
from auricle.regions import REGIONS
from auricle.study.config import RegionSettings, Search, StudyConfig, planned
from auricle.study.reading import as_yaml, describe_config, read_config

LEAST = {"model": "digits", "data": "fsdd", "methods": ["lrp"]}


def test_three_keys_are_enough() -> None:
    config = StudyConfig.model_validate(LEAST)
    assert list(config.method_plan()) == ["lrp"]
    assert config.regions.tune is not None
    assert len(config.regions.tune.search.points()) == 185


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"modle": "x"}, 'unknown key "modle"; did you mean "model"?'),
        ({"clips.limt": 5}, 'unknown key "clips.limt"; did you mean "limit"?'),
        ({"limit": 5}, 'unknown key "limit"; did you mean "clips.limit"?'),
        ({"clips.limit": 0}, "cannot use clips.limit=0: input should be greater than or equal to 1"),
        ({"clips.limit": True}, "cannot use clips.limit=True: a number is wanted"),
        ({"clips.where": {"speaker": None}}, "speaker: None is no value of a column"),
        ({"sound": 3}, "cannot use sound=3: keys with values are wanted"),
        ({"sound.amplify_db": float("inf")}, "cannot use sound.amplify_db=inf"),
        ({"sound.write": ["relevnt"]}, "cannot use sound.write.0='relevnt'"),
        ({"sound.write": ["joined", "joined"]}, "joined is given twice"),
        ({"sound": {"random": 0, "write": ["random"]}}, "give random at least 1"),
        ({"targets": ["true", "true"]}, "true is given twice"),
        ({"model.name": "x"}, '"model.name" is no setting of a study, because model has no parts'),
        ({"model": ""}, "cannot use model=''"),
    ],
)
def test_a_wrong_value_is_told_in_a_sentence(changes: dict, said: str) -> None:
    with pytest.raises(AuricleError) as caught:
        read_config(LEAST, changes=changes)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("methods", "said"),
    [
        (["lpr"], 'no method is called "lpr"; did you mean "lrp"?'),
        ([{"name": "lrp", "composit": "preset-a"}], 'lrp has no setting "composit"; did you mean "composite"?'),
        ([{"name": "lrp", "composite": "preset-c"}], 'LRP has no composite "preset-c"'),
        (["lrp", {"name": "lrp", "composite": "preset-a"}], "lrp is given twice; label one of them, as {name: lrp"),
        ([{"composite": "preset-a"}], "is no method; write its name"),
        ([{"name": "lrp", "as": "a/b"}], "'a/b' cannot label lrp"),
        ([], "cannot use methods=[]"),
        (3, "3 is no list of methods"),
    ],
)
def test_methods_are_built_when_the_config_is_read(methods: object, said: str) -> None:
    with pytest.raises(AuricleError) as caught:
        read_config({**LEAST, "methods": methods})
    assert said in str(caught.value)


def test_a_label_makes_a_second_key_of_one_method() -> None:
    plan = planned(["lrp", {"name": "lrp", "composite": "preset-a", "as": "preset-a"}, {"name": "ig", "steps": 8}])
    assert list(plan) == ["lrp", "lrp@preset-a", "ig"]
    assert plan["lrp@preset-a"].settings()["composite"] == "preset-a"
    assert plan["ig"].settings()["steps"] == 8


def test_methods_may_be_text_as_on_the_command_line() -> None:
    assert list(read_config({**LEAST, "methods": "lrp, image-lime"}).method_plan()) == ["lrp", "image-lime"]


def test_a_method_must_lay_relevance_on_the_level() -> None:
    with pytest.raises(AuricleError, match="grad-cam lays relevance on features only, not on level=stft"):
        read_config({**LEAST, "methods": ["lrp", "grad-cam"], "level": "stft"})


def test_every_kind_of_regions_can_be_chosen_and_only_rectangles_are_tuned() -> None:
    for kind in REGIONS:
        config = read_config({**LEAST, "regions": {"kind": kind}})
        assert (config.regions.tune is not None) == (kind == "rectangles")
        assert config.regions.finder().name == kind
        described = next(each.meaning for each in describe_config() if each.key == "regions.kind")
        assert kind in described
    with pytest.raises(AuricleError, match="bands cannot be tuned, only rectangles can; write tune: null"):
        read_config({**LEAST, "regions": {"kind": "bands", "tune": {"clips": 10}}})


def test_soft_regions_have_no_boxes_to_cut_or_choose() -> None:
    with pytest.raises(AuricleError, match="soft regions have none"):
        read_config({**LEAST, "regions": {"kind": "soft"}, "sound": {"style": "identification"}})
    with pytest.raises(AuricleError, match="soft regions have no boxes to choose from"):
        read_config({**LEAST, "regions": {"kind": "soft", "optimise": {}}})


def test_settings_of_regions_are_checked_by_their_kind() -> None:
    with pytest.raises(AuricleError, match="rectangles cannot use percentil"):
        read_config({**LEAST, "regions": {"settings": {"percentil": 90}}})
    assert RegionSettings(settings={"units": "bins"}).finder(percentile=80).settings()["percentile"] == 80


def test_a_setting_that_is_given_is_held_while_the_others_are_tuned() -> None:
    tune = read_config({**LEAST, "regions": {"settings": {"percentile": 90}}}).regions.tune
    assert tune is not None
    assert {point["percentile"] for point in tune.search.points()} == {90}
    assert len(tune.search.points()) == 37
    every = {"percentile": 90, "min_cluster_size": 20, "min_samples": 5}
    assert read_config({**LEAST, "regions": {"settings": every}}).regions.tune is None
    both = {"settings": {"percentile": 90}, "tune": {"search": {"percentile": [80]}}}
    with pytest.raises(AuricleError, match=r"percentile is both in settings and in tune\.search"):
        read_config({**LEAST, "regions": both})


def test_the_grid_leaves_out_what_cannot_be_searched() -> None:
    assert Search(percentile=[90], min_cluster_size=[5, 10], min_samples=[8]).points() == [
        {"percentile": 90, "min_cluster_size": 10, "min_samples": 8}
    ]
    for wrong in ({"min_samples": [99]}, {"percentile": [100]}, {"percentile": []}, {"min_cluster_size": [20, 20]}):
        with pytest.raises(ValidationError):
            Search.model_validate(wrong)


def test_without_random_controls_none_is_written() -> None:
    assert read_config({**LEAST, "sound": {"random": 0}}).sound.write == ["relevant", "removed", "joined"]


def test_a_config_reads_back_the_same_from_what_it_writes(tmp_path) -> None:
    config = read_config({**LEAST, "regions": {"settings": {"percentile": 90}}, "sound": {"random": 0}})
    (tmp_path / "study.yaml").write_text(as_yaml(config))
    assert read_config(tmp_path / "study.yaml") == config
    assert read_config(config.model_dump(mode="json")) == config


def test_defaults_and_the_same_values_written_out_are_the_same_config() -> None:
    plain = read_config(LEAST)
    written = read_config({**LEAST, "regions": {"tune": {"search": {"percentile": [98, 95, 90, 80, 70]}}}})
    assert written.model_dump_json() == plain.model_dump_json()


def test_every_key_is_described() -> None:
    rows = describe_config()
    assert len({each.key for each in rows}) == len(rows)
    assert all(each.meaning and each.type for each in rows)
    required = {each.key for each in rows if not each.default and each.type != "keys" and "null" not in each.type}
    assert required == {"model", "data", "methods"}
