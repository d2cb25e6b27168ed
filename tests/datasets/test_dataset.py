"""A data set is a table of clips: it filters, joins and says its labels, and never holds the sound."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from layouts import write_tone

from auricle.clip import Clip
from auricle.datasets import SOURCES, Dataset, open_dataset, table_of
from auricle.errors import AuricleError

ROWS = [
    {"id": f"clip {n}", "path": f"{n}.wav", "word": ("yes", "no")[n % 2], "speaker": f"s{n // 2}", "take": n,
     "sounds": [["dog"], ["dog", "rain"], [], None][n % 4]}
    for n in range(8)
]  # fmt: skip


@pytest.fixture
def data(tmp_path) -> Dataset:
    return Dataset(
        name="words",
        table=table_of(ROWS),
        root=tmp_path,
        classes={"word": ("no", "yes"), "sounds": ("rain", "dog", "cat")},
        group="speaker",
    )


def test_rows(data):
    assert len(data) == 8
    assert data.row(3) == ROWS[3]
    assert list(data.rows()) == ROWS
    assert data.column("take") == list(range(8))


def test_sound_is_read_when_asked_for(data):
    with pytest.raises(AuricleError, match="does not exist"):
        data.load(0)
    write_tone(data.root / "3.wav", seconds=0.2)
    clip = data.load(3)
    assert (clip.name, clip.seconds) == ("clip 3", 0.2)
    assert data.load(data.row(3)).content_hash == clip.content_hash


def test_a_row_can_be_a_part_of_a_file(tmp_path):
    write_tone(tmp_path / "long.wav", seconds=2.0)
    rows = [{"id": f"{at}", "path": "long.wav", "start": at, "seconds": 0.5} for at in (0.0, 1.25, 1.75)]
    data = Dataset(name="parts", table=table_of(rows), root=tmp_path, classes={})
    whole = replace(data, table=table_of([{"id": "all", "path": "long.wav"}])).load(0).samples
    part = data.load(1)
    np.testing.assert_array_equal(part.samples, whole[:, 10000:14000])
    assert part.start_seconds == 1.25
    assert data.load(2).seconds == 0.25
    nothing = {"id": "x", "path": "long.wav", "start": 2.5, "seconds": 1.0}
    with pytest.raises(AuricleError, match=r"2 s long, so nothing in it begins at 2\.5 s"):
        data.load(nothing)


def test_sound_that_is_no_file(data):
    made = replace(data, sound_of=lambda row: Clip(np.full(8000, row["take"] / 10), 8000, row["id"]))
    assert made.load(4).peak == pytest.approx(0.4)


def test_targets(data):
    np.testing.assert_array_equal(data.targets("word"), [1, 0] * 4)
    assert data.targets("word").dtype == np.int64
    assert not data.is_multi_label("word")
    assert data.is_multi_label("sounds")
    np.testing.assert_array_equal(data.targets("sounds")[:4], [[0, 1, 0], [1, 1, 0], [0, 0, 0], [0, 0, 0]])


def test_filter(data):
    assert data.filter(speaker="s1").column("id") == ["clip 2", "clip 3"]
    assert data.filter(speaker=["s1", "s3"], word="no").column("take") == [3, 7]
    assert data.filter(pc.field("take") >= 6).column("take") == [6, 7]
    assert data.filter(pc.field("take") >= 4, word="yes").column("take") == [4, 6]
    assert data.filter().column("id") == data.column("id")
    assert data.filter(speaker="s1").classes == data.classes


def test_filter_compares_as_text_and_looks_into_lists(data):
    assert data.filter(take="5").column("take") == data.filter(take=5).column("take") == [5]
    assert data.filter(sounds="rain").column("take") == [1, 5]
    assert data.filter(sounds=["rain", "dog"]).column("take") == [0, 1, 4, 5]


def test_filter_that_leaves_nothing(data):
    with pytest.raises(AuricleError, match="no clip of words has speaker=s9; known: s0, s1, s2, s3"):
        data.filter(speaker="s9")
    with pytest.raises(AuricleError, match='no column "speakr"; did you mean "speaker"'):
        data.filter(speakr="s1")
    with pytest.raises(AuricleError, match="holds no clips; check the folder, or a filter left none"):
        data.filter(speaker="s1", take=7)


def test_take(data):
    assert data.take([5, 0]).column("id") == ["clip 5", "clip 0"]
    assert data.take(np.array([2])).row(0) == ROWS[2]


def test_join(data):
    extra = pa.table({"id": ["clip 7", "clip 0", "clip 99"], "age": [70, 7, 99], "hears": [["a"], [], ["b"]]})
    joined = data.join(extra)
    assert joined.column("id") == data.column("id")
    assert joined.column("age") == [7, None, None, None, None, None, None, 70]
    assert joined.column("hears")[7] == ["a"]
    assert joined.column("sounds") == data.column("sounds")
    by_speaker = data.join(pa.table({"speaker": ["s0", "s1"], "room": ["a", "b"]}), on="speaker")
    assert by_speaker.column("room") == ["a", "a", "b", "b", None, None, None, None]


def test_join_that_cannot_be(data):
    with pytest.raises(AuricleError, match="several rows for one id"):
        data.join(pa.table({"id": ["clip 0", "clip 0"], "age": [1, 2]}))
    with pytest.raises(AuricleError, match='has a column "take" already'):
        data.join(pa.table({"id": ["clip 0"], "take": [1]}))
    with pytest.raises(AuricleError, match='no column "id"'):
        data.join(pa.table({"name": ["clip 0"]}))


def test_a_wrong_label_is_told(data):
    wrong = replace(data, classes={"word": ("yes", "maybe")})
    with pytest.raises(AuricleError, match="labels a clip 'no', which is none of its classes of word: yes, maybe"):
        wrong.targets("word")
    with pytest.raises(AuricleError, match='no labels called "wrd"; did you mean "word"'):
        data.targets("wrd")


def test_tables_that_are_no_data_set(tmp_path):
    def make(rows, **more):
        return Dataset(name="x", table=table_of(rows), root=tmp_path, classes=more.pop("classes", {}), **more)

    with pytest.raises(AuricleError, match='no column "path"'):
        make([{"id": "a"}])
    with pytest.raises(AuricleError, match="holds no clips"):
        make([])
    with pytest.raises(AuricleError, match='has the id "a" twice'):
        make([{"id": "a", "path": "a"}, {"id": "a", "path": "b"}])
    with pytest.raises(AuricleError, match='no column "speaker"'):
        make([{"id": "a", "path": "a"}], group="speaker")
    with pytest.raises(AuricleError, match='no column "digit"'):
        make([{"id": "a", "path": "a"}], classes={"digit": ("one",)})


def test_columns_without_any_value_are_text():
    table = table_of([{"id": "a", "path": "a", "room": None}])
    assert table.schema.field("room").type == pa.string()


def test_a_data_set_by_name_and_folder(tmp_path, monkeypatch):
    write_tone(tmp_path / "here" / "recordings" / "0_theo_0.wav")
    write_tone(tmp_path / "fsdd" / "recordings" / "1_theo_0.wav")
    monkeypatch.setenv("AURICLE_DATA", str(tmp_path))
    assert open_dataset(f"fsdd:{tmp_path / 'here'}").column("digit") == ["zero"]
    assert open_dataset("fsdd").column("digit") == ["one"]


def test_a_data_set_that_is_not_there(tmp_path, monkeypatch):
    monkeypatch.setenv("AURICLE_DATA", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AuricleError, match="get it with 'auricle data get fsdd', or give fsdd:FOLDER"):
        open_dataset("fsdd")
    with pytest.raises(AuricleError, match=r"fsdd is not at .*nowhere; check the folder"):
        open_dataset(f"fsdd:{tmp_path}/nowhere")
    with pytest.raises(AuricleError, match='did you mean "gtzan"'):
        open_dataset("gtzam:somewhere")


def test_every_source_says_its_terms():
    for name, source in SOURCES.items():
        assert source.name == name
        assert source.about.title
        assert source.about.licence
        assert source.layout
