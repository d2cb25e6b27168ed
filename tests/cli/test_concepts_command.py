"""``auricle layers``, ``auricle concepts …`` and ``auricle explain --concepts``, as a user runs them."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from command_line import Auricle

from auricle import Classifier, demo, load_classifier, load_clip
from auricle.classifier import Length
from auricle.cli.concepts import _tell_fitted
from auricle.concepts.concepts import Concepts, load_concepts
from auricle.concepts.evaluation import hear
from auricle.concepts.subspaces import Subspaces
from auricle.methods import LRP
from auricle.models.hashing import weights_hash

LAYER = "features.6"
WORDS = ["five", "nine", "seven", "three"]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three takes of each bundled word at other levels, as a table."""
    folder = tmp_path_factory.mktemp("corpus")
    rows, generator = ["path,label"], np.random.default_rng(0)
    for word in WORDS:
        clip = load_clip(demo.clip(word))
        for take in range(3):
            samples = clip.mono(clip.sample_rate) * generator.uniform(0.4, 0.9)
            name = f"{word}-{take}.wav"
            soundfile.write(folder / name, samples + generator.normal(0, 1e-3, len(samples)), clip.sample_rate)
            rows.append(f"{name},{word}")
    (folder / "clips.csv").write_text("\n".join(rows) + "\n")
    return folder / "clips.csv"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("concepts")


@pytest.fixture
def fitted(corpus: Path, auricle: Auricle, shared: Path) -> Path:
    """Concepts of the four words, fitted once."""
    folder = shared / "fitted"
    if folder.exists():
        return folder
    ran = auricle(
        "concepts", "fit", "--model", "digits", "--data", corpus, "--layer", LAYER, "--out", folder,
        "--concepts", 4, "--repeats", 1,
    )  # fmt: skip
    assert ran.code == 0, ran.err
    for word in WORDS:
        assert f"{word}: 4 concepts of 8, 8, 8, 8 directions" in ran.out
    return folder


def test_layers_lists_shapes_and_how_much_sound_a_position_hears(auricle: Auricle) -> None:
    ran = auricle("layers", "digits")
    line = next(each for each in ran.out.splitlines() if each.startswith("features.2 "))
    assert "ReLU" in line
    assert "16 × 64 × 101" in line
    assert "30 ms × 136 Hz" in line  # three frames of 10 ms: the kernel of the first convolution


def test_layers_as_json_tells_where_relevance_does_not_pass(auricle: Auricle) -> None:
    found = {each["name"]: each for each in json.loads(auricle("layers", "digits", "--json").out)}
    assert found["features.14"]["channels"] == 160
    assert found["features.14"]["note"] == ""
    assert "batch norm" in found["features.12"]["note"]
    assert found["head"]["seconds"] is None  # everything


@pytest.mark.parametrize("seconds", ["-1", "0", "nan"])
def test_layers_hear_some_sound(seconds: str, auricle: Auricle) -> None:
    ran = auricle("layers", "digits", "--seconds", seconds)
    assert ran.code == 1
    assert "give them some, for example 1 s" in ran.err


def test_learners_lists_every_way_with_its_source(auricle: Auricle) -> None:
    out = auricle("concepts", "learners").out
    assert "drsa:" in out
    assert "2212.14855" in out
    found = json.loads(auricle("concepts", "learners", "--json").out)
    assert {each["name"] for each in found} >= {"drsa", "prca", "nmf"}


def test_a_fit_is_saved_with_its_card_and_can_be_read_again(fitted: Path) -> None:
    found = load_concepts(fitted)
    assert list(found) == ["three", "five", "seven", "nine"]  # in the order of the model's outputs
    assert found.layer == LAYER
    assert found.facts["fitted_on"]["clips"] == {"three": 3, "five": 3, "seven": 3, "nine": 3}


def test_a_name_is_kept_and_shown(fitted: Path, auricle: Auricle, tmp_path: Path) -> None:
    copy = shutil.copytree(fitted, tmp_path / "copy")
    assert "vowel" in auricle("concepts", "name", copy, "seven", 2, "vowel").out
    assert load_concepts(copy).names_of("seven")[1] == "vowel"
    ran = auricle("explain", demo.clip("seven"), "--concepts", copy, "--out", tmp_path / "out")
    assert "vowel" in ran.out
    assert "vowel" in (tmp_path / "out/seven/index.html").read_text()
    (copy / "pages").mkdir()
    assert f"auricle concepts show {copy}" in auricle("concepts", "name", copy, "seven", 3, "hiss").err
    ran = auricle("concepts", "name", copy, "seven", 9, "vowel")
    assert ran.code == 1
    assert "seven has concepts 1 to 4, not 9" in ran.err


def test_a_clip_is_explained_in_shares_that_sum_to_the_whole(fitted: Path, auricle: Auricle, tmp_path: Path) -> None:
    ran = auricle("explain", demo.clip("five"), demo.clip("nine"), "--concepts", fitted, "--out", tmp_path)
    assert ran.code == 0, ran.err
    with np.load(tmp_path / "five/relevance.npz") as saved:
        np.testing.assert_allclose(saved["maps"].sum(0), saved["standard"], atol=1e-4 * abs(saved["standard"]).max())
    original, _ = soundfile.read(tmp_path / "five/original.wav")
    names = ["concept-1", "concept-2", "concept-3", "concept-4", "rest"]
    parts = [soundfile.read(tmp_path / f"five/{name}.wav")[0] for name in names]
    np.testing.assert_allclose(np.sum(parts, axis=0), original, atol=1e-4)
    assert "nine" in (tmp_path / "index.html").read_text()


def test_concepts_of_another_class_are_used_on_request(fitted: Path, auricle: Auricle, tmp_path: Path) -> None:
    ran = auricle("explain", demo.clip("five"), "--concepts", fitted, "--class", "nine", "--out", tmp_path)
    assert json.loads((tmp_path / "five/explanation.json").read_text())["concepts"]["label"] == "nine"
    assert "relevance for five" in ran.out
    ran = auricle("explain", demo.clip("five"), "--concepts", fitted, "--class", "two", "--out", tmp_path)
    assert ran.code == 1
    assert 'no concepts were fitted for "two"' in ran.err


def test_a_clip_taken_for_a_class_without_concepts_is_named(fitted: Path, auricle: Auricle, tmp_path: Path) -> None:
    only = shutil.copytree(fitted, tmp_path / "only")
    found = load_concepts(only)
    replace(found, subspaces={"five": found["five"]}, names={}).save(only)
    ran = auricle("explain", demo.clip("five"), demo.clip("nine"), "--concepts", only, "--out", tmp_path / "out")
    assert ran.code == 1
    assert 'nine is taken for "nine", which has no concepts; name a target that has some' in ran.err
    assert (tmp_path / "out/five/index.html").exists()


def test_a_silent_minute_does_not_lose_the_rest_of_a_recording(
    fitted: Path, auricle: Auricle, tmp_path: Path
) -> None:
    rate = load_clip(demo.clip("five")).sample_rate
    word = load_clip(demo.clip("five")).mono(rate)
    recording = np.zeros(round(121.2 * rate), np.float32)
    recording[-len(word) :] = word
    soundfile.write(tmp_path / "long.wav", recording, rate)
    ran = auricle(
        "explain", tmp_path / "long.wav", "--concepts", fitted, "--class", "five", "--target", "five",
        "--out", tmp_path / "out",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    found = tmp_path / "out/long"
    assert {each.name for each in found.iterdir()} == {"section-0003", "index.html", "explanation.json"}
    index = (found / "index.html").read_text()
    assert 'href="section-0003/index.html"' in index
    assert index.count("is silent") == 2
    assert json.loads((found / "explanation.json").read_text())["windows"][0]["start"] == 120.0


def test_only_a_model_that_hears_in_windows_has_a_recording_cut(
    fitted: Path, auricle: Auricle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One without a length of its own hears more than a minute in one piece, and that is told to take long."""
    digits = load_classifier("digits")
    model = Classifier(digits.network, frontend=digits.frontend, labels=digits.labels, length=Length())
    replace(load_concepts(fitted), model=weights_hash(model)).save(tmp_path / "own")
    monkeypatch.setattr("auricle.cli.in_concepts.classifier_of", lambda _: model)
    word = load_clip(demo.clip("five"))
    rate = word.sample_rate
    soundfile.write(tmp_path / "long.wav", np.resize(word.mono(rate), 61 * rate), rate)
    ran = auricle(
        "explain", tmp_path / "long.wav", "--concepts", tmp_path / "own", "--class", "five", "--target", "five",
        "--out", tmp_path / "out",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert "long.wav (61 s) is heard in one piece" in ran.err
    assert not list((tmp_path / "out/long").glob("section-*"))
    assert (tmp_path / "out/long/index.html").exists()


def test_evaluate_says_how_good_and_keeps_it(fitted: Path, corpus: Path, auricle: Auricle, tmp_path: Path) -> None:
    copy = shutil.copytree(fitted, tmp_path / "copy")
    other = tmp_path / "other"
    ran = auricle(
        "concepts", "fit", "--model", "digits", "--data", corpus, "--layer", LAYER, "--out", other,
        "--method", "pca", "--set", "size=8",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    ran = auricle("concepts", "evaluate", copy, "--against", other, "--per-class", 2)
    assert ran.code == 0, ran.err
    for name in ("drsa", "pca", "random", "plain explanation", "of 4 classes"):
        assert name in ran.out
    found = load_concepts(copy).facts["evaluation"]
    assert np.array(found["inter_class"]["matrix"]).shape == (4, 4)
    assert found["aupc"][0]["mean"]["clips"] == 8
    assert found["of"] == "clips: all clips, among them those that the concepts were found in"
    assert "fit with --split, which keeps a test part, or give other clips with --data" in ran.err
    assert "as many concepts" not in ran.err
    # The pages tell it in tables, not as it is stored.
    ran = auricle("concepts", "show", copy, "--out", tmp_path / "pages", "--prototypes", 1, "--per-class", 1)
    assert ran.code == 0, ran.err
    page = (tmp_path / "pages/index.html").read_text()
    assert "Are they any good?" in page
    assert f"best for {found['inter_class']['summary']['row_maxima']} of 4 classes" in page
    assert page.count("plain explanation</th>") == 1
    assert "row_maxima" not in page


def test_concepts_of_two_layers_are_compared(
    fitted: Path, corpus: Path, auricle: Auricle, tmp_path: Path
) -> None:
    deeper = tmp_path / "deeper"
    auricle(
        "concepts", "fit", "--model", "digits", "--data", corpus, "--layer", "features.10", "--out", deeper,
        "--method", "pca", "--set", "size=20", "--class", "nine", "--class", "five",
    )  # fmt: skip
    auricle("concepts", "name", deeper, "nine", 1, "vowel")
    ran = auricle("concepts", "compare", fitted, deeper)
    assert ran.code == 0, ran.err
    assert "6 clips; what concepts of features.6 and features.10 explain is alike:" in ran.out
    assert ran.out.count(", by chance ") == 2 * (1 + 4)
    assert " and vowel: " in ran.out
    # Clips of your own, each for the class that the model hears in it.
    ran = auricle("concepts", "compare", fitted, fitted, demo.clip("nine"), demo.clip("planted"), "--json")
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    assert list(told) == ["nine"]
    assert told["nine"]["similarity"]["mean"] == pytest.approx(1.0, abs=1e-4)
    assert [each["partner"] for each in told["nine"]["concepts"]] == [1, 2, 3, 4]
    assert "planted.wav is heard as four, and not both folders have concepts of it" in ran.err
    soundfile.write(tmp_path / "silent.wav", np.zeros(8000), 8000)
    ran = auricle("concepts", "compare", fitted, deeper, demo.clip("nine"), tmp_path / "silent.wav")
    assert ran.code == 0, ran.err
    assert "left out: silent is silent" in ran.err
    ran = auricle("concepts", "compare", fitted, deeper, demo.clip("seven"))
    assert ran.code == 1
    assert "there is no clip to compare by" in ran.err


def test_a_clip_that_cannot_be_heard_does_not_end_the_judging(
    fitted: Path, corpus: Path, auricle: Auricle, tmp_path: Path
) -> None:
    """Those that are left keep their speakers, over whom the intervals are."""
    rows = corpus.read_text().split()[1:]
    (tmp_path / "bad.wav").write_bytes(b"no sound")
    soundfile.write(tmp_path / "silent.wav", np.zeros(8000), 8000)
    speakers = [f"{corpus.parent / row},{'ann' if '-0' in row else 'bob'}" for row in rows]
    table = ["path,label,speaker", "bad.wav,five,ann", "silent.wav,five,ann", *speakers]
    (tmp_path / "clips.csv").write_text("\n".join(table) + "\n")
    heard: list[Any] = []

    def told(*of: Any, **more: Any) -> Any:
        heard.append(hear(*of, **more))
        return heard[0]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("auricle.cli.concepts_judged.hear", told)
        copy = shutil.copytree(fitted, tmp_path / "copy")
        ran = auricle("concepts", "evaluate", copy, "--data", tmp_path / "clips.csv")
    assert ran.code == 0, ran.err
    assert "found in" not in ran.err + ran.out  # these are other clips
    assert "left out: silent.wav is silent" in ran.err
    assert "bad.wav cannot be read as sound" in ran.err
    wanted = tuple("ann" if name.endswith("-0.wav") else "bob" for name in heard[0].names)
    assert heard[0].groups == wanted


def test_other_numbers_of_concepts_are_told_not_to_compare(
    fitted: Path, corpus: Path, auricle: Auricle, tmp_path: Path
) -> None:
    copy, two = shutil.copytree(fitted, tmp_path / "copy"), tmp_path / "two"
    auricle(
        "concepts", "fit", "--model", "digits", "--data", corpus, "--layer", LAYER, "--out", two,
        "--method", "pca", "--set", "size=8", "--concepts", 2,
    )  # fmt: skip
    ran = auricle("concepts", "evaluate", copy, "--against", two, "--per-class", 1)
    assert ran.code == 0, ran.err
    assert "has not as many concepts of each class" in ran.err


def test_classes_with_other_numbers_of_concepts_are_not_compared_with_one_another(
    fitted: Path, auricle: Auricle, tmp_path: Path
) -> None:
    """As ``--concepts auto`` may find them; the areas beside controls of the same numbers stay."""
    found = load_concepts(fitted)
    nine = Subspaces(found["nine"].basis, (16, 16))
    replace(found, subspaces={**found.subspaces, "nine": nine}, names={}).save(tmp_path)
    ran = auricle("concepts", "evaluate", tmp_path, "--per-class", 1)
    assert ran.code == 0, ran.err
    said = "not compared, because classes have different numbers of concepts (three 4, five 4, seven 4, nine 2)"
    assert f"between classes: {said}" in ran.out
    assert "random" in ran.out
    assert "inter_class" not in load_concepts(tmp_path).facts["evaluation"]
    assert auricle("concepts", "show", tmp_path, "--prototypes", 1, "--per-class", 1).code == 0
    assert f"N{said[1:]}" in (tmp_path / "pages/index.html").read_text()


def test_pages_are_of_clips_that_the_model_gets_right(
    fitted: Path, corpus: Path, auricle: Auricle, tmp_path: Path
) -> None:
    copy = shutil.copytree(fitted, tmp_path / "copy")
    (tmp_path / "clips.csv").write_text(
        f"path,label\n{corpus.parent / 'nine-0.wav'},nine\n{corpus.parent / 'five-0.wav'},nine\n"
    )
    ran = auricle("concepts", "show", copy, "--data", tmp_path / "clips.csv", "--prototypes", 2)
    assert ran.code == 0, ran.err
    assert "left out: 1 of nine, which the model gets wrong; --wrong shows them too" in ran.err
    pages = copy / "pages"
    assert "1 clip of nine left out: the model gets it wrong." in (pages / "index.html").read_text()
    page = (pages / "01-nine.html").read_text()
    assert "figures over 1 clip of nine; 1 more left out, which the model gets wrong" in page
    assert "five-0" not in page
    ran = auricle("concepts", "show", copy, "--data", tmp_path / "clips.csv", "--prototypes", 2, "--wrong")
    assert "gets wrong" not in ran.err
    page = (pages / "01-nine.html").read_text()
    assert "figures over 2 clips of nine" in page
    assert "five-0" in page


def test_show_writes_a_page_for_every_class(fitted: Path, auricle: Auricle, tmp_path: Path) -> None:
    copy = shutil.copytree(fitted, tmp_path / "copy")
    ran = auricle("concepts", "show", copy, "--out", tmp_path / "pages", "--prototypes", 2)
    assert ran.code == 0, ran.err
    pages = list((tmp_path / "pages").glob("**/*.html"))
    assert len(pages) >= 5
    text = " ".join(page.read_text() for page in pages)
    for word in WORDS:
        assert word in text


def test_shares_told_are_those_of_the_pages(fitted: Path, auricle: Auricle, tmp_path: Path) -> None:
    copy = shutil.copytree(fitted, tmp_path / "copy")
    ran = auricle("concepts", "show", copy, "--prototypes", 1)
    card = json.loads((copy / "gallery.json").read_text())
    for each in card["classes"]:
        for number, concept in enumerate(each["concepts"], 1):
            share = 100 * concept["statistics"]["class_share"]["mean"]
            assert f"{each['label']}, concept {number}: {share:.0f} % of the relevance" in ran.out
    assert (copy / "pages/index.html").is_file()


def test_unequal_blocks_are_told_with_the_rest(corpus: Path, auricle: Auricle, tmp_path: Path) -> None:
    ran = auricle(
        "concepts", "fit", "--model", "digits", "--data", corpus, "--layer", LAYER, "--out", tmp_path,
        "--class", "nine", "--method", "random", "--set", "sizes=20,6,2",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    found = load_concepts(tmp_path)["nine"]
    assert sorted(found.sizes) == [2, 6, 20]
    assert f", the rest {100 * found.statistics['residual']:.0f} %\n" in ran.out
    assert sum(found.statistics["relevance"]) + found.statistics["residual"] == pytest.approx(1.0, abs=1e-6)


def test_what_speaks_against_the_class_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    told: dict[str, Any] = {"relevance": [1.6, -0.2], "garbage": [1], "residual": -0.4}
    found = Concepts("hash", "digits", LAYER, LRP(), {"nine": Subspaces(torch.eye(6)[:, :4], (2, 2), statistics=told)})
    _tell_fitted(found)
    said = capsys.readouterr()
    assert said.out == "nine: 2 concepts of 2, 2 directions; shares of relevance 160 %, -20 %, the rest -40 %\n"
    assert "concept 2 speaks against nine" in said.err
    assert "the rest speaks against nine" in said.err
    told = {"relevance": [-0.001]}
    _tell_fitted(replace(found, subspaces={"nine": Subspaces(torch.eye(1), (1,), statistics=told)}))
    assert capsys.readouterr().out == "nine: 1 concept of 1 direction; shares of relevance 0 %\n"


def test_relevance_of_another_method_is_told_to_end_at_the_layer(
    corpus: Path, auricle: Auricle, tmp_path: Path
) -> None:
    ran = auricle(
        "concepts", "fit", "--model", "digits", "--data", corpus, "--layer", LAYER, "--out", tmp_path,
        "--method", "prca", "--relevance", "ig", "--relevance-set", "steps=4", "--class", "nine",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert "explained in these concepts by lrp" in ran.err
    assert load_concepts(tmp_path).facts["found_with"]["name"] == "ig"


def test_as_many_concepts_as_tell_most_are_chosen_on_request(
    corpus: Path, auricle: Auricle, tmp_path: Path
) -> None:
    ran = auricle(
        "concepts", "fit", "--model", "digits", "--data", corpus, "--layer", LAYER, "--out", tmp_path,
        "--concepts", "auto", "--class", "nine",
    )  # fmt: skip
    assert ran.code == 1
    assert "nine: 3 clips are too few to choose the number of concepts" in ran.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--layer", "features.99"], 'no layer "features.99"'),
        (["--layer", LAYER, "--concepts", "7"], "7 concepts do not share 32 channels equally; ask for 8 or 4, or"),
        (["--layer", "features.12"], "batch norm behind it is folded into it"),
        (["--layer", LAYER, "--method", "drs"], "drsa"),
        (["--layer", LAYER, "--relevance", "lime"], "lime"),
        (["--layer", LAYER, "--class", "sevn"], "seven"),
        (["--layer", LAYER, "--positions", "rndom"], "positions=rndom"),
        (["--layer", LAYER, "--part", "tset"], "test"),
        (["--layer", LAYER, "--set", "concepts=5"], "said with --concepts K, not with --set"),
        (["--layer", LAYER, "--concepts", "auto", "--set", "sizes=8,4"], "leave it out, or give the number"),
    ],
)
def test_what_cannot_be_fitted_is_told_in_a_sentence(
    arguments: list[str], said: str, corpus: Path, auricle: Auricle, tmp_path: Path
) -> None:
    ran = auricle("concepts", "fit", "--model", "digits", "--data", corpus, "--out", tmp_path / "out", *arguments)
    assert ran.code == 1
    assert said in ran.err
    assert "Traceback" not in ran.err
    assert not (tmp_path / "out").exists()


def test_concepts_of_another_model_are_refused(fitted: Path, auricle: Auricle, tmp_path: Path) -> None:
    ran = auricle("explain", demo.clip("five"), "--concepts", fitted, "--model", "heart", "--out", tmp_path / "out")
    assert ran.code == 1
    assert "found in another model" in ran.err


def test_settings_that_the_concepts_have_already_are_refused(fitted: Path, auricle: Auricle, tmp_path: Path) -> None:
    ran = auricle("explain", demo.clip("five"), "--concepts", fitted, "--method", "ig", "--out", tmp_path)
    assert ran.code == 2
    assert "--method has no meaning with --concepts" in ran.err


def test_a_folder_without_concepts_is_told(auricle: Auricle, tmp_path: Path) -> None:
    ran = auricle("explain", demo.clip("five"), "--concepts", tmp_path, "--out", tmp_path / "out")
    assert ran.code == 1
    assert "holds no concepts.json" in ran.err
