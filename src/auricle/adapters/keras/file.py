"""A ``.keras`` file, opened without running code that is in it."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

from auricle.errors import AuricleError

CODE = {"Lambda": "Lambda", "__lambda__": "Lambda", "TorchModuleWrapper": "TorchModuleWrapper"}
"""What a file calls layers that hold Python code or pickles."""


def open_keras_file(keras: Any, path: Path) -> Any:
    """The model in a ``.keras`` file; never runs code that is in it."""
    remedy = "load it where you trust it, and save it with model.save('model.keras')"
    if not path.exists():
        raise AuricleError(f"there is no file {path}; give a .keras file that model.save() wrote")
    if path.suffix != ".keras" or not zipfile.is_zipfile(path):
        raise AuricleError(f"{path} is no .keras file of Keras 3; {remedy}")
    try:
        with zipfile.ZipFile(path) as archive:
            config = json.loads(archive.read("config.json"))
        code = _code_in(config)
    except (KeyError, ValueError, RuntimeError, zipfile.BadZipFile) as error:  # encrypted, or nested too deep
        raise AuricleError(f"{path} is no complete .keras file ({error}); {remedy}") from error
    if code is not None:
        raise AuricleError(
            f"{path} has a {code} layer, whose code would run when it is opened; build the model yourself without it "
            "and give the keras.Model"
        )
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
        raise AuricleError(
            f"{path} cannot be opened: {reason}; if it has layers of your own, load it yourself with custom_objects "
            "and give the keras.Model"
        ) from error


def _code_in(config: Any) -> str | None:
    """The kind of a layer that holds code, if there is one."""
    if isinstance(config, dict):
        kind = CODE.get(str(config.get("class_name")))
        return kind or _code_in(list(config.values()))
    return next(filter(None, map(_code_in, config)), None) if isinstance(config, list) else None
