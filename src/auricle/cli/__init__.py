"""The command line: ``auricle explain``, ``compare``, ``demo``, and the lists."""

from auricle.cli.commands import main

__all__ = ["main"]
