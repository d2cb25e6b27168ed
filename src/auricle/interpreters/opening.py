"""Interpreters by their kind, and from the folders in which they are kept."""

from __future__ import annotations

import json
from pathlib import Path

from auricle.errors import AuricleError, nearest
from auricle.interpreters.base import CARD, KNOWN, WEIGHTS, Interpreter, read_subject


def kinds() -> dict[str, type[Interpreter]]:
    """Every kind of interpreter by its name."""
    from auricle.interpreters.flint import FLINT
    from auricle.interpreters.l2i import L2I
    from auricle.interpreters.lmac import LMAC
    from auricle.interpreters.saliency import AmortisedMask

    return {each.kind: each for each in (L2I, FLINT, LMAC, AmortisedMask)}


def kind_named(name: str) -> type[Interpreter]:
    """A kind of interpreter by its name."""
    known = kinds()
    if name not in known:
        raise AuricleError(f'no interpreter is called "{name}"; {nearest(name, list(known))}')
    return known[name]


def load_interpreter(folder: str | Path) -> Interpreter:
    """The interpreter that `Interpreter.save` wrote, ready to explain."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    folder = Path(folder)
    for name in (CARD, WEIGHTS):
        if not (folder / name).is_file():
            raise AuricleError(
                f"{folder} holds no {name}; train an interpreter with: auricle interpreter train KIND --out {folder}"
            )
    try:
        card = json.loads((folder / CARD).read_text())
        kind = kind_named(str(card["kind"]))
        found = kind(read_subject(card["subject"]), kind.Settings(**card["settings"]))
        found.load_state_dict(load_file(str(folder / WEIGHTS)))
    except AuricleError:
        raise
    except (
        ValueError, KeyError, TypeError, AttributeError, RuntimeError, UnicodeDecodeError, SafetensorError
    ) as error:  # fmt: skip
        raise AuricleError(f"the interpreter in {folder} is damaged ({error!r}); delete it and train anew") from error
    found.history = list(card["history"])
    found.facts = {key: value for key, value in card.items() if key not in KNOWN}
    return found.eval()
