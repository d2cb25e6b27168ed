"""Worker processes of this machine; with one worker, this process itself."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from functools import cached_property
from types import TracebackType

from auricle.errors import AuricleError
from auricle.study.config import StudyConfig
from auricle.study.plan import Task
from auricle.study.worker import Done, Worker

TRIES = 3
"""How often processes are started again after one of them was killed."""

_WORKER: Worker | None = None


class LocalEngine:
    """``config.workers`` processes, by default one a core (one in all on a GPU), each with a model of its own."""

    def __init__(self, config: StudyConfig) -> None:
        self.config = config
        self.workers = config.workers or _usual(config)
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> LocalEngine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    @cached_property
    def _here(self) -> Worker:
        return Worker(self.config)

    def run(self, tasks: Sequence[Task]) -> Iterator[Done]:
        """Each task's result as it is done; a killed process is replaced, and its tasks are done again."""
        if self.workers == 1:
            for task in tasks:
                yield self._here.do(task)
            return
        left = {task.name: task for task in tasks}
        tries = 0
        while left:
            try:
                for done in self._pooled(list(left.values())):
                    left.pop(done.task.name)
                    yield done
            except BrokenProcessPool as error:
                self._stop()
                tries += 1
                if tries == TRIES:
                    raise AuricleError(
                        f"worker processes were killed {TRIES} times, perhaps for want of memory; run the study again "
                        "with fewer --workers, it goes on where it stopped"
                    ) from error

    def _pooled(self, tasks: list[Task]) -> Iterator[Done]:
        if self._pool is None:
            import multiprocessing

            self._pool = ProcessPoolExecutor(
                self.workers,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_begin,
                initargs=(self.config.model_dump_json(),),
            )
        waiting: list[Future[Done]] = [self._pool.submit(_do, task) for task in tasks]
        try:
            for each in as_completed(waiting):
                yield each.result()
        finally:
            for each in waiting:
                each.cancel()

    def _stop(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None


def _usual(config: StudyConfig) -> int:
    import torch

    if config.device != "cpu" and torch.cuda.is_available():
        return 1
    return max(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, 1)


def _begin(config: str) -> None:
    # One thread a process: set before torch and numpy of this process make theirs.
    os.environ["OMP_NUM_THREADS"] = "1"
    global _WORKER
    _WORKER = Worker(StudyConfig.model_validate_json(config))


def _do(task: Task) -> Done:
    assert _WORKER is not None
    return _WORKER.do(task)
