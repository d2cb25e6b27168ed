"""Fetching from a server of this machine that breaks connections, ignores ranges and changes its files."""

import errno
import hashlib
import io
import json
import re
import tarfile
import zipfile
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import pytest
from local_site import ABOUT, Site, serving

from auricle.datasets import SOURCES, downloading, fetching, unpacking
from auricle.datasets.fetching import MEMORY, Fetched, fetch
from auricle.datasets.source import Source
from auricle.errors import AuricleError


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(downloading, "PAUSE", 0.0)
    with serving() as started:
        yield started


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def tarred(files: dict[str, bytes | str]) -> bytes:
    """A .tar.gz; a string is a link to what it says."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            if isinstance(content, str):
                member.type, member.linkname = tarfile.SYMTYPE, content
                archive.addfile(member)
            else:
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def md5(content: bytes) -> str:
    return f"md5:{hashlib.md5(content).hexdigest()}"


NOISE = bytes(hashlib.shake_128(b"noise").digest(200_000))
ARCHIVES = {"zip": zipped({"audio/1.wav": NOISE, "meta.csv": b"a,b"}), "tar.gz": tarred({"audio/1.wav": NOISE})}


@pytest.mark.parametrize("ending", ARCHIVES)
def test_a_file_is_downloaded_verified_and_unpacked(site, tmp_path, ending):
    name, body = f"data.{ending}", ARCHIVES[ending]
    site.files[name] = body
    told = []
    found = fetch(site.source(name, checksum=md5(body)), tmp_path / "new", on_progress=lambda *each: told.append(each))
    assert found == [Fetched(name=name, checksum=md5(body), checked="published", new=True)]
    assert (tmp_path / "new" / "audio" / "1.wav").read_bytes() == NOISE
    assert told[0] == (name, 0, len(body))
    assert told[-1] == (name, len(body), len(body))
    assert [each.name for each in (tmp_path / "new").glob(f"{name}*")] == []


def test_what_is_there_is_not_downloaded_again(site, tmp_path):
    site.files["data.zip"] = ARCHIVES["zip"]
    source = site.source("data.zip", checksum=md5(ARCHIVES["zip"]))
    fetch(source, tmp_path)
    assert [each.new for each in fetch(source, tmp_path)] == [False]
    assert len(site.asked) == 1


def test_another_published_checksum_is_another_file(site, tmp_path):
    site.files["data.zip"] = ARCHIVES["zip"]
    fetch(site.source("data.zip"), tmp_path)
    site.files["data.zip"] = zipped({"audio/1.wav": b"corrected"})
    fetch(site.source("data.zip", checksum=md5(site.files["data.zip"])), tmp_path)
    assert (tmp_path / "audio" / "1.wav").read_bytes() == b"corrected"


def test_a_broken_connection_is_taken_up_where_it_broke(site, tmp_path):
    site.files["data.zip"], site.cut["data.zip"] = ARCHIVES["zip"], [65_536]
    fetch(site.source("data.zip", checksum=md5(ARCHIVES["zip"])), tmp_path)
    assert site.asked == [("data.zip", None), ("data.zip", "bytes=65536-")]
    assert (tmp_path / "audio" / "1.wav").read_bytes() == NOISE


def test_the_same_call_goes_on_when_the_connection_stays_broken(site, tmp_path):
    site.files["data.zip"], site.cut["data.zip"] = ARCHIVES["zip"], [49_152, 49_152, 0]
    source = site.source("data.zip", checksum=md5(ARCHIVES["zip"]))
    with pytest.raises(AuricleError, match=r"broke off .*the same command goes on from there"):
        fetch(source, tmp_path)
    assert (tmp_path / "data.zip.part").stat().st_size == 98_304
    fetch(source, tmp_path)
    assert site.asked[-1] == ("data.zip", "bytes=98304-")
    assert (tmp_path / "audio" / "1.wav").read_bytes() == NOISE


def test_an_interruption_keeps_what_has_arrived(site, tmp_path):
    site.files["data.zip"] = ARCHIVES["zip"]
    source = site.source("data.zip")

    def stop(name: str, done: int, total: int | None) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(source, tmp_path, on_progress=stop)
    have = (tmp_path / "data.zip.part").stat().st_size
    assert have > 0
    fetch(source, tmp_path)
    assert site.asked[-1] == ("data.zip", f"bytes={have}-")
    assert (tmp_path / "audio" / "1.wav").read_bytes() == NOISE


def test_a_server_without_ranges_sends_everything_again(site, tmp_path):
    site.knows_ranges = False
    site.files["data.zip"], site.cut["data.zip"] = ARCHIVES["zip"], [65_536]
    fetch(site.source("data.zip", checksum=md5(ARCHIVES["zip"])), tmp_path)
    assert len(site.asked) == 2
    assert (tmp_path / "audio" / "1.wav").read_bytes() == NOISE


def test_a_file_that_has_changed_in_between_is_begun_anew(site, tmp_path):
    site.files["data.zip"], site.cut["data.zip"] = ARCHIVES["zip"], [65_536, 0, 0]
    source = site.source("data.zip")
    with pytest.raises(AuricleError, match="broke off"):
        fetch(source, tmp_path)
    site.files["data.zip"] = zipped({"audio/2.wav": NOISE[::-1]})
    fetch(source, tmp_path)
    assert (tmp_path / "audio" / "2.wav").read_bytes() == NOISE[::-1]


def test_a_wrong_checksum_is_told_and_the_file_removed(site, tmp_path):
    site.files["data.zip"] = ARCHIVES["zip"]
    wrong = md5(b"another file")
    with pytest.raises(AuricleError, match=f"{md5(ARCHIVES['zip'])[4:]}, not {wrong} as is published"):
        fetch(site.source("data.zip", checksum=wrong), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_without_a_published_checksum_the_first_one_is_remembered(site, tmp_path):
    site.files["data.zip"] = ARCHIVES["zip"]
    source = site.source("data.zip")
    first = fetch(source, tmp_path)[0]
    assert first.checksum == f"sha256:{hashlib.sha256(ARCHIVES['zip']).hexdigest()}"
    assert first.checked == "nothing"
    assert json.loads((tmp_path / MEMORY).read_text())["data.zip"]["holds"] == ["audio", "meta.csv"]
    (tmp_path / "meta.csv").unlink()
    assert fetch(source, tmp_path)[0].checked == "remembered"
    assert (tmp_path / "meta.csv").is_file()
    (tmp_path / "meta.csv").unlink()
    site.files["data.zip"] = zipped({"audio/1.wav": b"changed"})
    with pytest.raises(AuricleError, match=r"as an earlier download had.*delete .*downloads\.json"):
        fetch(source, tmp_path)
    assert (tmp_path / "audio" / "1.wav").read_bytes() == NOISE


def test_files_that_are_no_archives_stay_as_they_are(site, tmp_path):
    site.files["annotations.csv"] = b"a,b\n"
    source = site.source("annotations.csv", checksum=md5(b"a,b\n"), unpack=False)
    assert [each.new for each in (*fetch(source, tmp_path), *fetch(source, tmp_path))] == [True, False]
    (tmp_path / "annotations.csv").write_text("spoilt")
    fetch(source, tmp_path)
    assert (tmp_path / "annotations.csv").read_bytes() == b"a,b\n"


def test_the_folder_that_github_adds_is_taken_off(site, tmp_path):
    body = tarred({"words-1.0/recordings/a.wav": NOISE, "words-1.0/README.md": b"words"})
    site.files["somebody/words/archive/v1.0.tar.gz"] = body
    fetch(site.source("somebody/words/archive/v1.0.tar.gz"), tmp_path)
    assert (tmp_path / "recordings" / "a.wav").read_bytes() == NOISE


@pytest.mark.parametrize("name", ["../outside.txt", "audio/../../outside.txt", "/tmp/outside.txt", "C:\\outside.txt"])
@pytest.mark.parametrize("make", [zipped, tarred])
def test_an_archive_that_leads_out_of_its_folder_is_refused(site, tmp_path, name, make):
    site.files["evil"] = make({name: b"gotcha"})
    with pytest.raises(AuricleError, match="outside its folder"):
        fetch(site.source("evil"), tmp_path / "data")
    assert not (tmp_path / "outside.txt").exists()


def test_links_in_an_archive_are_not_followed(site, tmp_path):
    site.files["links.tar.gz"] = tarred({"away": str(tmp_path), "away/outside.txt": b"gotcha", "fine.txt": b"fine"})
    fetch(site.source("links.tar.gz"), tmp_path / "data")
    assert not (tmp_path / "outside.txt").exists()
    assert (tmp_path / "data" / "fine.txt").read_bytes() == b"fine"


def test_a_link_that_is_there_already_is_not_followed(site, tmp_path):
    site.files["data.zip"] = ARCHIVES["zip"]
    (tmp_path / "data").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "data" / "audio").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(AuricleError, match="leads out of"):
        fetch(site.source("data.zip"), tmp_path / "data")
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize(
    "body",
    [
        b"<html>not an archive</html>",
        ARCHIVES["zip"][:150_000],
        ARCHIVES["zip"].replace(NOISE[:50], bytes(50)),
        ARCHIVES["tar.gz"][:150_000],
        ARCHIVES["tar.gz"][:150_000] + bytes(100) + ARCHIVES["tar.gz"][150_100:],
    ],
    ids=["a page", "half a zip", "a zip with other bytes", "half a tar", "a tar with other bytes"],
)
def test_a_damaged_archive_is_told_and_downloaded_again(site, tmp_path, body):
    site.files["data"] = body
    source = site.source("data")
    with pytest.raises(AuricleError, match="it was removed, so that the same command downloads it again"):
        fetch(source, tmp_path)
    site.files["data"] = ARCHIVES["zip"]
    fetch(source, tmp_path)
    assert (tmp_path / "audio" / "1.wav").read_bytes() == NOISE


Usage = namedtuple("Usage", "total used free")


def test_too_small_a_disk_is_told_before_the_download(site, tmp_path, monkeypatch):
    site.files["data.zip"] = ARCHIVES["zip"]
    monkeypatch.setattr(downloading.shutil, "disk_usage", lambda path: Usage(0, 0, 1000))
    with pytest.raises(AuricleError, match=r"1\.0 kB free, but 200\.\d kB are still to be downloaded"):
        fetch(site.source("data.zip"), tmp_path)


def test_too_small_a_disk_is_told_before_unpacking(site, tmp_path, monkeypatch):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(10_000_000))
    site.files["data.zip"] = buffer.getvalue()
    monkeypatch.setattr(unpacking.shutil, "disk_usage", lambda path: Usage(0, 0, 1_000_000))
    with pytest.raises(AuricleError, match=r"data\.zip unpacks to 10\.0 MB"):
        fetch(site.source("data.zip"), tmp_path)


def test_a_disk_that_becomes_full_is_told_and_the_same_call_goes_on(site, tmp_path, monkeypatch):
    site.files["data.zip"] = ARCHIVES["zip"]
    whole = unpacking._copy

    def full(*what: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(unpacking, "_copy", full)
    with pytest.raises(AuricleError, match="is full; free some space"):
        fetch(site.source("data.zip"), tmp_path)
    monkeypatch.setattr(unpacking, "_copy", whole)
    fetch(site.source("data.zip"), tmp_path)
    assert len(site.asked) == 1
    assert (tmp_path / "audio" / "1.wav").read_bytes() == NOISE


def test_a_missing_file_is_told(site, tmp_path):
    with pytest.raises(AuricleError, match="the server answers 404"):
        fetch(site.source("gone.zip"), tmp_path)


def test_no_server_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(downloading, "PAUSE", 0.0)
    with pytest.raises(AuricleError, match="check the connection"):
        fetch(Site("http://127.0.0.1:1").source("data.zip"), tmp_path)


def test_a_data_set_without_downloads_says_how_to_get_it(tmp_path):
    source = Source(name="asked", about=ABOUT, layout="", open=Path, by_hand="ask them")
    with pytest.raises(AuricleError, match="cannot be downloaded by auricle; ask them"):
        fetch(source, tmp_path)


def test_a_folder_that_cannot_be_written_to_is_told(site, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(AuricleError, match="cannot be written to"):
        fetch(site.source("data.zip"), tmp_path / "file" / "data")


def test_a_damaged_memory_is_told(site, tmp_path):
    (tmp_path / fetching.MEMORY).write_text("{")
    with pytest.raises(AuricleError, match="is damaged; delete it"):
        fetch(site.source("data.zip"), tmp_path)


@pytest.mark.parametrize("source", SOURCES.values(), ids=list(SOURCES))
def test_every_data_set_can_be_got_in_some_way(source):
    assert source.remotes or source.by_hand or source.make
    for each in source.remotes:
        assert each.url.startswith("https://")
        assert re.fullmatch(r"md5:[0-9a-f]{32}|sha256:[0-9a-f]{64}|", each.checksum)
    for names in ([each.name for each in source.remotes], [each.checksum for each in source.remotes if each.checksum]):
        assert len(set(names)) == len(names)
