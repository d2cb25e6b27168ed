"""Tiles, grids and what lies behind a study's pictures."""

import io

import numpy as np
import pyarrow as pa
import pytest

from auricle.axes import Axes
from auricle.report.study.chosen import Chosen
from auricle.report.study.frequencies import ranges_by_class
from auricle.report.study.mosaic import Cell, Row, mosaic
from auricle.report.study.packing import packed_edges, plain, png, put
from auricle.report.study.tiles import COLUMNS, ROWS, Tile, relevance_tile, small
from auricle.study.stages.overview import comparable


def axes(rows=4, columns=6, seconds=0.6):
    return Axes(np.linspace(0, seconds, columns + 1), np.geomspace(100, 4000, rows + 1))


def test_low_frequencies_are_at_the_bottom_and_for_is_orange():
    relevance = np.zeros((4, 6))
    relevance[0, 0], relevance[3, 5] = 2.0, -1.0
    pixels = relevance_tile(relevance, axes(), 0.6).pixels(40, 60)
    red, _, blue = pixels[-1, 0]
    assert red > 0.7 > blue
    red, _, blue = pixels[0, -1]
    assert blue > 0.6 > red


def test_padding_beyond_the_clip_is_not_drawn():
    values, kept = small(np.ones((4, 6)), axes(), 0.3)
    assert values.shape == (4, 3)
    assert kept.seconds[-1] == pytest.approx(0.3)


def test_fine_maps_are_averaged_to_what_a_tile_can_show():
    values, kept = small(np.arange(400 * 500, dtype=float).reshape(400, 500), axes(400, 500), 0.6)
    assert values.shape == (ROWS, COLUMNS) == kept.shape
    assert values.mean() == pytest.approx((400 * 500 - 1) / 2, rel=0.01)


def test_a_place_in_hertz_and_seconds_is_where_its_bins_are_drawn():
    tile = Tile(axes())
    edges = axes().hertz
    assert [tile.height_of(each) for each in edges] == pytest.approx([0, 0.25, 0.5, 0.75, 1])
    assert tile.place_of(0.3) == pytest.approx(0.5)


def test_a_spot_lies_where_its_tile_was_painted():
    from PIL import Image

    tile = Tile(axes(), relevance=np.ones((4, 6), np.float32))
    rows = [Row("one", (None, Cell(tile, "", "key-1"))), Row("two", (Cell(Tile(axes())),))]
    drawn = mosaic("name", "title", "caption", rows)
    (spot,) = drawn.spots
    image = np.asarray(Image.open(io.BytesIO(drawn.png)).convert("RGB"), float) / 255
    assert image.shape[:2] == pytest.approx((drawn.height, drawn.width), abs=1)
    x, y = round((spot.left + spot.width / 2) * drawn.width), round((spot.top + spot.height / 2) * drawn.height)
    red, _, blue = image[y, x]
    assert red > blue + 0.4
    assert image[y, x - round(spot.width * drawn.width)].min() > 0.9
    assert spot.key == "key-1"


def test_relevance_that_is_nothing_is_drawn_as_paper():
    assert (relevance_tile(np.zeros((4, 6)), axes(), 0.6).pixels(8, 8) == 1).all()


def test_pictures_show_right_and_wrong_clips_in_the_order_of_the_labels():
    clips = [
        {"id": f"{label}{number}", "predicted": label, "correct": number != 0}
        for label in ("b", "a")
        for number in range(25)
    ]
    chosen = Chosen.of(clips, ["a", "b", "never"])
    assert list(chosen.right) == ["a", "b"]
    assert len(chosen.right["a"]) == 10
    assert chosen.right["a"][0] == "a1"
    assert chosen.right["a"][-1] == "a22"
    assert chosen.wrong == {"a": ("a0",), "b": ("b0",)}
    assert chosen.examples == ("a1", "b1")


def parts(*clips):
    names = ("id", "component", "start", "end", "low", "high")
    rows = [dict(zip(names, (id, *row), strict=True)) for id, several in clips for row in several]
    return pa.Table.from_pylist(rows)


def test_parts_at_the_same_seconds_can_be_compared():
    whole = [("first", 0.0, 0.5, None, None), ("second", 0.5, 1.0, None, None)]
    table = parts(("a", whole), ("b", whole))
    assert comparable(table, {"a": 1.0, "b": 1.0}) is table


def test_equal_shares_of_clips_of_any_length_are_named_by_their_place():
    table = parts(
        ("a", [("0.00-0.50 s", 0.0, 0.5, None, None), ("0.50-1.00 s", 0.5, 1.0, None, None)]),
        ("b", [("0.00-1.00 s", 0.0, 1.0, None, None), ("1.00-2.00 s", 1.0, 2.0, None, None)]),
    )
    found = comparable(table, {"a": 1.0, "b": 2.0})
    assert found["component"].to_pylist() == ["0–50 % of the clip", "50–100 % of the clip"] * 2


def test_superpixels_cannot_be_compared():
    table = parts(("a", [("superpixel 1", 0.0, 0.5, 100.0, 900.0)]), ("b", [("superpixel 1", 0.2, 0.9, 500.0, 2000.0)]))
    assert comparable(table, {"a": 1.0, "b": 1.0}) is None
    several = parts(("a", [("1", 0.0, 0.5, None, None)]), ("b", [("1", 0.0, 0.5, None, None)] * 2))
    assert comparable(several, {"a": 1.0, "b": 1.0}) is None


def test_a_hum_in_one_class_is_told_and_a_voice_is_not():
    rows = [
        {"class": label, "low": low, "high": high, "share": 0.5, "agreement": 0.9, "clips": 9}
        for label, low, high in (
            ("two", 300.0, 900.0), ("one", 320.0, 1000.0), ("one", 3000.0, 3500.0), ("three", 31.0, 93.0),
        )
    ]  # fmt: skip
    told = {each["class"]: each["ranges"] for each in ranges_by_class(rows, ["one", "two", "three"])}
    assert list(told) == ["one", "two", "three"]
    alone_and_hum = {label: [each[4:] for each in ranges] for label, ranges in told.items()}
    assert alone_and_hum == {"one": [[False, False], [True, False]], "two": [[False, False]], "three": [[True, True]]}
    assert ranges_by_class(rows[:1], ["two"])[0]["ranges"][0][4] is False  # of a single class nothing is alone


def test_edges_that_are_not_even_are_kept():
    mel = [0.0, 100.0, 210.0, 340.0, 500.0]
    assert packed_edges(np.array(mel)) == mel


def test_numbers_are_short_and_what_is_not_finite_is_nothing():
    assert plain({"a": [0.123456789, float("nan"), 2.0, True, None, np.float32(0.5)]}) == {
        "a": [0.1235, None, 2, True, None, 0.5]
    }
    assert put("a</script>", [1]) == b'auricleStudy.put("a\\u003c/script\\u003e",[1]);\n'


def test_thumbnails_are_pngs_with_transparency():
    from PIL import Image

    image = Image.open(io.BytesIO(png(np.array([[0, 1]], np.uint8), np.array([[1, 0, 0, 1], [0, 0, 1, 0.5]]))))
    assert np.asarray(image.convert("RGBA")).tolist() == [[[255, 0, 0, 255], [0, 0, 255, 128]]]
