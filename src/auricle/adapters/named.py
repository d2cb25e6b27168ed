"""``module:name``: a function, or a classifier, from a Python module of the caller's."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from torch import nn

from auricle.classifier import Classifier
from auricle.errors import AuricleError, nearest

_NAMED = re.compile(r"(?!hf:)[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d][\w.]*")


def is_named(text: str) -> bool:
    """Whether a text has the form ``module:function``; ``hf:NAME`` is a Hugging Face model.

    >>> is_named("mine.models:predict"), is_named("digits"), is_named("C:/models"), is_named("hf:mine")
    (True, False, False, False)
    """
    return _NAMED.fullmatch(text) is not None


def named(text: str) -> Any:
    """What ``module:name`` names: something that can be called, or a `Classifier`.

    The current folder can be imported from, as with ``python -m``.
    """
    module_name, _, name = text.partition(":")
    with _current_folder():
        found = _module(module_name)
    for part in name.split("."):
        if not hasattr(found, part):
            held = getattr(found, "__dict__", {})  # numbers and the like have none
            known = [each for each, value in held.items() if not each.startswith("_") and _can_be_meant(value)]
            hint = nearest(name, known) if known else f"{type(found).__name__} holds none"
            raise AuricleError(f'{module_name} has no function or classifier "{name}"; {hint}')
        found = getattr(found, part)
    if isinstance(found, nn.Module):
        raise AuricleError(
            f"{text} is a torch network; make auricle.Classifier(network, …) of it in {module_name} and name that, so "
            "that auricle knows its front-end"
        )
    if isinstance(found, Classifier):
        return found
    if not callable(found) and hasattr(found, "predict"):
        raise AuricleError(
            f"{text} is {type(found).__name__}, which does not know how features are made of sounds; make "
            f"auricle.sklearn_classifier(…, features=…, sample_rate=…) of it in {module_name} and name that"
        )
    if not callable(found):
        raise AuricleError(
            f"{text} is {type(found).__name__}, which cannot be called; name a function from samples [B, n] to scores "
            "[B, C], or an auricle.Classifier"
        )
    return found


def _can_be_meant(value: Any) -> bool:
    return isinstance(value, Classifier) or callable(value)


@contextmanager
def _current_folder() -> Iterator[None]:
    """Within, modules may come from the current folder; afterwards it shadows nothing."""
    here = str(Path.cwd())
    if here in sys.path:
        yield
        return
    sys.path.insert(0, here)
    try:
        yield
    finally:
        sys.path.remove(here)


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:  # a script that is no module may end the program
        if isinstance(error, ModuleNotFoundError) and error.name and (name + ".").startswith(error.name + "."):
            raise AuricleError(
                f'no Python module is called "{name}", neither in {Path.cwd()} nor installed; go to the folder that '
                f"holds {name.replace('.', '/')}.py, or check its name"
            ) from error
        raise AuricleError(
            f"{name} cannot be imported: {type(error).__name__} ({error}); import it yourself to see where"
        ) from error
