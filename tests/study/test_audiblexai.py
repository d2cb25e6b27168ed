"""AudibleXAI's own configuration: every key becomes something that is said, and nothing is guessed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from auricle.components import kind_of
from auricle.demo import clip
from auricle.errors import AuricleError
from auricle.frontends.presets import preset
from auricle.methods import METHODS as OURS
from auricle.models import load_classifier
from auricle.road import explain
from auricle.settings_files import without_comments
from auricle.study.audiblexai import STAGES, is_audiblexai
from auricle.study.audiblexai_keys import RunConfiguration
from auricle.study.audiblexai_methods import METHODS, MISSING, PATCHES, method_of
from auricle.study.config import planned
from auricle.study.reading import Read, read_study

SEED = Path(__file__).parents[3] / "shared" / "seeds" / "audible_xai.md"
NINE = "gradient input_t_gradient INTEGRATED_GRADIENTS deconvnet deep_taylor lrp.sequential_preset_a".split()
NINE += ["GRAD_CAM", "OCCLUSION", "LIME"]

CONFIGURATION = """{
  "path_configuration": "path_configuration.json", // beside this file
  "dataset": "audio_mnist_digits",
  "dataset_type": "spectrogram",
  "run": {"preprocessing": false, "saliency": true, "region_extraction": true, "evaluation": true,
          "visualization": true},
  "settings": { // of each stage
    "miscellaneous": {"quick_analysis_mode": {"run" : true, "max_per_class": 200}},
    "preprocessing": {"audio_mnist_digits": ["spectrogram","melspectrogram"], "audioset" : ["melspectrogram"]},
    "saliency": {"methods": METHODS, "save_saliency_heatmaps": false, "reset": false},
    "region_extraction": {
      "method": "RECTANGULAR_REGIONS",
      "search_space": {
        "threshold_percentile": [98, 95, 90, 80, 70],
        "min_cluster_size": [15, 20, 30, 40, 50, 60, 70],
        "min_samples": [5, 10, 15, 20, 25, 30],
        "max_inter_class_penalties": [0.5] // for the optimisation
      },
      "region_tuning_mode": true,
      "random_selection_comparison_runs": 5,
      "run_region_optimization": false,
      "save_audio": false,
      "audio_extraction_strategy": "AUDIO_IDENTIFICATION",
      "reload_regions_last_run": false,
      "reset": false
    },
    "evaluation": {"method": "RECTANGULAR_REGIONS", "reset": false},
    "visualization": {"methods": ["overview_saliencies", "overview_saliency_regions", "overview_mispredictions"]}
  }
}""".replace("METHODS", json.dumps(NINE))
GIVEN = {"model": "digits", "data": "fsdd"}


def changed(**changes: Any) -> dict[str, Any]:
    """The configuration with changes: ``run__saliency=False``."""
    settings = json.loads(without_comments(CONFIGURATION))
    for key, value in changes.items():
        place = settings
        *parts, last = key.split("__")
        for part in parts:
            place = place[part]
        place[last] = value
    return settings


def read(**changes: Any) -> Read:
    return read_study(changed(**changes), changes=GIVEN)


def said(found: Read, key: str) -> str:
    assert found.translation is not None
    return next(each.became for each in found.translation.said if each.key.endswith(key))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "run_configuration.json"
    path.write_text(CONFIGURATION)
    return path


def test_the_file_as_it_stands_is_a_study(file: Path) -> None:
    config = read_study(file, changes=GIVEN).config
    assert list(config.method_plan()) == [
        "gradient", "input-x-gradient", "ig", "deconvnet", "deep-taylor", "lrp@preset-a", "grad-cam", "occlusion",
        "image-lime",
    ]  # fmt: skip
    assert (config.task, config.clips.part, config.clips.per_class) == ("digit", "test", 200)
    assert config.regions.kind == "rectangles"
    assert config.regions.settings == {"units": "bins"}
    assert config.regions.optimise is None
    assert config.regions.tune is not None
    assert len(config.regions.tune.search.points()) == 185
    assert (config.regions.tune.by, config.regions.tune.all_must_have_regions) == ("ch", True)
    assert (config.sound.style, config.sound.random, config.sound.write) == ("identification", 5, [])
    assert config.overview.pictures == ["saliencies", "saliency_regions", "mispredictions"]


@pytest.mark.skipif(not SEED.is_file(), reason="AudibleXAI's README is not here")
def test_its_readme_says_the_same(tmp_path: Path, file: Path) -> None:
    theirs = tmp_path / "readme.json"
    theirs.write_text(SEED.read_text().split("```javascript")[1].split("```")[0])
    assert read_study(theirs, changes=GIVEN).config == read_study(file, changes=GIVEN).config


def test_every_key_of_the_file_is_told_once_and_each_method(file: Path) -> None:
    translation = read_study(file, changes=GIVEN).translation
    assert translation is not None
    told = [str(each) for each in translation.said]
    assert all(each.became for each in translation.said)
    assert len(told) == 28 + 9
    assert sum("saliency.methods" in each for each in told) == 9
    assert translation.frontend == "audiblexai-linear"
    assert told[-2] == "settings.evaluation.reset: false → nothing: a changed setting makes anew what depends on it"


def test_without_model_and_data_it_is_said_how_to_give_them(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AURICLE_DATA", str(file.parent / "nothing"))
    with pytest.raises(AuricleError, match=r"neither the model nor the recordings .* give --model .* and --data aud"):
        read_study(file)
    with pytest.raises(AuricleError, match="auricle train audible-xai-digits --data audiomnist:FOLDER --fold 0 --set"):
        read_study(file, changes={"data": "fsdd"})
    with pytest.raises(AuricleError, match="the recordings are not where auricle can use them; give --data"):
        read_study(file, changes={"model": "digits"})


def test_recordings_are_taken_from_the_path_configuration_where_they_are(file: Path) -> None:
    source = file.parent / "recordings" / "data"
    paths = {"audio_mnist_digits": {"spectrogram": {"preprocessing": {"source": str(source)}}}}
    (file.parent / "path_configuration.json").write_text(json.dumps(paths))
    with pytest.raises(AuricleError, match="the recordings are not"):
        read_study(file, changes={"model": "digits"})
    source.mkdir(parents=True)
    found = read_study(file, changes={"model": "digits"})
    assert found.config.data == f"audiomnist:{source.parent}"
    assert "Keras weights cannot be read" in said(found, "path_configuration")


def test_recordings_are_found_where_auricle_puts_them(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AURICLE_DATA", str(file.parent))
    (file.parent / "audiomnist").mkdir()
    found = read_study(file, changes={"model": "digits"})
    assert found.config.data == "audiomnist"
    assert said(found, "dataset").startswith("data: audiomnist, task: digit")


@pytest.mark.parametrize(
    ("dataset", "representation", "task", "frontend"),
    [
        ("audio_mnist_digits", "melspectrogram", "digit", "audiblexai-mel"),
        ("audio_mnist_gender", "spectrogram", "gender", "audiblexai-linear"),
        ("gtzan", "spectrogram", "genre", "audiblexai-gtzan-linear"),
        ("gtzan", "melspectrogram", "genre", "audiblexai-gtzan-mel"),
        ("audioset", "melspectrogram", "sounds", "yamnet"),
    ],
)
def test_data_sets_and_representations(dataset: str, representation: str, task: str, frontend: str) -> None:
    found = read(dataset=dataset, dataset_type=representation)
    assert found.translation is not None
    assert (found.config.task, found.translation.frontend) == (task, frontend)
    assert preset(frontend).sample_rate in (8000, 16000)
    if dataset == "audioset":
        assert len(found.config.clips.where["sounds"]) == 15
        assert found.config.clips.per_class == 30


def test_switches_are_stages() -> None:
    found = read(run__region_extraction=False, run__visualization=False)
    assert found.translation is not None
    assert found.translation.stages == ("predict", "explain", "evaluate")
    assert said(found, "run.region_extraction") == "the stages tune, regions, sonify left out"
    assert set(STAGES) | {"preprocessing"} == set(RunConfiguration.model_fields["run"].annotation.model_fields)


def test_resets_are_resets_of_stages() -> None:
    found = read(settings__saliency__reset=True, settings__evaluation__reset=True)
    assert found.translation is not None
    assert found.translation.reset == ("explain", "evaluate")
    assert said(found, "saliency.reset") == "--reset explain"


def test_quick_analysis_mode_off_takes_all_clips() -> None:
    found = read(settings__miscellaneous__quick_analysis_mode={"run": False, "max_per_class": 200})
    assert found.config.clips.per_class is None


def test_regions_and_sound_as_they_can_be_asked_for() -> None:
    at = "settings__region_extraction__"
    found = read(**{
        at + "run_region_optimization": True, at + "region_tuning_mode": False, at + "save_audio": True,
        at + "audio_extraction_strategy": "AUDIO_RECONSTRUCTION", at + "random_selection_comparison_runs": 2,
    }).config  # fmt: skip
    assert found.regions.optimise is not None
    assert (found.regions.optimise.penalties, found.regions.optimise.by) == ([0.5], "ch")
    assert found.regions.tune is not None
    assert not found.regions.tune.all_must_have_regions
    assert (found.sound.style, found.sound.random) == ("reconstruction", 2)
    assert found.sound.write == ["relevant", "random", "amplified"]
    misspelled = read(settings__region_extraction__audio_extraction_strategy="AUDIO_INDENTIFICATION").config
    assert misspelled.sound.style == "identification"


def test_timeframes_work_and_are_not_tuned() -> None:
    found = read(settings__region_extraction__method="TIMEFRAME")
    assert (found.config.regions.kind, found.config.regions.tune) == ("timeframes", None)
    assert said(found, "threshold_percentile") == "nothing: timeframes have no percentile"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"datset": "gtzan"}, 'unknown key "datset"; did you mean "dataset"?'),
        ({"dataset": "gtzna"}, "cannot use dataset='gtzna'"),
        ({"dataset": "audioset"}, "AudibleXAI has it as melspectrogram"),
        ({"settings__saliency__method": []}, 'unknown key "settings.saliency.method"; did you mean'),
        ({"settings__saliency__methods": ["GRADCAM"]}, 'AudibleXAI has no method "GRADCAM"; did you mean "GRAD_CAM"?'),
        ({"settings__saliency__methods": ["pattern.net"]}, "no method is left: pattern.net is left out: it needs patt"),
        ({"settings__visualization__methods": ["overview"]}, "cannot use settings.visualization.methods.0='overview'"),
    ],
)
def test_what_audiblexai_has_not_is_an_error(changes: dict, sentence: str) -> None:
    with pytest.raises(AuricleError) as caught:
        read(**changes)
    assert sentence in str(caught.value)


def test_what_auricle_has_not_is_left_out_and_said() -> None:
    found = read(settings__saliency__methods=["lrp.epsilon_IB", "gradient"])
    assert list(found.config.method_plan()) == ["gradient"]
    assert said(found, "saliency.methods").startswith("left out: biases always take their share; the nearest is lrp.ep")


def test_all_33_names_of_innvestigate_and_the_own_four_are_known_and_fit_beside_one_another() -> None:
    assert len(METHODS) + len(MISSING) == 33 + 4
    assert {near for _, near in MISSING.values()} <= METHODS.keys()
    plan = planned([method_of(name, "audiblexai-mel")[0] for name in METHODS])
    assert len(plan) == len(METHODS)
    assert {key.split("@")[0] for key in plan} <= OURS.keys() | {"image-lime"}


@pytest.mark.parametrize("name", [name for name in METHODS if name not in ("OCCLUSION", "LIME")])
def test_every_method_explains_a_clip(name: str) -> None:
    (method,) = planned([method_of(name, "audiblexai-mel")[0]]).values()
    explanation = explain(clip("seven"), load_classifier("digits"), method=method)
    assert abs(explanation.relevance).sum() > 0


@pytest.mark.slow
@pytest.mark.parametrize("name", ["OCCLUSION", "LIME"])
def test_every_method_that_removes_parts_explains_a_clip(name: str) -> None:
    test_every_method_explains_a_clip(name)


@pytest.mark.parametrize(("frontend", "theirs"), [("audiblexai-linear", 2652), ("audiblexai-mel", 1326)])
def test_patches_of_five_bins_are_as_many_as_theirs(frontend: str, theirs: int) -> None:
    """One second of 251 frames is 51 columns of 5 frames to them, the last with one frame only; to us it is 50."""
    import torch

    from auricle.clip import Clip

    front = preset(frontend)
    second = Clip(0.1 * torch.randn(8000, generator=torch.Generator().manual_seed(0)).numpy()[None], 8000, "noise")
    parts = kind_of(PATCHES[frontend])(second, 8000, front.stft_settings)
    assert len(parts.each) == theirs * 50 // 51


def test_a_study_of_auricle_is_not_taken_for_one_of_audiblexai() -> None:
    assert not is_audiblexai(GIVEN)
    assert is_audiblexai(changed())
