"""The page of a checked data set shows findings first, and counts what was heard."""

import csv
import re

import numpy as np
import pytest
import soundfile

from auricle.datasets.checking import check_dataset, open_to_check
from auricle.report.dataset import FILES, dataset_page, write_check


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sounds")
    for label in ("<cat>", "dog"):
        (folder / label).mkdir()
        for number in range(10):
            samples = 0.1 * np.random.default_rng(number + 50 * (label == "dog")).normal(size=4000 + 400 * number)
            soundfile.write(folder / label / f"{number}.wav", samples.clip(-1, 1), 8000)
    soundfile.write(folder / "dog/silent.wav", np.zeros(8000), 16_000)
    (folder / "dog/broken.wav").write_bytes(b"nothing")
    return check_dataset(open_to_check(folder))


def test_findings_come_first_and_errors_before_warnings(checked):
    page = dataset_page(checked)
    assert page.index("Findings") < page.index("Its sounds") < page.index("Clips per label")
    severities = re.findall(r'<li class="of-(error|warning|note)">', page)
    assert severities == sorted(severities, key=["error", "warning", "note"].index)
    assert severities[:2] == ["error", "warning"]
    assert "1 error and 1 warning" in page


def test_bars_count_every_clip_that_can_be_heard(checked):
    page = dataset_page(checked)
    lengths = re.search(r'aria-label="Histogram, length: ([^"]*)"', page)[1]
    assert sum(int(each) for each in re.findall(r": (\d+)", lengths)) == 21
    assert "8,000 Hz" in page
    assert "16,000 Hz" in page


def test_it_is_safe_and_needs_no_network(checked):
    page = dataset_page(checked)
    assert "<cat>" not in page
    assert "&lt;cat&gt;" in page
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)


def test_files_hold_a_row_a_clip_and_every_finding(checked, tmp_path):
    page = write_check(tmp_path / "out", checked)
    assert {path.name for path in page.parent.iterdir()} == set(FILES)
    rows = list(csv.DictReader((page.parent / "check.csv").open()))
    assert len(rows) == 22
    assert [row["id"] for row in rows if row["problem"]] == ["dog/broken.wav"]
    findings = list(csv.DictReader((page.parent / "findings.csv").open()))
    assert len(findings) == len(checked.findings)
