"""Any separator behind one interface: what it leaves out is heard, what is wrong is said, what took long is kept."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from planted_sounds import GRID, RATE, assert_whole, noise, parts, tone
from torch import nn

from auricle.clip import Clip
from auricle.components import Demucs, Sources, kind_of
from auricle.errors import AuricleError
from auricle.files import cache_folder


def halves(samples: np.ndarray, sample_rate: int) -> dict[str, np.ndarray]:
    return {"some": 0.5 * samples, "more": 0.5 * samples}


def test_any_function_is_a_separator() -> None:
    found = Sources(separator=halves)(noise(), RATE, GRID)
    assert found.names == ("some", "more")
    assert found.each[0].source == "some"
    assert_whole(found)


@pytest.mark.parametrize("wrap", [np.stack, lambda stems: torch.tensor(np.stack(stems)), list])
def test_an_array_of_stems(wrap: Callable[[list[np.ndarray]], Any]) -> None:
    found = Sources(separator=lambda samples, rate: wrap([0.3 * samples, 0.7 * samples]))(noise(), RATE, GRID)
    assert found.names == ("source 1", "source 2")
    assert_whole(found)


@pytest.mark.parametrize(("left_out", "names"), [(0.1, ("voice", "residual")), (1e-4, ("voice",))])
def test_an_audible_residual_is_a_component(left_out: float, names: tuple[str, ...]) -> None:
    found = Sources(separator=lambda samples, rate: {"voice": (1 - left_out) * samples})(noise(), RATE, GRID)
    assert found.names == names
    assert_whole(found)


def test_a_baseline_is_shared_equally() -> None:
    found = Sources(separator=halves)(noise(), RATE, GRID)
    other = torch.randn(8000, dtype=torch.float64)
    torch.testing.assert_close(found.split(other)[0].values, (other / 2).expand(2, -1))


def test_a_separator_hears_the_rate_it_asks_for() -> None:
    heard = []

    class AtItsRate:
        sample_rate = 22050

        def __call__(self, samples: np.ndarray, sample_rate: int) -> dict[str, np.ndarray]:
            heard.append((len(samples), sample_rate, samples.dtype))
            return halves(samples, sample_rate)

    found = Sources(separator=AtItsRate())(noise(44100 + 1, rate=44100), RATE, GRID)
    assert heard == [(22051, 22050, np.float32)] or heard == [(22050, 22050, np.float32)]
    assert_whole(found)


@pytest.mark.parametrize(
    ("back", "said"),
    [
        (lambda samples: {"voice": samples[:-1]}, 'returned "voice" with 7999 samples; expected are stems of 8000'),
        (lambda samples: {"voice": samples[None]}, r"shape \(1, 8000\)"),
        (lambda samples: {"voice": samples * np.nan}, 'returned 8000 samples of NaN or infinity in "voice"'),
        (lambda samples: {"voice": "la"}, 'returned a str as "voice"'),
        (lambda samples: {"voice": samples * 1j}, 'returned a ndarray as "voice"'),
        (lambda samples: {}, "returned no stems"),
        (lambda samples: samples, r"returned an array of shape \(8000,\)"),
        (lambda samples: None, "returned a NoneType"),
        (lambda samples: [samples, samples[1:]], "returned a list"),
    ],
)
def test_what_comes_back_wrong_is_said(back: Callable[[np.ndarray], Any], said: str) -> None:
    def mine(samples: np.ndarray, sample_rate: int) -> Any:
        return back(samples)

    with pytest.raises(AuricleError, match=f"the separator .*mine.*{said}"):
        Sources(separator=mine)(noise(), RATE, GRID)


def test_a_function_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_separator.py").write_text(
        "def split(samples, sample_rate):\n    return {'all': samples}\nnumber = 3\n"
    )
    monkeypatch.chdir(tmp_path)
    kind = kind_of("sources:my_separator:split")
    assert kind.text() == "sources:my_separator:split"
    assert kind(noise(), RATE, GRID).names == ("all",)
    wrong = [
        ("my_separator:spilt", "has no"),
        ("my_separator:number", "is int, which cannot be called"),
        ("nope:f", "imported"),
    ]
    for text, said in wrong:
        with pytest.raises(AuricleError, match=said):
            kind_of(f"sources:{text}")


class Kept:
    """A separator that counts how often it was asked."""

    version = "1"

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, samples: np.ndarray, sample_rate: int) -> dict[str, np.ndarray]:
        self.asked += 1
        return {"zebra": 0.25 * samples, "ape": 0.75 * samples}


def test_a_separator_with_a_version_is_asked_once(cache: Path) -> None:
    separator = Kept()
    first = Sources(separator=separator)(noise(), RATE, GRID)
    again = Sources(separator=separator)(noise(), RATE, GRID)
    assert separator.asked == 1
    assert again.names == first.names == ("zebra", "ape")
    assert torch.equal(first.own[0].values, again.own[0].values)
    Sources(separator=separator)(noise(seed=1), RATE, GRID)
    assert separator.asked == 2
    separator.version = "2"
    Sources(separator=separator)(noise(), RATE, GRID)
    assert separator.asked == 3
    assert len(list(cache.rglob("*.safetensors"))) == 3
    assert not list(cache.rglob("*.part"))


def test_a_function_without_a_version_is_not_kept(cache: Path) -> None:
    Sources(separator=halves)(noise(), RATE, GRID)
    assert not cache.exists()


@pytest.mark.parametrize("text", ["sources:hpss", "sources:nmf:3"])
def test_masks_from_the_cache_are_the_same(text: str, cache: Path) -> None:
    first, again = (kind_of(text)(noise(), RATE, GRID) for _ in range(2))
    assert len(list(cache.rglob("*.safetensors"))) == 1
    assert torch.equal(first.own[0].values, again.own[0].values)


def test_a_damaged_file_is_made_anew(cache: Path) -> None:
    separator = Kept()
    first = Sources(separator=separator)(noise(), RATE, GRID)
    (path,) = cache.rglob("*.safetensors")
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[-100] ^= 1
    for i, damaged in enumerate([b"", whole[:1000], b"nonsense" * 40, bytes(flipped)]):
        path.write_bytes(damaged)
        again = Sources(separator=separator)(noise(), RATE, GRID)
        assert separator.asked == 2 + i
        assert torch.equal(first.own[0].values, again.own[0].values)
        assert path.read_bytes() == whole


def test_where_nothing_can_be_written_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("AURICLE_CACHE", str(tmp_path / "file"))
    assert_whole(kind_of("sources:hpss")(noise(), RATE, GRID))


def test_the_oldest_files_go_first(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auricle.components.cache.LARGEST_BYTES", 150_000)
    for seed in range(4):
        Sources(separator=Kept())(noise(seed=seed), RATE, GRID)
    assert sum(each.stat().st_size for each in cache.rglob("*.safetensors")) <= 150_000


def test_the_cache_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert str(cache_folder()).endswith("cache")
    monkeypatch.delenv("AURICLE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "auricle"


class SmallDemucs(nn.Module):
    """A model with demucs' attributes: two stems of a stereo mix by filters that sum to the mix."""

    samplerate, audio_channels, sources = 16000, 2, ("drums", "vocals")

    def __init__(self) -> None:
        super().__init__()
        self.smooth = nn.Conv1d(2, 2, 9, padding=4, groups=2, bias=False)

    def forward(self, mix: torch.Tensor) -> torch.Tensor:
        assert mix.shape[1] == 2
        low = self.smooth(mix)
        return torch.stack([low, mix - low], dim=1)


def test_a_model_like_demucs() -> None:
    model = SmallDemucs().eval()
    with torch.no_grad():
        model.smooth.weight.fill_(1 / 9)
    found = Sources(separator=Demucs(model, device="cpu"))(tone(300), RATE, GRID)
    assert found.names == ("drums", "vocals")
    assert_whole(found)
    drums, vocals = parts(found).square().sum(-1)
    assert drums > 100 * vocals
    assert_whole(Sources(separator=Demucs(model, device="cpu"))(Clip(np.zeros(4000, np.float32), RATE), RATE, GRID))


def test_a_small_demucs_of_the_package() -> None:
    package = pytest.importorskip("demucs.htdemucs")
    model = package.HTDemucs(["drums", "other"], channels=16, t_layers=1, segment=2).eval()
    kind = Sources(separator=Demucs(model, device="cpu"))
    first, again = (kind(noise(4000), RATE, GRID) for _ in range(2))
    assert_whole(first)
    assert torch.equal(first.own[0].values, again.own[0].values)


def test_demucs_is_asked_for_when_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "demucs", None)
    with pytest.raises(AuricleError, match=r"pip install 'auricle\[sources\]'"):
        kind_of("sources:demucs")(noise(), RATE, GRID)


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    code = (
        "import sys, auricle.components; "
        "print([name for name in ('skimage', 'sklearn', 'librosa', 'demucs', 'scipy') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def refuses(samples: np.ndarray, sample_rate: int) -> None:
    raise RuntimeError("no such device")


def leaves(samples: np.ndarray, sample_rate: int) -> None:
    raise SystemExit(3)


class NeedsAName:
    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, samples: np.ndarray, sample_rate: int) -> dict[str, np.ndarray]:
        return {"all": samples}


@pytest.mark.parametrize(
    ("separator", "said"),
    [
        (refuses, r"refuses raised RuntimeError \(no such device\) when it was called with"),
        (leaves, "leaves raised SystemExit"),
        (lambda samples: samples, "raised TypeError .* a separator is a function of samples"),
        (NeedsAName, "NeedsAName cannot be made without arguments"),
        (lambda samples, rate: {"pcm": (samples * 32767).astype(np.int16)}, "90 dB louder than the clip"),
    ],
)
def test_a_separator_that_fails_is_told(separator: Any, said: str) -> None:
    with pytest.raises(AuricleError, match=said):
        Sources(separator=separator)(noise(), RATE, GRID)


def test_a_module_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_separator.py").write_text("this is no python")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AuricleError, match='"broken_separator" cannot be imported'):
        kind_of("sources:broken_separator:split")
