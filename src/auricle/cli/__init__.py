"""The command line: ``auricle explain``, ``compare``, ``demo``, ``methods``, ``models``, ``metrics``."""

from auricle.cli.commands import main

__all__ = ["main"]
