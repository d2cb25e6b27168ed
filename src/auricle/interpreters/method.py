"""Interpreters as methods: what was learnt once explains any clip in one pass."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import ClassVar

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from auricle.classifier import Classifier, Level
from auricle.errors import AuricleError
from auricle.interpreters.base import CARD, WEIGHTS, Interpreter
from auricle.interpreters.heard import Heard, hear
from auricle.interpreters.opening import load_interpreter
from auricle.methods.base import Attribution, Method
from auricle.methods.point import Point
from auricle.settings import settings


@dataclass(frozen=True, kw_only=True, config=settings)
class LearntMethod(Method):
    """An interpreter in a folder. Its relevance is a mask, which is heard as it is."""

    levels: ClassVar[tuple[Level, ...]] = ("features", "stft")
    gives_mask: ClassVar[bool] = True

    folder: str = Field(description="of 'auricle interpreter train'")
    check_weights: bool = Field(
        True, description="refuse a model that it was not trained on; off only to test what it would say"
    )

    @property
    def kind(self) -> str:
        """Of the interpreters that it reads."""
        return self.name

    @property
    def interpreter(self) -> Interpreter:
        """What was learnt; read once."""
        folder = Path(self.folder)
        files = [folder / name for name in (CARD, WEIGHTS)]
        stamps = tuple(each.stat().st_mtime_ns if each.is_file() else 0 for each in files)
        found = _opened(self.folder, stamps)
        if found.kind != self.kind:
            raise AuricleError(
                f"{self.folder} holds an interpreter of kind {found.kind}; write {found.kind}:{self.folder}"
            )
        return found

    def check(self, classifier: Classifier) -> None:
        super().check(classifier)
        if self.check_weights:
            self.interpreter.check(classifier)

    def level_for(self, classifier: Classifier) -> Level:
        return self.interpreter.level

    def _explain(self, point: Point, weights: Tensor, seed: int) -> Attribution:
        interpreter = self.interpreter
        if point.level != interpreter.level:
            raise AuricleError(f"{self.name} lays relevance on {interpreter.level} only, not on level={point.level}")
        interpreter.to(point.classifier.device, point.classifier.dtype)
        with torch.no_grad():
            features = point.x if point.level == "features" else None
            heard = hear(point.classifier, point.samples, interpreter.subject.layers, features=features)
            relevance = self._relevance(interpreter, heard, weights, seed)
        return Attribution(relevance, (heard.logits * weights).sum(1))

    def _relevance(self, interpreter: Interpreter, heard: Heard, weights: Tensor, seed: int) -> Tensor:
        del seed  # of methods that draw
        return interpreter.relevance(heard, weights)


@lru_cache(maxsize=8)
def _opened(folder: str, stamps: tuple[int, ...]) -> Interpreter:
    del stamps  # files that were written anew are read anew
    return load_interpreter(folder)
