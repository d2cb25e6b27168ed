"""Onsets where something begins, cuts in the pauses, intervals as they were marked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from planted_sounds import GRID, RATE, clicks, decibels, noise, words

from auricle.clip import Clip
from auricle.components import Intervals, Onsets, Silence, kind_of
from auricle.components.kind import SliceKind
from auricle.components.onsets import standing_out
from auricle.errors import AuricleError

LONG = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 1
tiers? <exists>
size = 3
item []:
    item [1]:
        class = "TextTier"
        name = "clicks"
        xmin = 0
        xmax = 1
        points: size = 1
        points [1]:
            number = 0.2
            mark = "here"
    item [2]:
        class = "IntervalTier"
        name = "words"
        xmin = 0
        xmax = 1
        intervals: size = 3
        intervals [1]:
            xmin = 0
            xmax = 0.25
            text = ""
        intervals [2]:
            xmin = 0.25
            xmax = 0.5
            text = "say ""no"" 5"
        intervals [3]:
            xmin = 0.5
            xmax = 1
            text = "naïve"
    item [3]:
        class = "IntervalTier"
        name = "phones"
        xmin = 0
        xmax = 1
        intervals: size = 1
        intervals [1]:
            xmin = 0
            xmax = 1
            text = "n"
"""
SHORT = '''File type = "ooTextFile"
Object class = "TextGrid"

0
1
<exists>
1
"IntervalTier"
"words"
0
1
2
0
0.5
"yes"
0.5
1
""
'''


def cuts(kind: SliceKind, clip: Clip) -> list[float]:
    return [each.start / clip.sample_rate for each in kind.slices(clip.mono(clip.sample_rate), clip.sample_rate)][1:]


LIBROSA = """
import sys, json, librosa, numpy
flux = numpy.load(sys.argv[1])
how = {"sr": 8000, "hop_length": 80, "units": "frames"}
print(json.dumps([librosa.onset.onset_detect(onset_envelope=row, **how).tolist() for row in flux]))
"""


@pytest.mark.slow  # compiles for half a minute
def test_frames_that_stand_out_are_librosas(tmp_path: Path, clips: list[Clip]) -> None:
    """Asked in a process with a cache of its own: see ``standing_out``."""
    import librosa

    how = {"sr": 8000, "n_fft": 512, "hop_length": 80, "n_mels": 32}
    flux = np.stack([librosa.onset.onset_strength(y=np.resize(clip.mono(8000), 16000), **how) for clip in clips])
    flux = np.concatenate([flux, np.random.default_rng(0).gamma(1, size=flux.shape), 0 * flux[:1]])
    np.save(tmp_path / "flux.npy", flux)
    run = [sys.executable, "-c", LIBROSA, str(tmp_path / "flux.npy")]
    said = subprocess.run(
        run, env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}, capture_output=True, check=True, text=True
    )
    peaks = json.loads(said.stdout)
    assert [standing_out(row, 100).tolist() for row in flux] == peaks
    assert all(peaks[:-1])
    assert peaks[-1] == []


@pytest.mark.parametrize("rate", [8000, 44100, 1000])
def test_onsets_lie_where_clicks_were_planted(rate: int) -> None:
    planted = [0.3, 0.8, 1.4]
    found = cuts(Onsets(), clicks(*planted, length=2, rate=rate, level=1e-3))
    assert len(found) == 3
    np.testing.assert_allclose(found, planted, atol=0.04)
    assert all(each <= there + 0.01 for each, there in zip(found, planted, strict=True))


def test_at_most_so_many_onsets() -> None:
    """The strongest of three: it stands out of the noise by 14 dB more than the others."""
    clip = clicks(0.3, 0.8, 1.4, length=2, level=1e-3)
    louder = Clip(clip.samples + 4 * clicks(0.8, length=2).samples, RATE)
    np.testing.assert_allclose(cuts(Onsets(2), louder), [0.8], atol=0.04)
    assert cuts(Onsets(1), louder) == []


@pytest.mark.parametrize("kind", [Onsets(), Silence()])
@pytest.mark.parametrize("n", [1, 30, 8000])
def test_nothing_to_cut_is_one_slice(kind: SliceKind, n: int) -> None:
    assert cuts(kind, Clip(np.zeros(n, np.float32), RATE)) == []


def test_a_click_is_in_the_right_slice() -> None:
    found = kind_of("time:5")(clicks(0.5), RATE, GRID)
    assert decibels(found.energies())[2] > -0.01
    assert (decibels(found.energies())[[0, 1, 3, 4]] < -40).all()


def test_silence_cuts_between_words() -> None:
    spans = (0.2, 0.6), (1.0, 1.5), (2.0, 2.3)
    found = cuts(Silence(), words(*spans, length=2.6))
    assert len(found) == 2
    assert 0.6 < found[0] < 1.0
    assert 1.5 < found[1] < 2.0


def test_at_most_so_many_pauses_keeps_the_deepest() -> None:
    clip = words((0, 0.5), (0.9, 1.5), (2.0, 2.6), length=2.6)
    murmur = clip.samples[0].copy()
    murmur[int(0.5 * RATE) : int(0.9 * RATE)] += 0.01 * np.sin(np.arange(int(0.4 * RATE)))
    found = cuts(Silence(2), Clip(murmur, RATE))
    assert len(found) == 1
    assert 1.5 < found[0] < 2.0


def test_the_rest_is_named() -> None:
    found = Intervals(((0.31, 0.5, "S1"), (0.5, 0.7, "systole")))(noise(), RATE, GRID)
    assert found.names == ("rest 0.00–0.31 s", "S1 0.31–0.50 s", "systole 0.50–0.70 s", "rest 0.70–1.00 s")


def test_order_of_intervals_does_not_matter() -> None:
    one, other = ((0.1, 0.2, "a"), (0.5, 0.6, "b")), ((0.5, 0.6, "b"), (0.1, 0.2, "a"))
    assert Intervals(one)(noise(), RATE, GRID).names == Intervals(other)(noise(), RATE, GRID).names


@pytest.mark.parametrize(
    ("marked", "said"),
    [
        (((0.1, 0.2, "a"), (0.5, 1.2, "late")), 'interval "late", 0.5–1.2 s, lies outside the clip, which has 1 s'),
        (((-0.1, 0.2, "early"),), '"early"'),
        (((0.1, 0.4, "a"), (0.3, 0.6, "b")), '"b", 0.3–0.6 s, overlaps with interval "a", 0.1–0.4 s; shorten'),
        (((0.4, 0.1, "back"),), '"back", 0.4–0.1 s, ends at or before its start'),
        (((0.4, 0.4 + 1e-6, "tiny"),), "shorter than one sample"),
        (((0.4, float("inf"), "endless"),), "no finite times"),
        ((), "there are no intervals"),
    ],
)
def test_wrong_intervals_are_named(marked: tuple[tuple[float, float, str], ...], said: str) -> None:
    with pytest.raises(AuricleError, match=said):
        Intervals(marked)(noise(), RATE, GRID)


def test_times_may_be_rounded_at_the_end() -> None:
    assert Intervals(((0.5, 1.004, "a"),))(noise(), RATE, GRID).each[-1].end == 1.0


@pytest.mark.parametrize(
    "text",
    [
        "start,end,label\n0.1,0.2,a\n\n0.4,0.5,b\n",
        "0.1,0.2,a\n0.4,0.5,b",
        "0.1\t0.2\ta\n0.4\t0.5\tb\n",
        "label;end;start\na;0.2;0.1\nb;0.5;0.4\n",
        "\ufeff# marked by hand\n0.1, 0.2, a\n0.4, 0.5, b\n",
    ],
)
def test_tables(text: str, tmp_path: Path) -> None:
    path = tmp_path / "beats, new.csv"
    path.write_text(text, encoding="utf-8")
    kind = kind_of(f"intervals:{path}")
    assert kind.text() == f"intervals:{path}"
    names = kind(noise(), RATE, GRID).names
    assert names[1::2] == ("a 0.10–0.20 s", "b 0.40–0.50 s")


def test_a_table_crossed_with_bands(tmp_path: Path) -> None:
    path = tmp_path / "beats.csv"
    path.write_text("0.1,0.2,a\n")
    assert kind_of(f"intervals:{path},bands:3")(noise(), RATE, GRID).names[3].endswith("a 0.10–0.20 s")


def test_a_bad_row_has_its_number(tmp_path: Path) -> None:
    path = tmp_path / "beats.csv"
    path.write_text("start,end,label\n0.1,0.2,a\nzero,0.5,b\n")
    with pytest.raises(AuricleError, match=r'line 3 of .*beats.csv, "zero,0.5,b"'):
        kind_of(f"intervals:{path}")(noise(), RATE, GRID)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_text_grids(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "speech.TextGrid"
    path.write_text(LONG, encoding=encoding)
    first = kind_of(f"intervals:{path}")(noise(), RATE, GRID)
    assert first.names == ("rest 0.00–0.25 s", 'say "no" 5 0.25–0.50 s', "naïve 0.50–1.00 s")
    assert kind_of(f"intervals:{path}#phones")(noise(), RATE, GRID).names == ("n 0.00–1.00 s",)
    path.write_text(SHORT, encoding=encoding)
    assert kind_of(f"intervals:{path}")(noise(), RATE, GRID).names == ("yes 0.00–0.50 s", "rest 0.50–1.00 s")


def test_text_grids_that_cannot_be_used(tmp_path: Path) -> None:
    path = tmp_path / "speech.TextGrid"
    path.write_text(LONG)
    with pytest.raises(AuricleError, match='no tier "word"; did you mean "words"'):
        kind_of(f"intervals:{path}#word")(noise(), RATE, GRID)
    path.write_text(LONG[:500])
    with pytest.raises(AuricleError, match="no complete TextGrid"):
        kind_of(f"intervals:{path}")(noise(), RATE, GRID)
    with pytest.raises(AuricleError, match="does not exist"):
        kind_of(f"intervals:{tmp_path / 'none.csv'}")(noise(), RATE, GRID)


def test_labels_survive_their_text() -> None:
    kind = Intervals(((0.1, 0.25, "a; b, c=d é"), (0.3, 1e-5 + 0.3, "")))
    assert kind_of(kind.text()) == kind
