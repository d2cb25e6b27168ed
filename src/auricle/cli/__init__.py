"""The command line: ``auricle explain``, ``compare``, ``demo``, and the lists."""

from auricle.cli import data_checking  # noqa: F401  importing it registers its commands
from auricle.cli.commands import main

__all__ = ["main"]
