"""Tests of training also use the small data sets of ``tests/datasets``."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "datasets"))
