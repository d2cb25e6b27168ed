"""Which model is explained: a bundled one, a folder, or what a Python module of the caller's holds."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

from auricle.adapters.function import function_classifier
from auricle.adapters.named import is_named, named
from auricle.classifier import Classifier, Length
from auricle.clip import LOWEST_RATE
from auricle.errors import AuricleError
from auricle.models import load_classifier


@dataclass(frozen=True, kw_only=True)
class Said:
    """What the caller says of a function; flags that were not given are None (or False)."""

    labels: str | None = None
    rate: int | None = None
    outputs: str | None = None
    multi_label: bool = False
    seconds: float | None = None


def classifier_of(model: str, said: Said | None = None) -> Classifier:
    """The classifier that ``--model`` names."""
    said = said or Said()
    if Path(model).is_dir() or not is_named(model):
        _refuse(model, "brings its own labels and rate", said)
        return load_classifier(model)
    found = named(model)
    if isinstance(found, Classifier):
        _refuse(model, "is a classifier with its own labels and rate", said)
        return found
    if said.labels is None:
        raise AuricleError(
            f"{model} is a function; say what its outputs are called: --labels a,b,c, or a file with one per line"
        )
    if said.rate is None:
        raise AuricleError(f"{model} is a function; say at which sample rate it hears, for example --rate 16000")
    if said.rate < LOWEST_RATE:
        raise AuricleError(f"a sample rate of {said.rate} Hz is too low for sound; give for example --rate 16000")
    if said.seconds is not None and said.seconds <= 0:
        raise AuricleError(f"{said.seconds:g} seconds is no length; give for example --seconds 1")
    return function_classifier(
        found,
        labels=labels_of(said.labels),
        sample_rate=said.rate,
        length=Length(seconds=said.seconds),
        outputs=said.outputs or "probabilities",  # type: ignore[arg-type]
        multi_label=said.multi_label,
        name=model,
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


def _refuse(model: str, why: str, said: Said) -> None:
    for each in fields(Said):
        if getattr(said, each.name) not in (None, False):
            flag = "--" + each.name.replace("_", "-")
            raise AuricleError(f"{flag} is for a Python function (--model module:function); {model} {why}")
