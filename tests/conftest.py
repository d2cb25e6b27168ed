"""What every test may ask for: the bundled classifier, its demo clips, and a recording where there is one."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
import torch

from auricle import demo
from auricle.classifier import Classifier
from auricle.clip import Clip, load_clip
from auricle.models import load_classifier

FSDD = Path(__file__).parents[1] / "../shared/data/fsdd/recordings"

torch.set_num_threads(1)
os.environ["AURICLE_CACHE"] = tempfile.mkdtemp(prefix="auricle-tests-")  # not the user's


@pytest.fixture(autouse=True)
def same_weights_every_time() -> None:
    """Layers that a test makes are the same in every run, in any order of tests."""
    torch.manual_seed(1)


@pytest.fixture(scope="session")
def digits() -> Classifier:
    return load_classifier("digits")


@pytest.fixture(scope="session")
def clips() -> list[Clip]:
    return [load_clip(path) for path in demo.clips()]


@pytest.fixture(scope="session")
def heard(digits: Classifier, clips: list[Clip]) -> torch.Tensor:
    """The demo clips as the bundled classifier hears them, ``[5, n]``."""
    return torch.cat([digits.windows(clip).samples for clip in clips])


@pytest.fixture(scope="session")
def fsdd() -> Clip:
    path = FSDD / "7_jackson_0.wav"
    if not path.exists():
        pytest.skip(f"{path} is not there; FSDD's recordings are needed for this test")
    return load_clip(path)
