"""A clip in concepts: what is written on its page and beside it."""

import base64
import io
import json
import re
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from concepts_of_digits import ATTACK, classifier, concepts, explained, hostile, with_negative

from auricle.concepts.explained import AROUND, explain_concepts
from auricle.errors import AuricleError
from auricle.report.concepts import concept_page, save_concepts
from auricle.report.concepts.bars import stacks
from auricle.report.concepts.drawing import map_data, pictures
from auricle.report.concepts.shares import alike, equation, shares_of
from auricle.report.concepts.words import rows


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    return save_concepts(explained(), tmp_path_factory.mktemp("concepts") / "clip")


def piece(text):
    """The data that the page's script reads."""
    return json.loads(re.search(r"<script type=\"application/json\" data-piece>(.*?)</script>", text, re.S)[1])


def test_the_page_asks_nothing_of_the_network(saved):
    text = (saved / "index.html").read_text()
    assert set(re.findall(r"https?://[^\s'\"<)]+", text)) <= {"http://www.w3.org/2000/svg"}
    links = set(re.findall(r'(?:href|src)="([^"#]+)"', text))
    assert {each for each in links if not each.startswith("data:")} == {
        path.name for path in saved.iterdir() if path.name != "index.html"
    }


def test_sums_on_the_page_are_those_of_the_maps(saved):
    text = (saved / "index.html").read_text()
    found = explained()
    sums = found.maps.sum((1, 2))
    assert f"R = {equation(float(sums.sum()), list(sums))}" in text
    whole, *parts = alike([float(sums.sum()), *sums])
    assert float(whole.replace("−", "-")) == pytest.approx(found.whole.map()[0].sum(), rel=0.01)
    for name, figure in zip(found.names, parts, strict=True):
        assert re.search(rf"{re.escape(name)}</span> <span class=\"figure sum\">R = {figure}<", text)


def test_all_maps_are_drawn_on_the_scale_of_the_standard_one(saved):
    data = piece((saved / "index.html").read_text())
    standard = float(np.abs(explained().whole.map()[0]).max())
    assert [each["strongest"] for each in data["maps"]] == pytest.approx([standard] * 5)
    for each, values in zip(data["maps"][1:], explained().maps, strict=True):
        drawn = np.frombuffer(base64.b64decode(each["values"]), np.int8)
        assert np.abs(drawn).max() == min(round(127 * np.abs(values).max() / standard), 127)
        assert sum(map(sum, each["time"])) == pytest.approx(float(values.sum()), abs=0.02 * standard)
        assert sum(map(sum, each["frequency"])) == pytest.approx(float(values.sum()), abs=0.02 * standard)


def test_what_is_beyond_the_scale_is_drawn_at_its_end_and_told():
    drawn = pictures(explained())[0]
    data = map_data(drawn, drawn.strongest / 3)
    assert np.abs(np.frombuffer(base64.b64decode(data["values"]), np.int8)).max() == 127
    assert data["time"] == map_data(drawn, drawn.strongest)["time"]
    assert "Beyond it: hiss" in concept_page(with_negative())


def test_sounds_of_the_page_last_as_long_as_the_clip_and_add_up(saved):
    data = piece((saved / "index.html").read_text())
    heard = {each["id"]: soundfile.read(io.BytesIO(base64.b64decode(each["data"]))) for each in data["sources"]}
    ids = [share.id for share in shares_of(explained())]
    assert set(heard) == {"original", "standard", "rest", *ids, *(f"{id}-equal" for id in ids)}
    length = len(explained().clip.mono(8000))
    assert all(len(samples) == length and rate == 8000 for samples, rate in heard.values())
    together = sum(heard[id][0] for id in (*ids, "rest"))
    np.testing.assert_allclose(together, heard["original"][0], atol=1e-5)


def test_the_folder_holds_exact_sounds_and_numbers(saved):
    clip = explained().clip
    length = len(clip.mono(8000))
    read = {path.stem: soundfile.read(path)[0] for path in saved.glob("*.wav")}
    assert all(len(samples) == length for samples in read.values())
    ids = [share.id for share in shares_of(explained())]
    np.testing.assert_allclose(sum(read[id] for id in (*ids, "rest")), read["original"], atol=1e-6)
    for id, sounds in zip(ids, explained().sounds(loudness="equal"), strict=True):
        np.testing.assert_array_equal(read[f"{id}-equal"], sounds.kept.samples[0])
    arrays = np.load(saved / "relevance.npz", allow_pickle=False)
    np.testing.assert_array_equal(arrays["maps"], explained().maps)
    np.testing.assert_allclose(arrays["maps"].sum(0), arrays["standard"], atol=1e-4 * np.abs(arrays["standard"]).max())
    assert arrays["maps"].shape[1:] == (len(arrays["hertz_edges"]) - 1, len(arrays["seconds_edges"]) - 1)
    told = json.loads((saved / "explanation.json").read_text())
    assert [each["relevance"] for each in told["concepts"]["shares"]] == pytest.approx(explained().sums.tolist())
    assert [each["logit_fall_without_it"] for each in told["concepts"]["shares"]] == pytest.approx(
        explained().removed.tolist()
    )
    assert set(told["files"]) == {path.name for path in saved.iterdir()}
    assert (saved / "concepts.png").read_bytes().startswith(b"\x89PNG")


def test_names_are_everywhere(saved):
    text = (saved / "index.html").read_text()
    assert text.count("hiss") >= 6
    assert json.loads((saved / "explanation.json").read_text())["concepts"]["shares"][0]["name"] == "hiss"
    assert piece(text)["maps"][1]["name"] == "hiss"
    assert "the rest" in text  # the residual


def test_a_negative_concept_is_told():
    found = with_negative()
    negative = [share for share in shares_of(found) if share.sum < 0]
    assert negative
    text = concept_page(found)
    for share in negative:
        figure = alike([share.sum])[0]
        assert f"“{share.name}” speaks against {found.whole.target} here: its relevance sums to {figure}" in text
    assert "speaks against" not in re.sub(r"<label>.*?</label>", "", concept_page(explained()))


def test_bars_stack_to_their_sums_and_negative_ones_lie_left_of_zero():
    shares = shares_of(with_negative())
    first = stacks(shares)[0]
    for part, share in zip(first["parts"], shares, strict=True):
        end = part["left"] + part["width"]
        assert end <= first["zero"] + 1e-9 if share.sum < 0 else part["left"] >= first["zero"] - 1e-9
    widths = [part["width"] for part in first["parts"]]
    sizes = np.abs([share.sum for share in shares])
    np.testing.assert_allclose(np.array(widths) / widths[0], sizes / sizes[0])
    assert min(part["left"] for each in stacks(shares) for part in each["parts"]) >= 0
    assert max(part["left"] + part["width"] for each in stacks(shares) for part in each["parts"]) <= 100 + 1e-9


def test_the_table_tells_the_change_of_the_logit_not_its_fall():
    for row in rows(shares_of(explained())):
        fall = row["share"].removed
        assert row["removed"].startswith("−" if fall > 0 else "+") or not row["removed"].strip("0.")


def test_what_goes_around_the_layer_is_a_share_without_a_place_in_it():
    found = explained()
    maps = np.concatenate([found.maps[:-1], found.maps[-1:] / 2, found.maps[-1:] / 2])
    around = replace(found, names=(*found.names, AROUND), maps=maps)
    last = rows(shares_of(around))[-1]
    assert (last["total"], last["removed"]) == ("–", "–")
    assert [len(each["parts"]) for each in stacks(shares_of(around))] == [5, 4, 4]
    assert AROUND in concept_page(around)


def test_concepts_of_another_class_are_said_to_be_so():
    label = next(each for each in concepts() if each != explained().label)
    borrowed = explain_concepts(explained().clip, classifier(), concepts(), label=label)
    assert f"seen through the concepts of <strong>{label}</strong>" in concept_page(borrowed)
    assert "seen through" not in concept_page(explained())


def test_sums_that_are_small_keep_their_figures():
    tiny = replace(explained(), maps=explained().maps * 1e-4)
    whole = float(tiny.sums.sum())
    text = concept_page(tiny)
    shown = re.search(r"R = ([0-9.]+) =", text)[1]
    assert float(shown) == pytest.approx(whole, rel=0.01)


def test_hostile_names_are_escaped(tmp_path):
    text = concept_page(hostile())
    assert ATTACK not in text
    assert text.count("</script>") == 2
    save_concepts(hostile(), tmp_path / "hostile")


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(AuricleError, match=r"file.*cannot"):
        save_concepts(explained(), tmp_path / "file")
