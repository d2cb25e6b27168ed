"""What a .pt2 archive may hold: torch evaluates texts and unpickles objects of it, so these are looked at before.

`torch.export.load` reads operators and sizes as texts that it looks up or evaluates, and custom objects as pickles.
Only operators of tensors, arithmetic of sizes and plain tensors pass. Nothing is loaded before all of it has passed.
"""

from __future__ import annotations

import ast
import io
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from auricle.errors import AuricleError

OPERATORS = re.compile(
    r"torch\.ops\.(aten|prims)\.(?!save\b|from_file\b)\w+\.\w+"
    r"|_operator\.(add|sub|mul|truediv|floordiv|mod|pow|neg|pos|eq|ne|lt|le|gt|ge|and_|or_|getitem)"
    r"|math\.\w+|torch\.sym_\w+|torch\._sym_\w+"
)
NAMES = re.compile(r"[\w.]*")
SYMBOLS = re.compile(r"[a-z]+\d*")
TENSORS = re.compile(r"data/constants/(tensor_\w+|\w+_constants_config\.json|\w+\.pt)")
ASKED = ("size", "stride", "dim", "storage_offset", "numel")
ARITHMETIC = (
    ast.Expression, ast.Compare, ast.BoolOp, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop, ast.boolop, ast.cmpop,
    ast.Name, ast.Load, ast.Subscript, ast.Tuple, ast.List, ast.keyword,
)


def read_program(path: Path) -> Any:
    """The ``torch.export.ExportedProgram`` of a file that holds only what cannot run other code."""
    import torch

    data = path.read_bytes()  # once, so that what is loaded is what was looked at
    try:
        reader = torch._C.PyTorchFileReader(io.BytesIO(data))
        names = list(reader.get_all_records())
    except RuntimeError as error:
        raise AuricleError(f"{path} is no exported program; write one with torch.export.save") from error
    if "archive_version" not in names or not any(name.startswith("models/") for name in names):
        raise AuricleError(
            f"{path} is no exported program, or one of an old version; export it again with torch.export.save"
        )
    lowered = [name.lower() for name in names]  # as the reader itself does not tell them apart
    if any(name.startswith(("data/aotinductor/", "data/executorch/", "data/mtia")) for name in lowered):
        raise AuricleError(f"{path} holds compiled code, which is not run; save the exported program itself")
    if any(name.startswith("data/constants/") and not TENSORS.fullmatch(name) for name in lowered):
        raise AuricleError(f"{path} holds objects in pickle format, which may run code and are not read")
    for name in names:
        if name.lower().startswith("models/"):
            try:
                _look(json.loads(reader.get_record(name)), path)
            except (ValueError, RecursionError) as error:
                raise AuricleError(f"{path} is damaged ({error}); export it again with torch.export.save") from error
    with _no_pickle():
        try:
            return torch.export.load(io.BytesIO(data))
        except Exception as error:  # whatever torch makes of a damaged archive
            reason = str(error).strip().splitlines() or [type(error).__name__]
            raise AuricleError(
                f"{path} cannot be opened ({reason[0]}); export it again with torch {torch.__version__}"
            ) from error


def _look(value: Any, path: Path, key: str = "") -> None:
    """Refuse texts that torch would look up or evaluate and that are more than operators, names and arithmetic."""
    if isinstance(value, dict):
        for inner, each in value.items():
            if inner != "metadata":  # where in the source a node was written
                _look(each, path, inner)
    elif isinstance(value, list):
        for each in value:
            _look(each, path, key)
    elif isinstance(value, str):
        fits = {
            "target": lambda: OPERATORS.fullmatch(value) is not None,
            "expr_str": lambda: is_arithmetic(value),
            "guards_code": lambda: is_arithmetic(value),
            "name": lambda: NAMES.fullmatch(value) is not None,
        }.get(key, lambda: "default_factory" not in value)
        if not fits():
            raise AuricleError(
                f"{path} holds {value[:60]!r}, which is more than an operation on tensors and may run code; it is not "
                "opened. Export the network with plain operations"
            )


def is_arithmetic(text: str) -> bool:
    """Whether a text is no more than arithmetic of sizes.

    >>> is_arithmetic("2*s97 + Max(1, s3)"), is_arithmetic("Symbol('s97', positive=True)")
    (True, True)
    >>> is_arithmetic("print(1)"), is_arithmetic("s97.__class__")
    (False, False)
    """
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError):
        return False
    return all(_plain(node) for node in ast.walk(tree))


def _plain(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant):
        return not isinstance(node.value, str) or SYMBOLS.fullmatch(node.value) is not None
    if isinstance(node, ast.Attribute):
        return node.attr in ASKED
    if isinstance(node, ast.Call):  # sympy's functions are classes: Max, Mod, FloorDiv
        return isinstance(node.func, ast.Attribute) or (isinstance(node.func, ast.Name) and node.func.id[:1].isupper())
    return isinstance(node, ARITHMETIC)


@contextmanager
def _no_pickle() -> Iterator[None]:
    """Within, ``torch.load`` reads tensors only, whatever its caller asks for."""
    forced, freed = "TORCH_FORCE_WEIGHTS_ONLY_LOAD", "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"
    before = {name: os.environ.pop(name, None) for name in (forced, freed)}
    os.environ[forced] = "1"
    try:
        yield
    finally:
        del os.environ[forced]
        os.environ.update({name: value for name, value in before.items() if value is not None})
