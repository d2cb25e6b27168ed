"""Killed at any moment, a study goes on to the same store; and a Ray cluster writes the same as processes do."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from small_study import recordings, settings, study_config

from auricle.study.run import run_study
from auricle.study.store import Store

STAGES = ("predict", "explain", "regions", "sonify", "evaluate")
TABLES = ("predict", *(f"{stage}/{method}" for stage in STAGES[1:] for method in ("gradient", "grad-cam")))


def same(one: Store, other: Store) -> None:
    for folder in TABLES:
        assert one.table(folder).equals(other.table(folder)), folder
    for row in one.rows("sonify/gradient"):
        assert one.read(row["path"]) == other.read(row["path"])


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_killed_at_ten_random_moments_it_ends_in_the_same_store(tmp_path: Path) -> None:
    import yaml

    data = recordings(tmp_path / "recordings")
    whole = run_study(study_config(data, tmp_path / "whole"), stages=STAGES).store
    config = tmp_path / "study.yaml"
    config.write_text(yaml.safe_dump(settings(data, tmp_path / "killed")))
    command = [sys.executable, "-c", "from auricle.cli import main; main()", "run", str(config)]
    command += [part for stage in STAGES for part in ("--stage", stage)]
    moments = random.Random(0)
    for _ in range(10):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(moments.uniform(3, 12))
        process.send_signal(signal.SIGKILL)
        process.wait()
    subprocess.run(command, check=True, capture_output=True)
    same(whole, Store(tmp_path / "killed"))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_ray_cluster_of_two_nodes_writes_the_same_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ray = pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    data = recordings(tmp_path / "recordings")
    local = run_study(study_config(data, tmp_path / "local"), stages=STAGES).store
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        cluster.add_node(num_cpus=1)
        ray.init(address=cluster.address, log_to_driver=False)
        run_study(study_config(data, tmp_path / "ray", workers=None), stages=STAGES, engine="ray")
    finally:
        ray.shutdown()
        cluster.shutdown()
    same(local, Store(tmp_path / "ray"))
