"""What a study would cost: a few of its clips are really done, in a place that is thrown away, and counted up."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from auricle.study.config import StudyConfig
from auricle.study.engines.local import LocalEngine
from auricle.study.lengths import remarkable_seconds, work_of
from auricle.study.plan import STAGES, Plan, Stage
from auricle.study.run import run_study
from auricle.study.store import Store
from auricle.study.subject import Subject, open_subject

TRIED = 4
"""Clips that are really done."""


@dataclass(frozen=True)
class Estimate:
    """A stage: shards that would be made and that are kept, and about how many seconds and bytes that takes."""

    stage: Stage
    todo: int
    kept: int
    seconds: float
    bytes: int


def estimate(config: StudyConfig, stages: tuple[Stage, ...] | None = None) -> list[Estimate]:
    """Stage by stage what `run_study` would make of this config, and what it would cost with these workers.

    The overview is left out: it is drawn in the time of some hundred clips at most.
    """
    plan = Plan(config, open_subject(config))
    work = work_of(config, plan.subject)
    store = Store(config.out)
    with tempfile.TemporaryDirectory() as folder:
        tried = _few(config, folder, plan.subject)
        report = run_study(tried, stages=[stage for stage in STAGES if stage != "overview"])
        worked = {each.stage: each.worked for each in report.stages}
        written = {stage: _bytes(Path(folder), stage) for stage in STAGES}
        few = Plan(tried, open_subject(tried))
        done = max(sum(work_of(tried, few.subject).values()), 1)
    workers = max(LocalEngine(config).workers, 1)
    found = []
    for stage in STAGES:
        tasks = plan.tasks(stage)
        if not tasks or (stages is not None and stage not in stages):
            continue
        todo = [task for task in tasks if store.key_of(task.name) != task.key]
        if stage == "tune":
            share = len(todo) / len(plan.methods) * _tuned(plan) / _tuned(few)
        else:
            wanted = sum(work[number] for task in todo for number in plan.blocks[task.block or 0].numbers)
            share = wanted / (done * (1 if stage == "predict" else len(plan.methods)))
        seconds = share * worked[stage] / min(workers, max(len(todo), 1))
        found.append(Estimate(stage, len(todo), len(tasks) - len(todo), seconds, round(share * written[stage])))
    return found


def _few(config: StudyConfig, folder: str, subject: Subject) -> StudyConfig:
    """The same study of a few clips, none of them far longer than the others."""
    told = config.model_dump()
    told |= {"out": folder, "workers": 1, "block": TRIED}
    told["clips"]["limit"] = TRIED
    told["clips"]["longest"] = remarkable_seconds(config, subject)
    if told["regions"]["tune"] is not None:
        told["regions"]["tune"]["clips"] = TRIED
    return StudyConfig.model_validate(told)


def _tuned(plan: Plan) -> int:
    return max(sum(len(part.tuning) for part in plan.subject.parts), 1)


def _bytes(folder: Path, stage: Stage) -> int:
    beside = {"sonify": "audio", "explain": "components"}.get(stage, stage)
    return sum(each.stat().st_size for name in {stage, beside} for each in (folder / name).rglob("*") if each.is_file())
