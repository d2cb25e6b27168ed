"""What every kind promises: a text that finds it again, parts that are the whole clip, sentences for what is wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from planted_sounds import GRID, RATE, assert_whole, noise

from auricle.clip import Clip, load_clip
from auricle.components import KINDS, Components, Product, describe, kind_of
from auricle.components.kind import gates_of
from auricle.components.time import Time
from auricle.errors import AuricleError
from auricle.frontends.grid import STFT

SHARED = Path(__file__).parents[2] / "../shared/data"
RECORDINGS = ("esc50_sample/audio/1-100032-A-0.wav", "clips/5703-47212-0000.ogg")

TEXTS = """
time:12 time:0.05s onsets onsets:4 silence silence:4 intervals:0.05-0.1=a;0.1-0.2=b bands:8 bands:8:hertz
bands:6:octave bands:octave tiles:6x4 tiles:0.05sx8 tiles:3x4:hertz superpixels superpixels:felzenszwalb:8
superpixels:quickshift superpixels:slic:20 superpixels:watershed:12 sources:hpss sources:nmf:3 channels patch:100
patch:50x500 patch:50x500:0.5 sources:hpss,time:5 silence:8,bands:5 channels,time:4 bands:octave,onsets
""".split()
LIGHT = [text for text in TEXTS if not text.startswith(("superpixels:q", "patch:50x500"))]


def taken_apart(text: str, clip: Clip, rate: int = RATE, grid: STFT = GRID) -> Components:
    if "superpixels" in text:
        pytest.importorskip("skimage")
    return kind_of(text)(clip, rate, grid)


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_finds_its_kind_again(text: str) -> None:
    kind = kind_of(text)
    assert kind_of(kind.text()) == kind
    assert sorted(kind.text().split(",")) == sorted(text.split(","))


@pytest.mark.parametrize("name", [name for name in KINDS if name != "intervals"])
def test_a_name_alone_is_the_defaults(name: str) -> None:
    assert kind_of(name) == KINDS[name]()
    assert kind_of(kind_of(name).text()) == KINDS[name]()


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("n", [8000, 2477])
def test_all_parts_are_the_clip(text: str, n: int) -> None:
    assert_whole(taken_apart(text, noise(n, channels=2)))


@pytest.mark.parametrize("text", TEXTS)
def test_speech(text: str, fsdd: Clip) -> None:
    assert_whole(taken_apart(text, Clip(np.stack([fsdd.samples[0], 0.5 * fsdd.samples[0]]), fsdd.sample_rate)))


@pytest.mark.parametrize("text", LIGHT)
def test_silence(text: str) -> None:
    assert_whole(taken_apart(text, Clip(np.zeros((2, 4001), np.float32), RATE)))


@pytest.mark.parametrize("name", RECORDINGS)
@pytest.mark.parametrize("text", ["onsets", "silence", "bands:8", "superpixels:felzenszwalb:30", "sources:hpss,time:5"])
def test_recordings(text: str, name: str) -> None:
    if not (SHARED / name).exists():
        pytest.skip(f"{name} is not there")
    assert_whole(taken_apart(text, load_clip(SHARED / name), 16000, STFT(n_fft=512, hop=160)))


@pytest.mark.parametrize("text", ["channels", "bands:8", "tiles:6x4", "superpixels:slic:20", "patch:1000"])
def test_eight_channels_at_44100(text: str) -> None:
    clip = noise(2 * 44100 + 1, channels=8, rate=44100)
    assert_whole(taken_apart(text, clip, 16000, STFT(n_fft=400, hop=160)))
    assert_whole(taken_apart(text, clip, 44100, STFT(n_fft=1025, hop=441)))


@pytest.mark.parametrize("text", [text for text in LIGHT if text not in ("time:12", "bands:8")])
def test_a_clip_of_a_fifth_of_a_second(text: str) -> None:
    assert_whole(taken_apart(text, noise(1600, channels=2)))


def test_115_frames_into_6_and_128_bins_into_5() -> None:
    grid = STFT(n_fft=254, hop=80)
    clip = noise(114 * 80)
    found = kind_of("tiles:6x5")(clip, RATE, grid)
    assert found.axes.shape == (128, 115)
    assert_whole(found)
    assert (found.paint(np.ones(30)) > 0).all()
    lengths = np.diff([each.start for each in Time(6).slices(clip.samples[0], RATE)] + [114 * 80])
    assert lengths.max() - lengths.min() <= 1


@pytest.mark.parametrize(("n", "count"), [(800, 7), (30, 12), (12, 12), (8000, 115)])
def test_cross_faded_edges_sum_to_one(n: int, count: int) -> None:
    total = torch.zeros(n, dtype=torch.float64)
    for start, gate in gates_of(Time(count).slices(np.zeros(n), RATE), n, RATE):
        assert float(gate.min()) >= 0
        total[start : start + len(gate)] += gate
    torch.testing.assert_close(total, torch.ones_like(total), rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tim:5", 'did you mean "time"'),
        ("", "no kind of component"),
        ("time:five", "write time:12"),
        ("time:0", "write time:12"),
        ("onsets:-1", "write onsets"),
        ("silence:x", "write silence"),
        ("bands:8:bark", "write bands:8"),
        ("tiles:6", "write tiles:6x4"),
        ("tiles:0x4", "write tiles:6x4"),
        ("superpixels:quickshift:40", "write superpixels"),
        ("superpixels:magic", "write superpixels"),
        ("sources:hpss:3", "write sources:hpss"),
        ("sources:spleeter", "module:function"),
        ("sources:nmf:none", "write sources:hpss"),
        ("channels:2", "write channels"),
        ("patch:0", "write patch:100"),
        ("patch:100:1.0", "write patch:100"),
        ("intervals", "write intervals"),
        ("time:5,onsets", "cannot be combined; cross one kind that cuts time"),
        ("bands:5,channels", "cannot be combined"),
        ("patch:100,time:5", "sources:hpss,time:5"),
        ("sources:hpss,bands:3,time:5", "cannot be combined"),
    ],
)
def test_what_cannot_be_read(text: str, said: str) -> None:
    with pytest.raises(AuricleError, match=said):
        kind_of(text)


@pytest.mark.parametrize(
    ("text", "n", "said"),
    [
        ("time:50", 40, "ask for fewer"),
        ("bands:50", 40, "ask for fewer"),
        ("tiles:2x50", 40, "ask for fewer"),
        ("sources:nmf:40", 400, "ask for at most"),
        ("channels", 400, "one channel"),
        ("patch:0.01", 400, "shorter than one sample"),
        ("patch:1x20", 80000, "larger windows or less overlap"),
        ("patch:0.2:0.9", 800000, "larger windows or less overlap"),
        ("patch:100x0.01", 800, "wider"),
    ],
)
def test_more_than_the_clip_has(text: str, n: int, said: str) -> None:
    with pytest.raises(AuricleError, match=said):
        kind_of(text)(noise(n), RATE, GRID)


def test_products_name_both() -> None:
    found = kind_of("time:2,bands:4:hertz")(noise(), RATE, GRID)
    assert isinstance(kind_of("bands:4,time:2"), Product)
    assert found.names[0] == "0–1 kHz, 0.0–0.5 s"
    assert found.names[5] == "1–2 kHz, 0.5–1.0 s"


def test_describe_has_every_kind() -> None:
    found = {each["name"]: each for each in describe()}
    assert list(found) == list(KINDS)
    for each in found.values():
        assert each["usage"]
        assert each["summary"]
        assert all(setting["meaning"] for setting in each["settings"])


@pytest.mark.parametrize(
    ("kind", "arguments", "settings", "said"),
    [
        ("time", (), {"count": 0}, "time cannot use count=0: input should be greater than or equal to 1"),
        ("time", (0,), {}, "time cannot use count=0"),
        ("time", (), {"cuont": 3}, "time cannot use cuont=3: unexpected keyword argument; its settings are count, sec"),
        ("bands", (4, "bark"), {}, "bands cannot use scale=bark"),
        ("patch", (), {"overlap": 1}, "patch cannot use overlap=1"),
    ],
)
def test_wrong_settings_in_python_are_told(
    kind: str, arguments: tuple[object, ...], settings: dict[str, object], said: str
) -> None:
    with pytest.raises(AuricleError) as told:
        KINDS[kind](*arguments, **settings)
    assert said in str(told.value)
