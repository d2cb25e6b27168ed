"""A study makes anew what was made from something else, and throws nothing away unasked."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from small_study import recordings, study_config
from torch import nn

from auricle.classifier import Classifier
from auricle.errors import AuricleError
from auricle.frontends import Waveform
from auricle.models.hashing import weights_hash
from auricle.study.plan import Task
from auricle.study.run import Study, run_study
from auricle.study.store import Store
from auricle.study.worker import Shard, _refuse_if_broken

STAGES = ("predict", "explain", "regions")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return recordings(tmp_path / "recordings")


def run(data: Path, out: Path, **changes: object) -> Study:
    return run_study(study_config(data, out, methods=["gradient"], **changes), stages=STAGES)


def test_another_sound_of_the_same_size_is_noticed(data: Path, tmp_path: Path) -> None:
    run(data, tmp_path / "out")
    samples, rate = soundfile.read(data / "nine" / "nine.wav", dtype="int16")
    before = (data / "nine" / "nine.wav").stat().st_size
    soundfile.write(data / "nine" / "nine.wav", samples[::-1], rate, subtype="PCM_16")
    assert (data / "nine" / "nine.wav").stat().st_size == before
    assert {stage.stage: stage.made for stage in run(data, tmp_path / "out").stages} == dict.fromkeys(STAGES, 1)


def test_fewer_clips_or_methods_throw_nothing_away_unless_told(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(data, out)
    whole = Store(out).table("explain/gradient")
    with pytest.raises(AuricleError, match="--prune"):
        run(data, out, clips={"part": "all", "limit": 2})
    with pytest.raises(AuricleError, match="--prune"):
        run_study(study_config(data, out, methods=["grad-cam"]), stages=STAGES)
    assert Store(out).table("explain/gradient").equals(whole)
    pruned = study_config(data, out, methods=["gradient"], clips={"part": "all", "limit": 2})
    run_study(pruned, stages=STAGES, prune=True)
    assert Store(out).table("predict").num_rows == 2


def test_a_reset_that_would_leave_a_stage_without_ground_is_refused_before_anything_is_lost(
    data: Path, tmp_path: Path
) -> None:
    study = run(data, tmp_path / "out")
    with pytest.raises(AuricleError, match="run explain"):
        run_study(study.config, stages=["regions"], reset=["explain"])
    assert study.store.table("explain/gradient").num_rows == 8


def test_sounds_that_are_no_longer_written_go(data: Path, tmp_path: Path) -> None:
    stages = (*STAGES, "sonify")
    out = tmp_path / "out"
    for kinds in (["relevant", "removed", "random"], ["relevant"]):
        sound = {"random": 1, "write": kinds}
        run_study(study_config(data, out, methods=["gradient"], sound=sound), stages=stages)
    assert {path.name.split("-")[1] for path in out.rglob("*.flac")} == {"relevant.flac"}


def test_a_label_that_the_model_does_not_know_is_a_failure_of_its_clip_alone(data: Path, tmp_path: Path) -> None:
    (data / "eleven").mkdir()
    shutil.copy(data / "nine" / "nine.wav", data / "eleven" / "eleven.wav")
    with pytest.raises(AuricleError, match="does not know eleven"):
        run(data, tmp_path / "out")
    study = run(data, tmp_path / "out", task="label")
    (failed,) = study.store.rows("failures/predict/_")
    assert 'does not know the label "eleven"' in failed["reason"]
    assert study.store.table("predict").num_rows == 6


def test_one_clip_asked_three_questions_is_not_every_clip() -> None:
    shard = Shard(Task("explain", "gradient", 0, ""))
    shard.failures = [{"id": "a", "asked": asked, "reason": "NaN"} for asked in ("predicted", "true", "contrast")]
    _refuse_if_broken(shard, clips=1)
    shard.failures += [{"id": "b", "asked": "predicted", "reason": "NaN"}]
    with pytest.raises(AuricleError, match="fails for every clip"):
        _refuse_if_broken(shard, clips=2)


def test_what_changes_the_answers_changes_the_hash_of_a_model() -> None:
    def made(after: nn.Module, **settings: object) -> str:
        torch.manual_seed(0)
        network = nn.Sequential(nn.Linear(100, 2), after)
        frontend = Waveform(sample_rate=8000)
        return weights_hash(Classifier(network, frontend=frontend, labels=["no", "yes"], **settings))

    hashes = [made(nn.ReLU()), made(nn.Tanh()), made(nn.ReLU(), multi_label=True)]
    assert len(set(hashes)) == 3
    assert made(nn.ReLU()) == hashes[0]


def test_a_hash_that_is_remembered_changes_with_the_model() -> None:
    network = nn.Sequential(nn.Linear(100, 2), nn.ReLU())
    classifier = Classifier(network, frontend=Waveform(sample_rate=8000), labels=["no", "yes"])
    hashes = [weights_hash(classifier), weights_hash(classifier)]
    network[0].weight.data.mul_(2.0)  # leaves no trace in the count of writings
    hashes.append(weights_hash(classifier))
    with torch.no_grad():
        network[0].bias.add_(1.0)
    hashes.append(weights_hash(classifier))
    network[1] = nn.Tanh()
    hashes.append(weights_hash(classifier))
    classifier.multi_label = True
    hashes.append(weights_hash(classifier))
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 5


def test_a_function_is_known_by_what_it_says() -> None:
    from auricle import function_classifier

    def made(louder: float) -> str:
        def scores(samples: np.ndarray) -> np.ndarray:
            return np.stack([louder * samples.std(1), 1 - louder * samples.std(1)], 1)

        return weights_hash(function_classifier(scores, sample_rate=8000, labels=["no", "yes"]))

    assert made(1.0) == made(1.0)
    assert made(1.0) != made(2.0)


def test_a_gradient_of_a_function_is_refused_before_any_work(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "boxes.py").write_text(
        "import numpy as np\n"
        "from auricle import function_classifier\n"
        "def loud(samples):\n"
        "    level = np.abs(samples).mean(1).clip(0, 1)\n"
        "    return np.stack([1 - level, level], 1)\n"
        "box = function_classifier(loud, labels=['nine', 'seven'], sample_rate=8000)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    config = study_config(data, tmp_path / "out", model="boxes:box", task="label", methods=["gradient"])
    with pytest.raises(AuricleError, match="has no gradient that gradient could use"):
        run_study(config, stages=STAGES)
    assert not (tmp_path / "out" / "predict").exists()
    with pytest.raises(AuricleError, match="cannot be called without arguments"):
        run_study(study_config(data, tmp_path / "out", model="boxes:loud", methods=["gradient"]), stages=STAGES)
