"""What listeners hear: equally long, equally loud, in the clip's phase, and nothing says what is what."""

import base64
import io
import json
import re
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

import auricle
from auricle import demo
from auricle.cli.listening import listening_app
from auricle.errors import AuricleError
from auricle.listening import make_test, read_key, sources_in
from auricle.listening.levels import matched
from auricle.listening.page import page_data
from auricle.methods import GradCAM, build
from auricle.sonify import Masking
from auricle.sonify.loudness import loudness

METHODS = ("input-x-gradient", "grad-cam")


def heard(data):
    """Every sound of the page's data as ``(item, id, samples, rate)``."""
    for item in data["items"]:
        sounds = [("open", item["reference"]), *((each["id"], each["data"]) for each in item["sounds"])]
        for identity, text in sounds:
            yield item, identity, *soundfile.read(io.BytesIO(base64.b64decode(text)))


def test_all_sounds_of_a_page_have_one_length_and_one_loudness(made, words):
    lengths = {item.id: len(clip.mono(8000)) for item, clip in zip(made.items, words, strict=True)}
    data = page_data(made)
    assert len(list(heard(data))) == 2 * (2 + 3 + 1)
    for item, _, samples, rate in heard(data):
        assert (len(samples), rate) == (lengths[item["id"]], 8000)
        assert loudness(samples[None], rate) == pytest.approx(-26.0, abs=0.5)


def test_the_hidden_reference_is_the_open_one_and_every_page_has_each_condition(made, saved):
    data, key = page_data(made), read_key(saved)
    assert key.conditions == ["reference", *METHODS, "random", "anchor"]
    for item in data["items"]:
        names = key.names[item["id"]]
        assert sorted(names.values()) == sorted(key.conditions)
        by_name = {names[each["id"]]: each["data"] for each in item["sounds"]}
        assert by_name["reference"] == item["reference"]
        assert len(set(by_name.values())) == len(by_name)


def test_kept_parts_are_those_of_the_explanation(made, words, digits):
    explanation = auricle.explain(words[0], digits, method="grad-cam")
    kept = explanation.kept().samples[0]
    found = next(each for each in made.items[0].conditions if each.name == "grad-cam").sound.samples[0]
    assert np.corrcoef(kept, found)[0, 1] > 1 - 1e-6  # but for its level


def test_a_method_that_gives_a_mask_is_heard_through_it(words, digits):
    class Map(GradCAM):
        gives_mask = True

    kept = auricle.explain(words[0], digits, method=Map()).kept().samples[0]
    found = make_test(words[:1], digits, {"map": Map()}, masking=Masking(share=0.1)).items[0].conditions[1]
    assert np.corrcoef(kept, found.sound.samples[0])[0, 1] > 1 - 1e-6


def test_kept_and_removed_of_one_method_add_up_to_the_reference(made):
    """The anchor and the kept part have the original phase: the clip is a weighted sum of the two."""
    conditions = {each.name: each.sound.samples[0].astype(float) for each in made.items[0].conditions}
    parts = np.stack([conditions["input-x-gradient"], conditions["anchor"]], 1)
    _, rest, *_ = np.linalg.lstsq(parts, conditions["reference"], rcond=None)
    assert rest[0] < 1e-8 * np.square(conditions["reference"]).sum()


def test_the_random_control_keeps_the_same_area_elsewhere(made):
    notes = [{each.name: each.notes for each in item.conditions} for item in made.items]
    assert [each["random"]["mask_of"] for each in notes] == list(METHODS)  # another's mask on each page
    for each, method in zip(notes, METHODS, strict=True):
        assert each["random"]["area"] == each[method]["area"]
    sounds = {each.name: each.sound.samples[0] for each in made.items[0].conditions}
    assert abs(np.corrcoef(sounds["random"], sounds["input-x-gradient"])[0, 1]) < 0.9


def test_no_name_leaks_into_the_page(saved, words):
    page = (saved / "index.html").read_text()
    (data,) = re.findall(r'<script type="application/json" data-listening>(.*?)</script>', page, re.DOTALL)
    for item in json.loads(data)["items"]:
        assert set(item) == {"id", "question", "seconds", "reference", "sounds"}
        assert [each["id"] for each in item["sounds"]] == sorted(each["id"] for each in item["sounds"])
        assert all(re.fullmatch("[0-9a-f]{12}", each["id"]) for each in item["sounds"])
    shown = re.sub(r"<(style|script)\b.*?</\1>", "", page.partition("<body>")[2], flags=re.DOTALL)
    for name in (*METHODS, "anchor", "random", "://", *(clip.source for clip in words)):
        assert name not in shown


def test_same_seed_same_bytes_another_seed_other_ids(made, words, digits, saved):
    methods = {name: build(name) for name in METHODS}
    again = make_test(words, digits, methods, anchor=True)
    assert page_data(again) == page_data(made)
    other = make_test(words, digits, methods, anchor=True, seed=1)
    assert other.id != made.id
    assert not {*other.items[0].ids} & {*made.items[0].ids}


def test_a_true_source_is_the_reference(words, digits, tmp_path):
    mixture = auricle.Clip(words[0].samples + 0.3 * np.random.default_rng(0).normal(size=words[0].samples.shape),
                           words[0].sample_rate, "mixture")  # fmt: skip
    soundfile.write(tmp_path / "mixture.flac", words[0].samples.T, words[0].sample_rate)
    methods = {"grad-cam": build("grad-cam")}
    made = make_test([mixture], digits, methods, target="seven", sources=sources_in(tmp_path, [mixture]))
    reference = made.items[0].conditions[0]
    assert reference.notes["is"] == "the true source"
    assert np.corrcoef(reference.sound.samples[0], words[0].mono(8000))[0, 1] > 0.999
    with pytest.raises(AuricleError, match="no source of seven"):
        make_test(words[:1], digits, methods, sources=sources_in(tmp_path, words))
    soundfile.write(tmp_path / "mixture.flac", words[0].samples.T[:-400], words[0].sample_rate)
    with pytest.raises(AuricleError, match="with silence where it is not heard"):
        make_test([mixture], digits, methods, sources=sources_in(tmp_path, [mixture]))
    with pytest.raises(AuricleError, match="not a folder"):
        sources_in(tmp_path / "none", [mixture])


def test_another_target_asks_another_question(words, digits):
    made = make_test(words[:1], digits, {"grad-cam": build("grad-cam")}, target="nine")
    assert made.items[0].question.endswith("what speaks to the model for “nine”?")


def test_full_band_keeps_rate_and_channels(words, digits):
    import soxr

    wide = soxr.resample(words[0].mono(8000), 8000, 22050)
    stereo = auricle.Clip(np.stack([wide, 0.5 * wide]), 22050, "stereo")
    made = make_test([stereo], digits, {"grad-cam": build("grad-cam")}, full_band=True)
    for each in made.items[0].conditions:
        assert each.sound.samples.shape == stereo.samples.shape
        assert each.sound.sample_rate == 22050


def test_what_cannot_be_a_test_is_told(words, digits):
    methods = {"grad-cam": build("grad-cam")}
    with pytest.raises(AuricleError, match="at least one clip"):
        make_test([], digits, methods)
    with pytest.raises(AuricleError, match="seven and again are the same sound"):
        make_test([words[0], replace(words[0], name="again")], digits, methods)
    with pytest.raises(AuricleError, match="13 sounds would be on one page"):
        make_test(words, digits, {f"m{number}": build("grad-cam") for number in range(11)})


def test_matching_stays_below_full_scale_and_leaves_silence_silent():
    generator = np.random.default_rng(0)
    hiss = 0.1 * generator.normal(size=(1, 16000))
    click = np.zeros((1, 16000))
    click[0, ::4000] = 1.0  # its peak is far above its loudness
    found = matched([hiss, click, 0 * hiss, 0.01 * hiss], 16000)
    levels = [loudness(each, 16000) for each in found]
    assert max(np.abs(each).max() for each in found) <= 1.0 + 1e-9
    assert levels[1] == pytest.approx(levels[0], abs=0.1)
    assert not found[2].any()
    assert levels[3] == pytest.approx(levels[0] - 10.0, abs=0.5)  # it was 40 dB fainter, and 30 dB is the most


def test_faint_parts_are_told(made):
    assert made.unmatched == []
    item = made.items[0]
    faint = replace(item.conditions[1], notes={**item.conditions[1].notes, "matched": False})
    told = replace(made, items=[replace(item, conditions=[item.conditions[0], faint])]).unmatched
    assert told == ["seven: what input-x-gradient keeps is too faint to be made as loud as the rest"]


def test_the_command_makes_the_test(tmp_path):
    out = tmp_path / "test"
    flags = ["--methods", "grad-cam", "--set", "grad-cam.rectify=false", "--share", "0.4", "--out", str(out)]
    ran = CliRunner().invoke(listening_app, ["make", str(demo.clip("three")), *flags])
    assert ran.exit_code == 0, ran.output
    key = json.loads((out / "key.json").read_text())
    assert f"test {key['test']}: 1 page of 3 sounds" in ran.output
    assert key["settings"]["methods"]["grad-cam"]["rectify"] is False
    assert key["settings"]["masking"]["share"] == 0.4
    assert key["items"][0]["prediction"].startswith("three")
    assert (out / "index.html").exists()
