"""``auricle evaluate --protocol`` as a person runs it, on the bundled model and voices."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from auricle import demo
from auricle.cli import main
from auricle.cli.protocols import Asked, check, refuse_without_protocol
from auricle.errors import AuricleError


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    def ran(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["auricle", *map(str, arguments)])
        capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return ran


@pytest.fixture(scope="module")
def voices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of class folders with the bundled voices."""
    folder = tmp_path_factory.mktemp("voices")
    for path in demo.clips():
        if path.stem != "planted":
            (folder / path.stem).mkdir()
            shutil.copy(path, folder / path.stem / "a.wav")
    return folder


def test_explainers_are_compared_and_a_page_is_written(run, voices: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    code, said, err = run(
        "evaluate", "digits", "--data", voices, "--protocol", "overlap", "--snr", 3, "--methods", "gradient,grad-cam",
        "--set", "gradient.absolute=true", "--area", "0.2", "--limit", 3, "--legacy", "--out", out,
    )  # fmt: skip
    assert code == 0, err
    assert said.startswith(f"digits on {voices.name}, overlap: Fid-In of 3 cases (3 dB): gradient ")
    assert "a random mask" in said
    record = json.loads((out / "comparison.json").read_text())
    assert record["methods"]["gradient"] == "gradient (absolute=True)"
    assert {each["condition"] for each in record["figures"]} == {"3 dB"}
    areas = {
        each["explainer"]: each["value"]["mean"] for each in record["figures"] if each["column"] == "MM"
    }
    assert areas["gradient"] == pytest.approx(0.2)
    assert "gradient, |R| / max" in areas
    assert "What known mistakes would have made of it" in (out / "index.html").read_text()


def test_randomised_networks_are_explained(run, voices: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    code, said, err = run(
        "evaluate", "digits", "--data", voices, "--protocol", "randomisation", "--methods", "gradient", "--limit", 2,
        "--out", out,
    )  # fmt: skip
    assert code == 0, err
    assert "SSIM of maps with the whole network randomised: gradient 0." in said
    assert len(json.loads((out / "randomisation.json").read_text())["rows"]) == 7


def test_ctrl_c_is_told_in_one_line(run, voices: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from auricle.protocols import comparing

    scored, times = comparing._scored, []

    def interrupted(*arguments, **settings):
        times.append(1)
        if len(times) == 3:
            raise KeyboardInterrupt
        return scored(*arguments, **settings)

    monkeypatch.setattr(comparing, "_scored", interrupted)
    out = tmp_path / "out"
    flags = ("--protocol", "clean", "--methods", "gradient", "--out", out)
    code, _, err = run("evaluate", "digits", "--data", voices, *flags)
    assert code == 130
    assert err.strip().endswith(f"auricle: stopped; the cases so far are in {out / 'cases.csv'}")
    assert len((out / "cases.csv").read_text().splitlines()) == 1 + 2 * 5


def test_flags_that_mean_nothing_are_refused(run, voices: Path) -> None:
    code, _, err = run("evaluate", "digits", "--data", voices, "--protocol", "overlaps")
    assert code == 1
    assert err.strip() == 'auricle: no protocol is called "overlaps"; did you mean "overlap"?'
    code, _, err = run("evaluate", "digits", "--data", voices, "--snr", 3)
    assert (code, err.strip()) == (1, "auricle: --snr goes with --protocol; write for example --protocol overlap")
    for name, asked, told in (
        ("noise", Asked(snr=3.0), "--snr means nothing to --protocol noise; it is for overlap"),
        ("overlap", Asked(snr=3.0, weight=0.5), "give one of them"),
        ("mixtures", Asked(colour="pink"), "--colour means nothing to --protocol mixtures; it is for noise"),
        ("randomisation", Asked(area="0.2"), "--area means nothing to --protocol randomisation"),
        ("clean", Asked(seeds=2), "--seeds means nothing to --protocol clean; it is for roar"),
    ):
        with pytest.raises(AuricleError, match=told):
            check(name, asked)
    check("noise", Asked(colour="pink", legacy=True, set=("ig.steps=8",)))
    refuse_without_protocol(Asked())


def test_what_cannot_be_compared_is_told_before_any_work(run, voices: Path, tmp_path: Path) -> None:
    base = ("evaluate", "digits", "--data", voices, "--out", tmp_path / "out", "--protocol")
    for flags, told in (
        (("noise", "--colour", "blue"), "there is no blue noise"),
        (("speech", "--speech", tmp_path / "nowhere"), "is not a folder"),
        (("clean", "--methods", "lpr"), 'no method is called "lpr"'),
        (("clean", "--area", "ig", "--methods", "ig"), "neither a share of the plane"),
        (("clean", "--explain", "last"), "write --explain predicted or --explain first"),
        (("roar",), "has no recipe.yaml"),
    ):
        code, _, err = run(*base, *flags)
        assert code == 1, err
        assert told in err
        assert len(err.strip().splitlines()) == 1
