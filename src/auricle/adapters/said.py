"""What the caller says of a model that does not say it itself: labels, rate, outputs, length, front-end."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from numbers import Integral
from pathlib import Path
from typing import Any

from auricle import frontends
from auricle.classifier import Length
from auricle.clip import LOWEST_RATE
from auricle.errors import AuricleError, nearest
from auricle.frontends import Frontend


@dataclass(frozen=True, kw_only=True)
class Said:
    """What is said of a model; what is not said is None (or False).

    labels: names of its outputs, or as text ``a,b,c``, or a text file with one per line. rate: in Hz. outputs:
    ``logits``, ``probabilities`` or ``values``. multi_label: each output stands on its own. seconds: the length that
    it wants. frontend: what is made of the samples before the model gets them: a front-end, a preset's name, or a JSON
    file of `auricle.frontends.to_settings`; None gives it the samples.
    """

    labels: str | Sequence[str] | None = None
    rate: int | None = None
    outputs: str | None = None
    multi_label: bool = False
    seconds: float | None = None
    frontend: str | Frontend | None = None

    def given(self) -> tuple[str, ...]:
        """The names of what was said."""
        return tuple(each.name for each in fields(self) if getattr(self, each.name) not in (None, False))

    def arguments(self) -> dict[str, Any]:
        """What was said, as the arguments of an adapter such as `auricle.function_classifier`."""
        found: dict[str, Any] = {}
        if self.frontend is not None:
            found["frontend"] = frontend_of(self.frontend) if isinstance(self.frontend, str) else self.frontend
        if self.rate is None and "frontend" in found:
            if not found["frontend"].sample_rate:
                raise AuricleError("this front-end does not say its sample rate; give for example --rate 16000")
            found["sample_rate"] = found["frontend"].sample_rate
        elif self.rate is not None:
            check_rate(self.rate)
            found["sample_rate"] = self.rate
        if self.seconds is not None:
            if not self.seconds > 0:
                raise AuricleError(f"{self.seconds:g} seconds is no length; give for example --seconds 1")
            found["length"] = Length(seconds=self.seconds)
        if self.labels is not None:
            found["labels"] = labels_of(self.labels) if isinstance(self.labels, str) else list(self.labels)
        if self.outputs is not None:
            found["outputs"] = self.outputs
        if self.multi_label:
            found["multi_label"] = True
        return found


def check_rate(rate: int) -> None:
    """Say that a sample rate is none at which sound can be heard."""
    if not isinstance(rate, Integral):  # also one of NumPy's
        raise AuricleError(f"a sample rate of {rate!r} Hz is no whole number; give for example 16000")
    if rate < LOWEST_RATE:
        raise AuricleError(
            f"a sample rate of {rate} Hz is too low for sound; give the rate that the model hears, at least "
            f"{LOWEST_RATE} Hz, for example 16000"
        )


def labels_of(text: str) -> list[str]:
    """Labels from ``a,b,c``, or from a text file with one per line.

    >>> labels_of("low, high")
    ['low', 'high']
    """
    path = Path(text)
    if _stands_for_file(text):
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError as error:
            raise AuricleError(f"{path} is not a text file; give labels with commas between, or a text file") from error
        found = [line.strip() for line in lines]
    else:
        found = [each.strip() for each in text.split(",")]
    found = [each for each in found if each]
    twice = next((each for each in found if found.count(each) > 1), None)
    if not found or twice is not None:
        wrong = "holds no label" if not found else f'names "{twice}" twice'
        raise AuricleError(f"--labels {text} {wrong}; give each output a name of its own")
    return found


def _stands_for_file(text: str) -> bool:
    """Whether labels are in a file of that name; what looks like a file and is none is told."""
    path = Path(text)
    try:
        if path.is_file():
            return True
        folder = path.is_dir()
    except (OSError, ValueError):  # a long list of labels is no file's name
        return False
    if folder or ("," not in text and path.suffix.lower() in (".txt", ".csv", ".tsv", ".json")):
        what = "is a folder" if folder else "does not exist"
        raise AuricleError(f"{text} {what}; give labels with commas between, or a text file with one per line")
    return False


def frontend_of(text: str) -> Frontend:
    """A front-end by a preset's name, or from a JSON file with what `auricle.frontends.to_settings` gave.

    >>> frontend_of("yamnet") == frontends.preset("yamnet")
    True
    """
    if text in frontends.PRESETS:
        return frontends.preset(text)
    path = Path(text)
    if not path.is_file():
        if path.suffix.lower() == ".json" or "/" in text or "\\" in text:
            raise AuricleError(f"there is no file {text}; write it with json.dumps(auricle.frontends.to_settings(…))")
        raise AuricleError(
            f'no front-end preset is called "{text}"; {nearest(text, frontends.PRESETS)} (one of your own comes from a '
            "JSON file of auricle.frontends.to_settings)"
        )
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(settings, dict):
            raise TypeError(f"{type(settings).__name__} instead of an object")
        return frontends.from_settings(settings)
    except AuricleError as error:
        raise AuricleError(f"{path}: {error}") from error
    except (ValueError, TypeError, KeyError) as error:
        raise AuricleError(
            f"{path} describes no front-end ({error}); write it with json.dumps(auricle.frontends.to_settings(…))"
        ) from error
