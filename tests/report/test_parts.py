"""Parts of the sound in files, figures and numbers."""

import csv
import json

import numpy as np
import pytest
import soundfile

import auricle
from auricle.methods.shap import ExactShap, KernelShap
from auricle.report import compare_plot, plot, save
from auricle.report.parts import MOST_HEARD, decimals, figure, own_sound, sources, told
from auricle.report.plot import png, units
from auricle.report.save import FILES, PART_FILES


def test_three_more_files_are_written(parts, tmp_path):
    folder = save(parts, tmp_path / "clip", measure=False)
    assert {path.name for path in folder.iterdir()} == {*FILES, *PART_FILES}
    only, without = (soundfile.read(folder / f"{name}.wav")[0] for name in ("top", "without-top"))
    assert np.abs(only + without - parts.clip.mono(8000)).max() < 1e-6
    rows = list(csv.DictReader((folder / "components.csv").open(encoding="utf-8")))
    assert [row["component"] for row in rows] == list(parts.contributions.components.names)
    assert float(rows[0]["weight"]) == parts.components()[0].weight
    assert float(rows[0]["seven"]) == parts.components(all_classes=True)[0].classes["seven"]
    content = json.loads((folder / "explanation.json").read_text())
    assert set(content["files"]) == {*FILES, *PART_FILES}


def test_another_method_takes_the_files_of_parts_away(parts, explanation, tmp_path):
    folder = save(parts, tmp_path / "clip", measure=False)
    save(explanation, folder, measure=False)
    assert {path.name for path in folder.iterdir()} == set(FILES)
    assert json.loads((folder / "explanation.json").read_text())["components"] is None


def test_json_has_every_weight(parts, tmp_path):
    folder = save(parts, tmp_path / "clip", measure=False)
    told_of = json.loads((folder / "explanation.json").read_text())["components"]
    assert (told_of["kind"], told_of["score"], told_of["unit"]) == ("time:15", "logit", "logits")
    assert told_of["baseline"] == "silence"
    assert told_of["forwards"] == parts.contributions.forwards > 0
    weights = [part["weight"] for part in told_of["parts"]]
    assert sum(weights) == pytest.approx(told_of["full"]["target"] - told_of["empty"]["target"])
    first = told_of["parts"][0]
    assert first["classes"]["seven"] == pytest.approx(first["weight"])
    assert first["class_standard_errors"]["seven"] == pytest.approx(first["standard_error"])
    assert {"name", "start", "end", "low", "high", "source"} <= set(first)


def test_the_strongest_parts_can_be_heard(parts):
    said = told(parts)
    assert len(said["heard"]) == MOST_HEARD
    assert len(said["heard"]) + len(said["others"]) == said["count"] == 15
    shown = [row["weight"] for row in said["heard"]]
    assert shown == sorted(shown, reverse=True)
    assert min(map(abs, shown)) >= max(abs(row["weight"]) for row in said["others"])
    total = np.zeros(parts.clip.mono(8000).shape)
    for k in range(15):
        sound = own_sound(parts.contributions.components, k)
        begin = round(sound.start_seconds * 8000)
        total[begin : begin + sound.samples.shape[1]] += sound.samples[0]
    assert np.abs(total - parts.clip.mono(8000)).max() < 1e-6
    assert [each[0] for each in sources(parts)][:2] == ["only", "without"]
    assert len(sources(parts)) == 2 + MOST_HEARD


def test_bars_stay_within_their_field(parts):
    said = told(parts)
    for row in [*said["heard"], *said["others"]]:
        for left, width in (row["bar"], row["whisker"] or (0, 0)):
            assert left >= -1e-9
            assert width >= 0
            assert left + width <= 100 + 1e-9


def test_the_figure_has_a_chart_of_weights(parts):
    drawn = plot(parts)
    *_, weights = [panel for panel in drawn.axes if panel.patches]
    assert len(weights.patches) == MOST_HEARD
    assert "15 parts" in weights.get_title(loc="left")
    assert "logits, ± standard error" in weights.get_xlabel()
    assert len(png(drawn)) > 10_000


def test_a_comparison_uses_the_front_ends_frequency_axis_for_all(parts, explanation):
    drawn = compare_plot([parts, explanation])
    first, second = drawn.axes[:2]
    names = [text.get_text() for text in first.get_yticklabels()]
    assert names == ["125 Hz", "250 Hz", "500 Hz", "1 kHz", "2 kHz", "4 kHz"]
    heights = [panel.transData.transform((0, 1000))[1] for panel in (first, second)]
    assert heights[0] == pytest.approx(heights[1])


UNITS = {"logit": "logits", "probability": "probability", "log-odds": "log-odds"}


@pytest.mark.parametrize(("score", "unit"), UNITS.items())
def test_weights_have_the_unit_of_their_score(classifier, parts, score, unit):
    found = auricle.explain(parts.clip, classifier, method=ExactShap(components="time:3", score=score))
    assert units(found) == told(found)["unit"] == unit
    assert told(found)["exact"]


def test_values_are_not_called_probabilities(parts, tmp_path):
    def loud(samples):
        return np.stack([samples.std(1), -samples.std(1)], 1)

    model = auricle.function_classifier(loud, labels=["loud", "calm"], sample_rate=8000, outputs="values")
    found = auricle.explain(parts.clip, model, method=KernelShap(components="time:4"), target="loud")
    folder = save(found, tmp_path / "values")
    content = json.loads((folder / "explanation.json").read_text())
    assert set(content["prediction"]) == {"values"}
    assert content["scores"] is None
    assert content["model"]["outputs"] == "values"
    text = (folder / "index.html").read_text().split("<main")[1].split("<script")[0]
    assert "The model gave: <em>loud</em>" in text
    assert "probabilit" not in text
    assert "%<" not in text


def test_figures_of_a_table_share_their_decimals():
    assert [figure(value, decimals(6.28)) for value in (6.28, -0.5551, 0.001)] == ["+6.28", "−0.56", "0.00"]


def test_of_two_parts_the_top_is_not_the_whole_clip(explanation, tmp_path):
    method = ExactShap(components="time:2")
    two = auricle.explain(explanation.clip, explanation.classifier, method=method, target="seven")
    folder = save(two, tmp_path / "clip", measure=False)
    only, without = (soundfile.read(folder / f"{name}.wav")[0] for name in ("top", "without-top"))
    assert np.abs(only).max() > 0
    assert np.abs(without).max() > 0
    assert [name for _, name, _, component in sources(two) if component is None] == ["top 1 only", "without top 1"]
