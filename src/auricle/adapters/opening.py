"""Which model is meant, by how it is named: the one place where that is decided."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from auricle.adapters.function import function_classifier
from auricle.adapters.named import is_named, named
from auricle.adapters.said import Said
from auricle.adapters.torchscript import refuse_pickle, torchscript_classifier
from auricle.classifier import Classifier, read_classifier
from auricle.errors import AuricleError, nearest

__all__ = ["FORMS", "Said", "open_model"]

FORMS = (
    "a bundled model (see 'auricle models'), a folder of classifier.save(), hf:NAME or a Hugging Face folder, a file "
    "*.keras, *.onnx, *.pt (TorchScript) or *.pt2 (torch.export), an address http://…, or module:name"
)
"""What can stand for a model."""

SAMPLES = ("labels", "rate", "outputs", "multi_label", "seconds")
FEATURES = (*SAMPLES, "frontend")


@dataclass(frozen=True)
class Kind:
    """How a kind of model is opened.

    what: it, in words. takes: what may be said of it, of `Said`'s fields; needs: what must be. python: what opens it
    in Python.
    """

    what: str
    opened: Callable[[str, Said], Classifier]
    takes: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    python: str = ""


def open_model(text: str, said: Said | None = None, *, network: nn.Module | None = None) -> Classifier:
    """The classifier that a text names, see `FORMS`.

    ``said`` is what the caller says of a model that does not know its own labels, rate and so on. ``network`` takes the
    weights of a saved classifier whose network is of the caller's own making. Raises `AuricleError` if nothing is
    called that, if it cannot be opened, and if something is said that this kind of model does not take, or lacks.
    """
    said, kind = said or Said(), _kind(text)
    if network is not None:
        if kind is not SAVED:
            raise AuricleError(f"{text} is {kind.what}, which brings its network; leave out network=")
        return read_classifier(_saved_folder(text), network)
    _check(text, kind, said)
    return kind.opened(text, said)


def _kind(text: str) -> Kind:
    if text.startswith("hf:"):
        return HUGGING_FACE
    if text.lower().startswith(("http://", "https://")):
        return ENDPOINT
    path = Path(text)
    if path.is_dir():
        ours = (path / "classifier.json").exists() or not (path / "config.json").exists()
        return SAVED if ours else HUGGING_FACE
    if _saved_folder(text) != path:
        return SAVED
    kind = BY_SUFFIX.get(path.suffix.lower())
    if kind is not None:
        if not path.is_file():
            raise AuricleError(f"there is no file {path}, so {kind.what} cannot be opened; check its name")
        if kind is TORCHSCRIPT:
            refuse_pickle(path)
        return kind
    if path.is_file():
        pickled = path.suffix.lower() in PICKLED
        raise AuricleError(
            f"{path} is a file of no kind that can be opened"
            + (
                ": checkpoints in pickle format may run code when opened. Load it in a module of your own and name "
                "the auricle.Classifier that it makes: module:name"
                if pickled
                else f"; give {FORMS}"
            )
        )
    if is_named(text):
        return FUNCTION
    from auricle.models import bundled

    raise AuricleError(f'no model or folder is called "{text}"; {nearest(text, bundled())} (a model is {FORMS})')


def _saved_folder(text: str) -> Path:
    """The folder of a saved classifier; a folder here comes before a bundled model of that name."""
    from auricle.models import BUNDLED

    path = Path(text)
    named_here = path.is_dir() or not (BUNDLED / text / "classifier.json").exists()
    return path if named_here else BUNDLED / text


def _check(text: str, kind: Kind, said: Said) -> None:
    """Say what was said and is not taken, or is needed and was not said."""
    for name in said.given():
        if name not in kind.takes:
            brings = "brings its own labels and rate" if kind is SAVED else f"does not take it: it is {kind.what}"
            raise AuricleError(
                f"--{name.replace('_', '-')} is for models that do not say it themselves, such as a Python function "
                f"(--model module:function); {text} {brings}"
            )
    if "labels" in kind.needs and said.labels is None:
        raise AuricleError(
            f"{text} is {kind.what}; say what its outputs are called: --labels a,b,c, or a file with one per line "
            f"({_elsewhere(kind)})"
        )
    if "rate" in kind.needs and said.rate is None and said.frontend is None:
        raise AuricleError(
            f"{text} is {kind.what}; say at which sample rate it hears, for example --rate 16000 ({_elsewhere(kind)})"
        )


def _elsewhere(kind: Kind) -> str:
    """How it is said in Python, and to commands that do not take what must be said."""
    return f"in Python: {kind.python}, which made in a module of your own is named module:name"


# --- the kinds ------------------------------------------------------------------------------------------------


def _saved(text: str, said: Said) -> Classifier:
    del said  # it brings everything itself
    return read_classifier(_saved_folder(text))


def _hugging_face(text: str, said: Said) -> Classifier:
    from auricle.adapters.huggingface import huggingface_classifier

    told = said.arguments()
    if "length" in told:
        told["seconds"] = told.pop("length").seconds
    return huggingface_classifier(text.removeprefix("hf:"), **told)


def _keras(text: str, said: Said) -> Classifier:
    from auricle.adapters.keras import keras_classifier

    return keras_classifier(text, **said.arguments())


def _onnx(text: str, said: Said) -> Classifier:
    from auricle.adapters.onnx import onnx_classifier

    told: dict[str, Any] = {"labels": None, "sample_rate": None}  # which the file itself may hold
    return onnx_classifier(text, **(told | said.arguments()))


def _torchscript(text: str, said: Said) -> Classifier:
    return torchscript_classifier(text, **said.arguments())


def _exported(text: str, said: Said) -> Classifier:
    from auricle.adapters.exported import exported_classifier

    return exported_classifier(text, **said.arguments())


def _endpoint(text: str, said: Said) -> Classifier:
    from auricle.adapters.endpoint import endpoint_classifier

    return endpoint_classifier(text, **said.arguments())


def _named(text: str, said: Said) -> Classifier:
    found = named(text)
    if isinstance(found, Classifier):
        if said.given():
            flag = "--" + said.given()[0].replace("_", "-")
            raise AuricleError(
                f"{flag} is for a Python function (--model module:function); {text} is a classifier with its own "
                "labels and rate"
            )
        return found
    _check(text, FUNCTION_FOUND, said)
    return function_classifier(found, name=text, **said.arguments())


SAVED = Kind("a saved classifier", _saved)
HUGGING_FACE = Kind(
    "a Hugging Face model, which says its rate and outputs", _hugging_face, ("labels", "multi_label", "seconds")
)
KERAS = Kind(
    "a Keras model", _keras, FEATURES, ("labels", "rate"), "auricle.keras_classifier(path, labels=[…], sample_rate=…)"
)
ONNX = Kind("an ONNX model", _onnx, FEATURES)
TORCHSCRIPT = Kind(
    "a TorchScript model", _torchscript, FEATURES, ("labels", "rate"),
    "auricle.torchscript_classifier(path, labels=[…], sample_rate=…)",
)
EXPORTED = Kind(
    "an exported program", _exported, FEATURES, ("labels", "rate"),
    "auricle.exported_classifier(path, labels=[…], sample_rate=…)",
)
ENDPOINT = Kind(
    "an endpoint", _endpoint, SAMPLES, ("rate",), "auricle.endpoint_classifier(url, labels=[…], sample_rate=…)"
)
FUNCTION = Kind("a name in a Python module", _named, FEATURES)
FUNCTION_FOUND = Kind(
    "a function", _named, FEATURES, ("labels", "rate"),
    "auricle.function_classifier(function, labels=[…], sample_rate=…)",
)

BY_SUFFIX = {
    ".keras": KERAS,
    ".onnx": ONNX,
    ".pt": TORCHSCRIPT,
    ".pth": TORCHSCRIPT,
    ".ts": TORCHSCRIPT,
    ".pt2": EXPORTED,
}
PICKLED = (".bin", ".ckpt", ".pkl", ".pickle", ".joblib", ".tar")
