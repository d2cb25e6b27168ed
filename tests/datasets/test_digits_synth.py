"""Synthetic digits: AudioMNIST's layout, voices that are clearly a man's or a woman's, the same bytes for a seed."""

import json
import sys

import numpy as np
import pytest
import soundfile

from auricle.datasets import open_dataset, splits, voices
from auricle.datasets.audiomnist import DIGIT_GROUPS
from auricle.datasets.digits_synth import FEMALE, META, make_digits_synth, recordings, speaker, speakers_of
from auricle.errors import AuricleError

pytest.importorskip("espeakng_loader", reason="the extra speech is not installed")
KEYS = {"accent", "age", "gender", "native speaker", "origin", "recordingdate", "recordingroom"}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("digits-synth")
    make_digits_synth(folder, takes=2, speakers=5)
    return folder


def sounds(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.wav"))}


def test_it_is_laid_out_and_described_as_audiomnist(corpus):
    names = sorted(sounds(corpus))
    assert len(names) == 5 * 10 * 2
    assert names[0] == "data/01/0_01_0.wav"
    described = json.loads((corpus / "data" / META).read_text())
    assert sorted(described) == ["01", "02", "03", "04", "12"]
    assert all(set(entry) == KEYS for entry in described.values())


def test_every_take_fits_a_second_in_audiomnists_format(corpus):
    for path in corpus.rglob("*.wav"):
        info = soundfile.info(path)
        assert (info.samplerate, info.channels, info.subtype) == (48_000, 1, "PCM_16")
        assert 0.15 < info.duration < 0.99
        assert 0.05 < np.abs(soundfile.read(path)[0]).max() < 0.9


def test_it_opens_with_audiomnists_tasks_and_columns(corpus):
    data = open_dataset(f"digits-synth:{corpus}")
    assert data.name == "digits-synth"
    assert data.group == "speaker"
    assert dict(data.classes)["gender"] == ("male", "female")
    women = data.filter(gender="female")
    assert set(women.column("speaker")) == {"12"}
    assert women.column("age") == [None] * 20


def test_all_sixty_are_there_twelve_of_them_women_each_with_a_voice_of_their_own():
    everyone = speakers_of(60)
    assert [each.number for each in everyone] == list(range(1, 61))
    assert tuple(each.number for each in everyone if each.gender == "female") == FEMALE
    assert len({(each.voice, each.accent) for each in everyone}) == 60
    assert {number for group in DIGIT_GROUPS for number in group} == {each.number for each in everyone}


def test_women_speak_higher_than_men(corpus):
    librosa = pytest.importorskip("librosa")

    def pitch(number):
        said = np.concatenate(list(recordings(speaker(number), 1).values())) / 32768
        said = librosa.resample(said, orig_sr=48_000, target_sr=8000)
        hertz, loudness = librosa.yin(said, fmin=50, fmax=400, sr=8000), librosa.feature.rms(y=said)[0]
        return float(np.median(hertz[loudness > 0.3 * loudness.max()]))

    women, men = [pitch(number) for number in FEMALE], [pitch(number) for number in range(1, 7)]
    assert min(women) > 145
    assert max(men) < 130


def test_a_seed_gives_the_same_bytes_also_when_interrupted_and_extended(corpus, tmp_path):
    whole = sounds(corpus)
    make_digits_synth(tmp_path, takes=1, speakers=5)
    assert sounds(tmp_path) == {name: whole[name] for name in whole if name.endswith("_0.wav")}
    (tmp_path / "data/03/4_03_0.wav").unlink()
    cut = tmp_path / "data/12/9_12_0.wav"
    cut.write_bytes(cut.read_bytes()[:-100])
    kept = (tmp_path / "data/01/0_01_0.wav").stat().st_mtime_ns
    steps = []
    make_digits_synth(tmp_path, takes=2, speakers=5, on_step=lambda done, total: steps.append((done, total)))
    assert sounds(tmp_path) == whole
    assert (tmp_path / "data/01/0_01_0.wav").stat().st_mtime_ns == kept
    assert steps[-1] == (100, 100)


def test_takes_differ_and_so_do_seeds(corpus):
    whole = sounds(corpus)
    assert len(set(whole.values())) == len(whole)
    mine, other = (recordings(speaker(1), 1, seed=seed)[0, 0] for seed in (0, 1))
    assert len(mine) != len(other) or not np.array_equal(mine, other)


def test_the_published_folds_hold_with_all_speakers(corpus, tmp_path):
    """Names alone make a split: every speaker says every digit in an otherwise empty file."""
    make_digits_synth(tmp_path, takes=1, speakers=1)
    entries = {f"{number:02d}": {"gender": speaker(number).gender} for number in range(1, 61)}
    (tmp_path / "data" / META).write_text(json.dumps(entries))
    for name in entries:
        (tmp_path / "data" / name).mkdir(exist_ok=True)
        for digit in range(10):
            (tmp_path / "data" / name / f"{digit}_{name}_0.wav").touch()
    data = open_dataset(f"digits-synth:{tmp_path}")
    assert [len(each.train) for each in splits(data, "digit", "digit")] == [360] * 5
    assert [len(each.test) for each in splits(data, "gender", "gender")] == [60] * 4


def test_bad_input(corpus, tmp_path):
    with pytest.raises(AuricleError, match="seed 0, not 1"):
        make_digits_synth(corpus, seed=1)
    with pytest.raises(AuricleError, match="1 to 50 takes"):
        make_digits_synth(tmp_path, takes=51)
    with pytest.raises(AuricleError, match="60 speakers; 61"):
        make_digits_synth(tmp_path, speakers=61)
    with pytest.raises(AuricleError, match='no voice "nowhere"'):
        voices.espeak().say("one", voice="nowhere")


def test_without_espeak_a_sentence_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    voices.espeak.cache_clear()
    with pytest.raises(AuricleError, match=r"pip install 'auricle\[speech\]'"):
        make_digits_synth(tmp_path / "none")
    assert not (tmp_path / "none").exists()
