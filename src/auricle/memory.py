"""Too little memory: how it is known, and what a person is told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch

from auricle.clip import Clip
from auricle.errors import AuricleError

SAID = ("not enough memory", "can't allocate memory")
"""What PyTorch's allocator for the CPU says on Windows and elsewhere."""


def out_of_memory(error: RuntimeError) -> bool:
    """Whether that is what is wrong, on a GPU or a CPU."""
    return isinstance(error, torch.OutOfMemoryError) or any(text in str(error) for text in SAID)


@contextmanager
def memory_for(clips: Sequence[Clip], model: str) -> Iterator[None]:
    """Within, clips are heard by a model; raises `AuricleError` where they do not fit into memory."""
    try:
        yield
    except RuntimeError as error:
        if not out_of_memory(error):
            raise
        longest = max(clips, key=lambda clip: clip.seconds)
        raise AuricleError(
            f"there is not enough memory for {longest.name} ({longest.seconds:.3g} s) in {model} at once; let it be "
            "heard in windows: Length(seconds=…) (for Hugging Face seconds=…, --seconds 5), or take a shorter clip"
        ) from error
