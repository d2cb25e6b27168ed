"""What is wrong with a data set is found, told in a sentence, and a broken file never stops the check."""

import threading

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from auricle.cli.commands import app
from auricle.datasets import Dataset, Split, open_dataset, table_of
from auricle.datasets.checking import check_dataset, open_to_check
from auricle.errors import AuricleError

RATE = 8000


def noise(seed=0, seconds=0.5, level=0.1):
    return level * np.random.default_rng(seed).normal(size=round(seconds * RATE)).clip(-3, 3)


def write(path, samples, rate=RATE, **more):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate, **more)


def kinds(checked):
    return {each.kind for each in checked.findings}


def finding(checked, kind):
    (found,) = [each for each in checked.findings if each.kind == kind]
    return found


@pytest.fixture
def folder(tmp_path):
    """Two classes of twelve good clips each."""
    for label in ("cat", "dog"):
        for number in range(12):
            write(tmp_path / "set" / label / f"{number}.wav", noise(hash((label, number)) % 2**32))
    return tmp_path / "set"


def test_a_good_data_set_has_nothing_but_notes(folder):
    checked = check_dataset(open_to_check(folder))
    assert {each.severity for each in checked.findings} <= {"note"}
    assert len(checked.facts) == checked.table.num_rows == 24
    first = checked.facts[0]
    assert (first.rate, first.channels, first.seconds, first.clipped, first.silent) == (RATE, 1, 0.5, 0, False)
    assert first.rms_db == pytest.approx(-20, abs=0.5)


def test_broken_files_are_findings_and_no_crash(folder):
    whole = (folder / "cat/0.wav").read_bytes()
    (folder / "cat/0.wav").write_bytes(whole[:2000])
    (folder / "cat/1.wav").write_bytes(b"no sound at all")
    (folder / "cat/2.wav").write_bytes(b"")
    write(folder / "cat/3.wav", np.where(np.arange(4000) == 7, np.nan, noise()), subtype="FLOAT")
    write(folder / "cat/4.flac", noise(4, 5.0))
    flac = (folder / "cat/4.flac").read_bytes()
    (folder / "cat/4.flac").write_bytes(flac[: len(flac) // 2])
    checked = check_dataset(open_to_check(folder))
    assert finding(checked, "truncated").ids == ("cat/0.wav",)
    assert finding(checked, "NaN").ids == ("cat/3.wav",)
    unreadable = {each.ids[0] for each in checked.findings if each.kind in ("unreadable", "damaged")}
    assert unreadable == {"cat/1.wav", "cat/2.wav", "cat/4.flac"}
    assert all(each.severity == "error" for each in checked.errors)
    assert len(checked.facts) == 25


def test_silent_and_clipped_clips_are_told_but_a_mere_peak_is_not(folder):
    write(folder / "dog/0.wav", np.zeros(RATE))
    write(folder / "dog/1.wav", (1.5 * np.sin(np.arange(4000) / 5)).clip(-1, 1))
    peaked = noise(2)
    peaked[100] = 1.0
    write(folder / "dog/2.wav", peaked)
    checked = check_dataset(open_to_check(folder))
    assert finding(checked, "silent").ids == ("dog/0.wav",)
    assert finding(checked, "clipped").ids == ("dog/1.wav",)


def test_a_run_at_full_scale_is_counted_across_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr("auricle.datasets.checking_clips.BLOCK", 100)
    samples = np.zeros((500, 2))
    samples[98:103, 0] = 1.0
    samples[199:201, 0] = 1.0
    samples[250:460, 1] = -1.0
    write(tmp_path / "one.wav", samples)
    assert check_dataset(open_to_check(tmp_path)).facts[0].clipped == 5 + 210


def test_the_same_sound_is_found_in_another_format_and_with_another_label(folder):
    sound, _ = soundfile.read(folder / "cat/0.wav")
    write(folder / "cat/again.flac", sound)
    checked = check_dataset(open_to_check(folder))
    assert finding(checked, "duplicate").ids == ("cat/0.wav", "cat/again.flac")
    write(folder / "dog/again.flac", sound)
    checked = check_dataset(open_to_check(folder))
    assert finding(checked, "label").severity == "error"
    assert "cat, dog" in finding(checked, "label").sentence


def test_rows_without_files_files_without_rows_and_labels_with_few_clips(folder):
    rows = [f"{label}/{number}.wav,{label}" for label in ("cat", "dog") for number in range(11)]
    table = folder / "clips.csv"
    table.write_text("path,label\n" + "\n".join([*rows, "cat/gone.wav,cat", "dog/11.wav,cow"]) + "\n")
    checked = check_dataset(open_to_check(table))
    assert finding(checked, "missing").ids == ("cat/gone.wav",)
    assert finding(checked, "no row").ids == ("cat/11.wav",)
    assert "cow (1)" in finding(checked, "few clips").sentence
    table.write_text("path,label\n" + "\n".join([*rows, "bird/gone.wav,bird"]) + "\n")
    assert "bird" in finding(check_dataset(open_to_check(table)), "label without clips").sentence


def with_speakers(folder, **columns):
    rows = [
        {"id": f"cat/{number}.wav", "path": f"cat/{number}.wav", "speaker": str(number % 4)} for number in range(12)
    ]
    rows = [{**row, "label": "ab"[number % 2]} for number, row in enumerate(rows)]
    rows = [{**row, **{name: of(number) for name, of in columns.items()}} for number, row in enumerate(rows)]
    return Dataset(name="spoken", table=table_of(rows), root=folder, classes={"label": ("a", "b")}, group="speaker")


def test_speakers_in_several_parts_are_found_in_columns_and_schemes(folder):
    clean = check_dataset(with_speakers(folder, split=lambda number: "train" if number % 4 < 3 else "test"))
    assert "group in several parts" not in kinds(clean)
    leaking = check_dataset(with_speakers(folder, split=lambda number: "train" if number < 9 else "test"))
    told = finding(leaking, "group in several parts")
    assert told.severity == "error"
    assert "more than one split" in told.sentence
    assert (
        "fold"
        in finding(check_dataset(with_speakers(folder, fold=lambda n: n // 4)), "group in several parts").sentence
    )

    def scheme(known):
        def of(dataset):
            train, test = np.arange(9), np.arange(9, 12)
            return [Split(name="first", train=train, validate=train[:0], test=test, known_groups=known)]

        return of

    for known, severity in ((False, "error"), (True, "note")):
        data = with_speakers(folder)
        data = Dataset(**{**data.__dict__, "schemes": {"own": scheme(known)}})
        assert finding(check_dataset(data), "group in several parts").severity == severity


def test_a_sound_in_both_train_and_test_is_an_error(folder):
    (folder / "cat/3.wav").write_bytes((folder / "cat/0.wav").read_bytes())
    leaking = check_dataset(with_speakers(folder, split=lambda number: "test" if number % 4 == 3 else "train"))
    assert finding(leaking, "duplicate across a split").severity == "error"


def test_a_plain_folder_needs_no_labels(tmp_path):
    write(tmp_path / "a.wav", noise(1))
    write(tmp_path / "deep/b.ogg", np.stack([noise(2), noise(3)], 1), rate=16_000)
    (tmp_path / "notes.txt").write_text("no sound")
    checked = check_dataset(open_to_check(tmp_path))
    assert [each.id for each in checked.facts] == ["a.wav", "deep/b.ogg"]
    assert kinds(checked) == {"rates", "numbers of channels"}
    (tmp_path / "empty").mkdir()
    with pytest.raises(AuricleError, match="holds no sound files"):
        open_to_check(tmp_path / "empty")


def test_clips_are_heard_in_threads_and_counted(folder):
    steps, before = [], threading.active_count()
    check_dataset(open_to_check(folder), threads=3, on_step=lambda done, total: steps.append((done, total)))
    assert steps == [(number, 24) for number in range(1, 25)]
    assert threading.active_count() == before


def test_the_command_writes_a_page_and_fails_on_errors(folder, tmp_path):
    run = CliRunner().invoke(app, ["data", "check", str(folder), "--out", str(tmp_path / "out")])
    assert run.exit_code == 0, run.output
    assert "24 clips heard, no errors" in run.output
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"index.html", "check.csv", "findings.csv"}
    (folder / "cat/1.wav").write_bytes(b"no sound at all")
    run = CliRunner().invoke(app, ["data", "check", str(folder), "--out", str(tmp_path / "out")])
    assert run.exit_code == 1
    assert "error: cat/1.wav cannot be read as sound" in run.output


def test_the_command_makes_what_it_says(tmp_path):
    run = CliRunner().invoke(app, ["data", "make", "planted", "--clips", "10", "--out", str(tmp_path / "p")])
    assert run.exit_code == 0, run.output
    assert len(open_dataset(f"planted:{tmp_path / 'p'}")) == 10
    run = CliRunner().invoke(app, ["data", "make", "planted", "--takes", "3", "--out", str(tmp_path / "q")])
    assert isinstance(run.exception, AuricleError)
    assert "planted has no --takes" in str(run.exception)


def test_on_real_recordings(fsdd):
    """All of FSDD can be read; its authors test new takes of known speakers, which is noted and no error."""
    from pathlib import Path

    data = open_dataset(f"fsdd:{Path(fsdd.source).parents[1]}")
    checked = check_dataset(data.filter(digit="seven"))
    assert not checked.errors
    assert {each.rate for each in checked.facts} == {8000}
    assert "known ones" in next(each.sentence for each in checked.findings if each.kind == "group in several parts")
