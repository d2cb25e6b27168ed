"""Two processes train together: one of them explains, and both end with the weights they would have had."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from small_training import events

pytest.importorskip("lightning.pytorch")

SCRIPT = Path(__file__).parent / "two_ranks.py"


def ended(folder: Path, *how: str) -> list[list[str]]:
    """Of each rank: a digest of all that training depends on, whether it explained, and its process."""
    folder.mkdir()
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    run = subprocess.run(
        [sys.executable, str(SCRIPT), str(folder), *how], env=environment, capture_output=True, text=True, timeout=600
    )
    assert run.returncode == 0, run.stderr[-2000:]
    return [(folder / f"rank{rank}.txt").read_text().split() for rank in range(2)]


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_rank_zero_explains_and_no_weight_changes(tmp_path: Path) -> None:
    alone, watched = ended(tmp_path / "alone"), ended(tmp_path / "watched", "watched")
    assert watched[0][2] != watched[1][2], "two processes"
    assert [explained for _, explained, _ in watched] == ["yes", "no"]
    assert [digest for digest, _, _ in watched] == [digest for digest, _, _ in alone]
    assert len(list((tmp_path / "watched").glob("events.out*"))) == 1
    found = events(tmp_path / "watched")
    assert [each.step for each in found.Images("lrp/low0")] == [0, 1]
    assert [each.step for each in found.Scalars("FF/lrp")] == [0, 1]
