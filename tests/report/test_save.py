import json
import sys

import numpy as np
import pytest
import soundfile
from matplotlib.image import imread

from auricle.errors import AuricleError
from auricle.report import embedded, save
from auricle.report.save import FILES


def strict(text):
    def refuse(name):
        raise AssertionError(f"{name} is not JSON")

    return json.loads(text, parse_constant=refuse)


def test_all_files_are_written(saved):
    assert sorted(path.name for path in saved.iterdir() if path.name != "all.html") == sorted(FILES)
    assert not list(saved.parent.glob(".auricle-*"))
    assert len(np.unique(imread(saved / "relevance.png"))) > 50


def test_json_says_what_was_done_and_is_strict(saved, explanation):
    content = strict((saved / "explanation.json").read_text())
    clip = explanation.clip
    assert content["clip"]["content_hash"] == clip.content_hash
    assert content["clip"]["sample_rate"] == clip.sample_rate
    assert content["prediction"]["probabilities"].keys() == set(explanation.classifier.labels)
    assert sum(content["prediction"]["probabilities"].values()) == pytest.approx(1)
    assert content["target"] == "seven"
    assert content["method"] == {
        "name": "lrp", "settings": explanation.method.settings(), "source": explanation.method.source
    }  # fmt: skip
    assert content["seed"] == 0
    assert set(content["versions"]) == {"auricle", "torch", "numpy", "python"}
    assert len(content["checks"]) == len(explanation.checks)
    assert content["scores"]["rows"][1]["controls"]["everything"] is None  # was NaN
    assert content["files"] == sorted(FILES)


def test_relevance_has_its_axes(saved, explanation):
    with np.load(saved / "relevance.npz", allow_pickle=False) as arrays:
        assert np.array_equal(arrays["relevance"], explanation.relevance)
        assert arrays["relevance"].shape == (len(arrays["hertz_edges"]) - 1, len(arrays["seconds_edges"]) - 1)


def test_relevance_on_samples_has_no_hertz(on_samples, scores, tmp_path):
    folder = save(on_samples, tmp_path / "clip", scores=scores)
    with np.load(folder / "relevance.npz", allow_pickle=False) as arrays:
        assert arrays["hertz_edges"].shape == (0,)
        assert arrays["relevance"].shape == (len(arrays["seconds_edges"]) - 1,)


def test_sounds_add_up_to_the_original(saved):
    original, kept, removed = (soundfile.read(saved / f"{name}.wav")[0] for name in ("original", "kept", "removed"))
    assert np.abs(kept + removed - original).max() < 1e-6


def test_full_band_keeps_rate_and_channels(on_samples, scores, tmp_path):
    folder = save(on_samples, tmp_path / "clip", scores=scores, full_band=True)
    infos = {name: soundfile.info(folder / f"{name}.wav") for name in ("original", "kept", "removed")}
    assert {(info.samplerate, info.channels, info.frames) for info in infos.values()} == {(44100, 2, 52920)}


def test_saving_again_replaces_and_spares_other_files(explanation, scores, tmp_path):
    folder = save(explanation, tmp_path / "clip", scores=scores)
    (folder / "notes.txt").write_text("mine")
    (folder / "index.html").write_text("old")
    save(explanation, folder, scores=scores)
    assert (folder / "notes.txt").read_text() == "mine"
    assert len((folder / "index.html").read_text()) > 1000


def test_a_failure_leaves_what_was_there(explanation, scores, tmp_path, monkeypatch):
    folder = save(explanation, tmp_path / "clip", scores=scores)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sys.modules["auricle.report.page"], "page", fail)
    with pytest.raises(AuricleError, match="No space left on device"):
        save(explanation, folder, scores=scores)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert list(tmp_path.iterdir()) == [folder]


@pytest.mark.parametrize("inside", ["file", "file/deeper"])
def test_an_unwritable_folder_is_one_sentence(explanation, scores, tmp_path, inside):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(AuricleError, match="cannot be written"):
        save(explanation, tmp_path / inside, scores=scores)
    assert (tmp_path / "file").read_text() == "in the way"


def test_scores_are_measured_when_they_are_not_given(explanation, tmp_path):
    folder = save(explanation, tmp_path / "clip")
    content = strict((folder / "explanation.json").read_text())
    assert {"AD", "deletion"} <= {row["name"] for row in content["scores"]["rows"]}
    assert content["scores"]["sentence"].rstrip(".") in (folder / "index.html").read_text().replace("\u00a0", " ")


def test_original_is_heard_like_the_parts(on_samples):
    sounds = on_samples.sounds()
    like = embedded.as_heard(on_samples.clip, sounds.kept)
    assert (like.sample_rate, like.channels) == (8000, 1)
    assert np.abs(sounds.kept.samples + sounds.removed.samples - like.samples).max() < 1e-6


def test_json_in_a_script_cannot_leave_it():
    text = embedded.script_json({"</script>": "<!--\u2028&"})
    assert not set("<>&\u2028") & set(text)
    assert strict(text) == {"</script>": "<!--\u2028&"}
