"""Asking a separator, anyone's, for the stems of a sound, and checking what comes back.

A separator is called with samples ``[n]`` (float32) and their rate, and returns stems by name or as ``[C, n]``. If it
has an attribute ``sample_rate`` it is given the clip at that rate.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from auricle.clip import Clip
from auricle.components.cache import Arrays, kept
from auricle.errors import AuricleError

Separator = Callable[[np.ndarray, int], Any]


def name_of(separator: Separator) -> str:
    """``module:function``, which finds a function of a module again."""
    place = separator if hasattr(separator, "__qualname__") else type(separator)
    return f"{place.__module__}:{place.__qualname__}"


def find(text: str) -> Separator:
    """The function that ``module:function`` names; modules of the working directory are found too."""
    module, _, function = text.partition(":")
    here = os.getcwd()
    added = here not in sys.path and "" not in sys.path
    if added:
        sys.path.append(here)
    try:
        found: Any = importlib.import_module(module)
        for part in function.split("."):
            found = getattr(found, part)
    except AttributeError as error:
        raise AuricleError(f'the module {module} has no "{function}"; give the separator as module:function') from error
    except (Exception, SystemExit) as error:  # a module may fail in any way while it is imported
        raise AuricleError(f'"{module}" cannot be imported ({error}); give the separator as module:function') from error
    finally:
        if added:
            sys.path.remove(here)
    if not callable(found):
        raise AuricleError(
            f'"{text}" is {type(found).__name__}, which cannot be called; name a function of samples and their sample '
            "rate"
        )
    return found


def stems_of(separator: Separator, clip: Clip, sample_rate: int) -> Arrays:
    """Stems ``[m]`` (float32) by name at ``sample_rate``, from the cache if the separator says its ``version``."""
    version = getattr(separator, "version", None)
    if version is None:
        return _separated(separator, clip, sample_rate)
    made_from = {
        "clip": clip.content_hash,
        "sample_rate": sample_rate,
        "separator": name_of(separator),
        "settings": getattr(separator, "settings", None),
        "version": str(version),
    }

    # The file keeps its arrays sorted by name, the number in front their order.
    def make() -> Arrays:
        stems = _separated(separator, clip, sample_rate)
        return {f"{i:03d} {name}": values for i, (name, values) in enumerate(stems.items())}

    found = kept(made_from, tuple(getattr(separator, "packages", ())), make)
    return {name[4:]: found[name] for name in sorted(found)}


def _separated(separator: Separator, clip: Clip, sample_rate: int) -> Arrays:
    rate = int(getattr(separator, "sample_rate", None) or sample_rate)
    samples = np.array(clip.mono(rate), dtype=np.float32)
    n = len(samples)
    try:
        answer = separator(samples, rate)
    except AuricleError:
        raise
    except (Exception, SystemExit) as error:
        raise AuricleError(
            f"the separator {name_of(separator)} raised {type(error).__name__} ({error}) when it was called with {n} "
            f"samples at {rate} Hz; a separator is a function of samples [n] and their rate"
        ) from error
    stems = checked(answer, n, rate, name_of(separator))
    if rate == sample_rate:
        return stems
    import soxr

    return {name: soxr.resample(values, rate, sample_rate) for name, values in stems.items()}


def checked(found: Any, n: int, rate: int, separator: str) -> Arrays:
    """Stems by name as float32 ``[n]``, or a sentence that says what came back instead."""
    expected = f"expected are stems of {n} samples at {rate} Hz, by name or as an array [stems, {n}]"
    if not isinstance(found, Mapping):
        stacked = _array(found)
        if stacked is None or stacked.ndim != 2:
            what = f"a {type(found).__name__}" if stacked is None else f"an array of shape {stacked.shape}"
            raise AuricleError(f"the separator {separator} returned {what}; {expected}")
        found = {f"source {i + 1}": each for i, each in enumerate(stacked)}
    if not found:
        raise AuricleError(f"the separator {separator} returned no stems; {expected}")
    stems: Arrays = {}
    for name, values in found.items():
        stem = _array(values)
        if stem is None:
            raise AuricleError(f'the separator {separator} returned a {type(values).__name__} as "{name}"; {expected}')
        if stem.shape != (n,):
            shape = f"{len(stem)} samples" if stem.ndim == 1 else f"shape {stem.shape}"
            raise AuricleError(
                f'the separator {separator} returned "{name}" with {shape}; {expected} (is it at another rate?)'
            )
        if not np.isfinite(stem).all():
            raise AuricleError(
                f'the separator {separator} returned {int((~np.isfinite(stem)).sum())} samples of NaN or infinity in '
                f'"{name}"; {expected}, all finite'
            )
        stems[str(name)] = stem
    return stems


def _array(values: Any) -> np.ndarray | None:
    """Values as float32, from NumPy, torch or lists; None if they are no numbers."""
    if hasattr(values, "detach"):
        values = values.detach().cpu().numpy()
    try:
        array = np.asarray(values)
        real = array.dtype.kind in "fiu"
        return np.ascontiguousarray(array, dtype=np.float32) if real else None
    except (TypeError, ValueError):
        return None
