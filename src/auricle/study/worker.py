"""One process of a study: it holds the model and the data set, and makes shards one after another."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch

from auricle.classifier import Classifier
from auricle.clip import Clip
from auricle.errors import AuricleError
from auricle.methods.coalitions.repeatable import repeatable
from auricle.study.config import StudyConfig
from auricle.study.lengths import refuse_too_long, seconds_of
from auricle.study.meter import Meter, Passes, clock
from auricle.study.models import open_model
from auricle.study.plan import Plan, Stage, Task
from auricle.study.schemas import table_of
from auricle.study.store import Store
from auricle.study.subject import Subject, open_subject


@dataclass(frozen=True)
class Done:
    """What became of a task: rows written, clips that failed, what the network did for it, and how long it took.

    ``seconds`` passed; ``worked`` are those that this process worked, whatever else the machine did.
    """

    task: Task
    rows: int
    failures: int
    seconds: float
    worked: float
    passes: Passes


@dataclass(eq=False)
class Shard:
    """What a task has made so far: rows of its shard, of shards beside it, and failures."""

    task: Task
    rows: list[dict[str, Any]] = field(default_factory=list)
    beside: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    failures: list[dict[str, Any]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    table: Any = None
    """The whole shard, where its columns are not the same in every study."""

    def fail(self, id: str, reason: Exception, asked: str | None = None) -> None:
        """A clip that cannot be done; an error that is no `AuricleError` is told with its kind."""
        text = str(reason) if isinstance(reason, AuricleError) else f"{type(reason).__name__}: {reason}"
        stage, method = self.task.stage, self.task.method
        self.failures.append({"id": id, "stage": stage, "method": method, "asked": asked, "reason": text})

    @contextmanager
    def guarding(self, id: str, asked: str | None = None) -> Iterator[None]:
        """Within, what goes wrong with one clip becomes a row of failures, and the others go on."""
        try:
            yield
        except Exception as error:  # whatever a network or a recording of somebody's does
            self.fail(id, error, asked)


class Worker:
    """Makes shards; everything that it needs follows from the config."""

    def __init__(self, config: StudyConfig, subject: Subject | None = None) -> None:
        torch.set_num_threads(1)  # the processes share the cores, and sums do not depend on how many there are
        self.config = config
        self.store = Store(config.out)
        self.plan = Plan(config, subject or open_subject(config))
        self._opened: tuple[str, Classifier] | None = None

    @property
    def subject(self) -> Subject:
        return self.plan.subject

    @cached_property
    def meter(self) -> Meter:
        return Meter()

    def classifier(self, part: int) -> Classifier:
        """The model of a part; one is in memory at a time."""
        model = self.subject.parts[part].model
        if self._opened is None or self._opened[0] != model:
            self._opened = model, open_model(model, self.config.device)
            self.meter.watch(self._opened[1])
        return self._opened[1]

    def load(self, id: str) -> Clip:
        """The sound of a clip by its id; raises `AuricleError` for one that is too long, before it is read."""
        dataset = self.subject.dataset
        row = dataset.row(self.number(id))
        refuse_too_long(id, seconds_of(dataset, row), self.config.clips.longest)
        return dataset.load(row)

    def number(self, id: str) -> int:
        """The row of a clip in the data set."""
        return self._numbers[id]

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {str(id): number for number, id in enumerate(self.subject.dataset.column("id"))}

    def do(self, task: Task) -> Done:
        """Make one shard, whole, and what failed in it."""
        device = self._opened[1].device if self._opened else torch.device("cpu")
        begun, working, before = time.perf_counter(), clock(device) - self.meter.spent, self.meter.passes
        shard = Shard(task)
        with repeatable():
            _maker(task.stage)(self, shard)
        if task.block is not None and not shard.rows:
            _refuse_if_broken(shard, len(self.plan.blocks[task.block].numbers))
        for folder, rows in shard.beside.items():
            name = task.name.replace(task.stage, folder, 1)
            self.store.write_table(name, table_of(folder, rows), key=task.key)
        if shard.failures:
            self.store.write_table(task.failures, table_of("failures", shard.failures), key=task.key)
        else:
            self.store.remove(task.failures)
        table = table_of(task.stage, shard.rows) if shard.table is None else shard.table
        self.store.write_table(task.name, table, key=task.key, facts=shard.facts)
        passes = self.meter.passes - before
        seconds, worked = time.perf_counter() - begun, clock(device) - self.meter.spent - working
        return Done(task, table.num_rows, len(shard.failures), seconds, worked, passes)


def _maker(stage: Stage) -> Callable[[Worker, Shard], None]:
    """What makes a stage's shards: ``make`` of the module of its name."""
    found: Callable[[Worker, Shard], None] = importlib.import_module(f"auricle.study.stages.{stage}").make
    return found


def _refuse_if_broken(shard: Shard, clips: int) -> None:
    """Where every clip of a shard fails in the same way that is nobody's recording, the study itself is wrong."""
    reasons, ids = {row["reason"] for row in shard.failures}, {row["id"] for row in shard.failures}
    if len(reasons) == 1 and len(ids) == clips > 1 and shard.task.stage != "predict":
        raise AuricleError(f"{shard.task.folder} fails for every clip: {reasons.pop()}")
