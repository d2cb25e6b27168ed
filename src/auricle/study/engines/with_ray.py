"""A Ray cluster: the same shards, made by a Ray Data pipeline whose actors hold the model (on a GPU where one is)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from types import TracebackType
from typing import Any

from auricle.errors import AuricleError
from auricle.study.config import StudyConfig
from auricle.study.meter import Passes
from auricle.study.plan import Task
from auricle.study.worker import Done, Worker


class RayEngine:
    """Tasks as rows of a Ray data set; the cluster at ``RAY_ADDRESS``, or one of this machine's cores.

    Every node must have auricle, and reach the model, the data and the store at the addresses of the config.
    """

    def __init__(self, config: StudyConfig) -> None:
        try:
            import ray.data
        except ImportError as error:
            raise AuricleError("the engine ray needs Ray; install it with: pip install 'auricle[ray]'") from error
        self.config = config
        self._ray = ray
        self._own = False

    def __enter__(self) -> RayEngine:
        import logging

        if not self._ray.is_initialized():
            self._ray.init(log_to_driver=False, logging_level=logging.ERROR, include_dashboard=False)
            self._own = True
        context = self._ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._own:
            self._ray.shutdown()

    def run(self, tasks: Sequence[Task]) -> Iterator[Done]:
        """Each task's result as it is done; a lost actor's tasks are done again by another."""
        if not tasks:
            return
        gpus = 1 if self._ray.cluster_resources().get("GPU", 0) >= 1 and self.config.device != "cpu" else 0
        most = self.config.workers or max(int(self._ray.cluster_resources().get("GPU" if gpus else "CPU", 1)), 1)
        count = min(most, len(tasks))
        rows = self._ray.data.from_items(
            [{"task": json.dumps(asdict(task))} for task in tasks], override_num_blocks=len(tasks)
        )
        done = rows.map_batches(
            _Actor,
            fn_constructor_args=(self.config.model_dump_json(),),
            batch_size=1,
            concurrency=count,
            num_cpus=None if gpus else 1,
            num_gpus=gpus or None,
        )
        try:
            for row in done.iter_rows():
                yield _done(row["done"])
        except self._ray.exceptions.RayTaskError as error:
            cause = error.cause if isinstance(error.cause, AuricleError) else error
            raise AuricleError(f"a Ray task failed: {str(cause).splitlines()[-1]}") from error


class _Actor:
    """One process of the cluster; tasks and results are rows of JSON, because a table would turn None into NaN."""

    def __init__(self, config: str) -> None:
        self.worker = Worker(StudyConfig.model_validate_json(config))

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        done = [self.worker.do(Task(**json.loads(str(text)))) for text in batch["task"]]
        return {"done": [json.dumps(asdict(each)) for each in done]}


def _done(text: str) -> Done:
    read = json.loads(text)
    return Done(**{**read, "task": Task(**read["task"]), "passes": Passes(**read["passes"])})
