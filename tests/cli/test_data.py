"""`auricle data list` and `auricle data get`."""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile
from local_site import Site, serving

from auricle.datasets import catalogue, downloading, fetching
from auricle.datasets.folder import open_folder


def sounds() -> bytes:
    """Two classes with a sound each, as a zip file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number, name in enumerate(("cat", "dog")):
            sound = io.BytesIO()
            soundfile.write(sound, [0.1 * number] * 8000, 8000, format="WAV")
            archive.writestr(f"{name}/1.wav", sound.getvalue())
    return buffer.getvalue()


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Site]:
    monkeypatch.setattr(downloading, "PAUSE", 0.0)
    monkeypatch.setenv("AURICLE_DATA", str(tmp_path / "home"))
    with serving() as started:
        started.files["pets.zip"] = sounds()
        yield started


@pytest.fixture
def pets(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    checksum = f"md5:{hashlib.md5(site.files['pets.zip']).hexdigest()}"
    monkeypatch.setitem(catalogue.SOURCES, "test", site.source("pets.zip", checksum=checksum, opened=open_folder))
    return site


def test_list_says_licence_and_how_to_get_each(auricle):
    ran = auricle("data", "list")
    assert ran.code == 0
    assert "physionet-2016: " in ran.out
    assert "licence: Open Data Commons Attribution License (ODC-By) 1.0" in ran.out
    assert "get: auricle data get fsdd" in ran.out


def test_list_as_json_has_every_data_set(auricle):
    found = json.loads(auricle("data", "list", "--json").out)
    assert [each["name"] for each in found] == list(catalogue.SOURCES)
    assert all(each["title"] and each["licence"] and each["layout"] and each["get"] for each in found)


def test_get_says_the_licence_first_and_what_was_verified_last(auricle, pets, tmp_path):
    ran = auricle("data", "get", "test")
    assert ran.code == 0
    assert ran.out.index("licence: none") < ran.out.index("size: 1 file, 32.3 kB") < ran.out.index("verified against")
    assert f"2 clips in {tmp_path / 'home' / 'test'}; use them as test" in ran.out
    assert "already there" in auricle("data", "get", "test").out


def test_get_says_when_there_is_nothing_to_verify_against(auricle, site, monkeypatch):
    monkeypatch.setitem(catalogue.SOURCES, "test", site.source("pets.zip", opened=open_folder))
    ran = auricle("data", "get", "test")
    assert f"sha256:{hashlib.sha256(site.files['pets.zip']).hexdigest()} (no checksum is published" in ran.out


def test_a_broken_download_goes_on_with_the_same_command(auricle, pets, tmp_path):
    pets.cut["pets.zip"] = [16_384, 0, 0]
    ran = auricle("data", "get", "test", "--out", tmp_path / "pets")
    assert ran.code == 1
    assert len(ran.complaints) == 1
    assert "the same command goes on from there" in ran.err
    ran = auricle("data", "get", "test", "--out", tmp_path / "pets")
    assert ran.code == 0
    assert pets.asked[-1] == ("pets.zip", "bytes=16384-")
    assert f"use them as test:{tmp_path / 'pets'}" in ran.out


def test_stopped_it_says_that_the_same_command_goes_on(auricle, pets, monkeypatch):
    def stop(*what: object, **more: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(fetching, "fetch", stop)
    ran = auricle("data", "get", "test")
    assert ran.code == 130
    assert "stopped; what has arrived is kept" in ran.err


def test_what_cannot_be_downloaded_says_how_to_get_it(auricle):
    ran = auricle("data", "get", "yaseen")
    assert ran.code == 1
    assert "licence: none is stated" in ran.out
    assert "download the five archives" in ran.err
    assert len(ran.complaints) == 1


def test_an_unknown_name_is_told_with_the_nearest(auricle):
    ran = auricle("data", "get", "yassen")
    assert ran.code == 1
    assert 'did you mean "yaseen"?' in ran.err
