"""Who does the tasks of a stage: processes of this machine, or a Ray cluster; the shards are the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from auricle.study.config import StudyConfig
    from auricle.study.plan import Task
    from auricle.study.worker import Done

ENGINES = ("local", "ray")


class Engine(Protocol):
    """Does tasks in any order; results come as they are done."""

    def run(self, tasks: Sequence[Task]) -> Iterator[Done]: ...


def engine_of(name: str, config: StudyConfig) -> AbstractContextManager[Engine]:
    """An engine by its name, for as long as the context lasts."""
    if name == "ray":
        from auricle.study.engines.with_ray import RayEngine

        return RayEngine(config)
    from auricle.study.engines.local import LocalEngine

    return LocalEngine(config)
