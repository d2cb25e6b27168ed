"""A study from its config: what is missing is made, stage by stage, and everything else is left as it is."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from auricle.errors import AuricleError, nearest
from auricle.evaluation.writing import json_bytes
from auricle.study.config import StudyConfig
from auricle.study.engines import engine_of
from auricle.study.lengths import long_clips
from auricle.study.meter import Passes
from auricle.study.naming import clip_key
from auricle.study.plan import STAGES, Plan, Stage
from auricle.study.store import Store
from auricle.study.subject import open_subject
from auricle.study.worker import Done

MANIFEST = "manifest.json"
CLIPS = "clips.parquet"
FAITHFULNESS = "tables/faithfulness.parquet"
STAGE_BEFORE: dict[Stage, tuple[Stage, ...]] = {
    "predict": (),
    "explain": ("predict",),
    "tune": (),
    "regions": ("explain", "tune"),
    "sonify": ("regions",),
    "evaluate": ("regions",),
    "overview": ("evaluate",),
}


class Watcher(Protocol):
    """Who is told how far a study is."""

    def note(self, text: str) -> None:
        """What should be known before the work begins."""

    def stage(self, stage: Stage, todo: int, kept: int) -> None:
        """A stage begins: so many shards are to be made, so many are kept."""

    def step(self, done: Done) -> None:
        """A shard was made."""


@dataclass
class StageReport:
    """What a stage did."""

    stage: Stage
    made: int = 0
    kept: int = 0
    rows: int = 0
    failures: int = 0
    seconds: float = 0.0
    worked: float = 0.0
    passes: Passes = field(default_factory=Passes)

    @property
    def overhead(self) -> float | None:
        """Time worked over that of the bare passes; None where the network was not asked."""
        return self.worked / self.passes.seconds if self.passes.seconds > 0 else None


@dataclass(frozen=True, eq=False)
class Study:
    """A study that was run: its store, its config, and what each stage did this time."""

    store: Store
    config: StudyConfig
    stages: tuple[StageReport, ...]

    @property
    def failures(self) -> int:
        """Clips, or explanations of them, that could not be done."""
        return sum(stage.failures for stage in self.stages)

    @property
    def overhead(self) -> float | None:
        """Time worked on all stages over that of the bare passes that they needed; None where none was needed."""
        bare = sum(stage.passes.seconds for stage in self.stages)
        return sum(stage.worked for stage in self.stages) / bare if bare > 0 else None

    @property
    def notes(self) -> list[str]:
        """What a reader of the results should know of the choice of clips."""
        return [str(note) for note in json.loads(self.store.read(MANIFEST)).get("notes", [])]

    def sentences(self) -> list[str]:
        """Which methods' regions carry right decisions and which do not; nothing before the overview was made."""
        if not self.store.exists(FAITHFULNESS):
            return []
        rows = self.store.read_table(FAITHFULNESS).to_pylist()
        told = [row for row in rows if row["by"] == "all" and row["level"] == "own" and row["right"]]
        return [str(row["verdict"]) for row in told]


def run_study(
    config: StudyConfig,
    *,
    stages: Sequence[str] | None = None,
    reset: Sequence[str] = (),
    engine: str = "local",
    prune: bool = False,
    watcher: Watcher | None = None,
) -> Study:
    """Run a study, or only some ``stages`` of it; what is there already and still wanted is not made again.

    ``reset`` throws away the results of stages, and with them of those that depend on them. ``prune`` removes what the
    store has of clips and methods that the study does not have (any more); without it such a study is refused. Raises
    `AuricleError` where the config does not fit the model or the data, and where the store cannot be written; what was
    written stays.
    """
    wanted = stages_of(stages)
    forgotten = _forgotten(stages_of(reset) if reset else (), wanted)
    store = Store(config.out)
    subject = open_subject(config)
    plan = Plan(config, subject)
    with _alone(store):
        if not prune:
            _refuse_to_lose(store, plan)
        for stage in forgotten:
            forget(store, stage)
        notes = long_clips(config, subject)
        if watcher is not None:
            for note in notes:
                watcher.note(note)
        store.write_table(CLIPS, subject.table(config.block))
        manifest = _manifest(store, config, plan, notes)
        reports = []
        with engine_of(engine, config) as workers:
            for stage in wanted:
                report = StageReport(stage)
                begun = time.perf_counter()
                if stage == "overview":
                    _require(store, plan, "regions")
                    for heard in ("sonify", "evaluate"):
                        if store.folders(heard):
                            _require(store, plan, heard)
                    from auricle.study.stages.overview import write_overview

                    if watcher is not None:
                        watcher.stage(stage, 1, 0)
                    write_overview(store, plan)
                    report.made = 1
                else:
                    for before in STAGE_BEFORE[stage]:
                        _require(store, plan, before)
                    _clear_old(store, plan, stage)
                    if stage == "sonify":
                        _clear_sounds(store, plan)
                    tasks = plan.tasks(stage)
                    todo = [task for task in tasks if store.key_of(task.name) != task.key]
                    report.kept = len(tasks) - len(todo)
                    if watcher is not None:
                        watcher.stage(stage, len(todo), report.kept)
                    for done in workers.run(todo):
                        _add(report, done)
                        if watcher is not None:
                            watcher.step(done)
                    report.failures = _failures(store, stage)
                report.seconds = time.perf_counter() - begun
                reports.append(report)
                manifest["stages"][stage] = _told(report, manifest["stages"].get(stage))
                store.write(MANIFEST, json_bytes(manifest))
    return Study(store, config, tuple(reports))


def forget(store: Store, stage: Stage) -> None:
    """Throw a stage's results away."""
    beside = {"explain": ["components"], "sonify": ["audio"], "overview": ["tables", "pictures", "site"]}
    for folder in (stage, f"failures/{stage}", *beside.get(stage, [])):
        store.remove(folder)


def stages_of(names: Sequence[str] | None) -> tuple[Stage, ...]:
    """Stages by their names, in the order in which they are run; None: all."""
    for name in names or ():
        if name not in STAGES:
            raise AuricleError(f'a study has no stage "{name}"; {nearest(name, STAGES)}')
    return tuple(stage for stage in STAGES if names is None or stage in names)


def _forgotten(resets: Sequence[Stage], wanted: Sequence[Stage]) -> list[Stage]:
    """Stages whose results a reset throws away; refused where what is wanted would lose its ground."""
    forgotten = [stage for stage in STAGES if stage in resets or _all_before(stage) & set(resets)]
    for stage in wanted:
        lost = [before for before in STAGES if before in _all_before(stage) & set(forgotten) and before not in wanted]
        if lost:
            raise AuricleError(
                f"{stage} needs {lost[0]}, which the reset throws away and which would not be made again; run "
                f"{' and '.join(lost)}, too, or leave --stage out"
            )
    return forgotten


def _refuse_to_lose(store: Store, plan: Plan) -> None:
    """Shards that the study has no place for would be removed, and hours of work with them."""
    for stage in ("predict", "explain"):
        wanted = {task.name for task in plan.tasks(stage)}
        folders = [f"{stage}/{each}" for each in store.folders(stage)] if stage == "explain" else [stage]
        lost = [name for folder in folders for name in store.names(folder) if name not in wanted]
        if lost:
            raise AuricleError(
                f"{store.address} holds {len(lost)} shards of {stage} that this study has no place for (such as "
                f"{lost[0]}), of clips or methods that it no longer has; give another out, or remove them with --prune"
            )


def _all_before(stage: Stage) -> set[Stage]:
    before = set(STAGE_BEFORE[stage])
    for each in STAGE_BEFORE[stage]:
        before |= _all_before(each)
    return before


def _require(store: Store, plan: Plan, stage: Stage) -> None:
    """Every shard of a stage is there as it is wanted."""
    missing = [task for task in plan.tasks(stage) if store.key_of(task.name) != task.key]
    if missing:
        raise AuricleError(
            f"{store.path(missing[0].name)} is missing or of other settings; run the stage {stage} first, or leave "
            "--stage out to run all that is needed"
        )


def _clear_old(store: Store, plan: Plan, stage: Stage) -> None:
    """Shards of blocks and methods that the study no longer has would be read as if they were its own."""
    tasks = plan.tasks(stage)
    wanted = {task.name for task in tasks}
    folders = {stage: {name.split("/", 1)[1] for name in (task.folder for task in tasks) if "/" in name}}
    for folder in store.folders(stage):
        if folder not in folders[stage]:
            store.remove(f"{stage}/{folder}")
            store.remove(f"failures/{stage}/{folder}")
            if stage == "explain":
                store.remove(f"components/{folder}")
    for folder in {task.folder for task in tasks} or {stage}:
        for name in store.names(folder):
            if name not in wanted:
                store.remove(name)
                if stage == "explain":
                    store.remove(name.replace(stage, "components", 1))
                _, method = (*folder.split("/", 1), "_")[:2]
                store.remove(f"failures/{stage}/{method}/{name.rsplit('/', 1)[1]}")


def _clear_sounds(store: Store, plan: Plan) -> None:
    """Sounds of clips and methods that the study no longer has."""
    ids = plan.subject.dataset.column("id")
    keys = {clip_key(str(ids[number])) for block in plan.blocks for number in block.numbers}
    for method in store.folders("audio"):
        for key in store.folders(f"audio/{method}"):
            if key not in keys or method not in plan.methods:
                store.remove(f"audio/{method}/{key}")


def _failures(store: Store, stage: Stage) -> int:
    return sum(
        store.read_table(name, columns=["id"]).num_rows
        for folder in store.folders(f"failures/{stage}")
        for name in store.names(f"failures/{stage}/{folder}")
    )


def _add(report: StageReport, done: Done) -> None:
    report.made += 1
    report.rows += done.rows
    report.worked += done.worked
    report.passes = report.passes + done.passes


def _told(report: StageReport, before: dict[str, Any] | None) -> dict[str, Any]:
    """What the manifest says of a stage; a run that made nothing leaves the cost of the run that did."""
    if before is not None and report.made == 0:
        return {**before, "kept": report.kept}
    return {
        "made": report.made,
        "kept": report.kept,
        "rows": report.rows,
        "failures": report.failures,
        "seconds": round(report.seconds, 3),
        "worked_seconds": round(report.worked, 3),
        "forward_rows": report.passes.forward,
        "backward_rows": report.passes.backward,
        "bare_seconds": round(report.passes.seconds, 3),
    }


def _manifest(store: Store, config: StudyConfig, plan: Plan, notes: Sequence[str]) -> dict[str, Any]:
    """What made the store; of an earlier run the stages' costs are kept."""
    before: dict[str, Any] = {}
    if store.exists(MANIFEST):
        try:
            before = json.loads(store.read(MANIFEST)).get("stages", {})
        except (ValueError, AttributeError):
            before = {}
    subject = plan.subject
    manifest = {
        "format": 1,
        "config": config.model_dump(mode="json"),
        "seed": config.seed,
        "data": {"name": subject.dataset.name, "task": subject.task, "clips": subject.count},
        "models": [
            {"model": part.model, "weights": part.weights, "clips": len(part.numbers)} for part in subject.parts
        ],
        "methods": {key: {"name": each.name, **each.settings()} for key, each in plan.methods.items()},
        "notes": [*subject.notes, *notes, *subject.dataset.notes],
        "versions": _versions(),
        "stages": before,
    }
    store.write(MANIFEST, json_bytes(manifest))
    return manifest


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in ("auricle", "torch", "numpy", "scikit-learn", "librosa", "pyarrow"):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


@contextmanager
def _alone(store: Store) -> Iterator[None]:
    """Two studies must not write to one store; at other addresses than folders nobody can know."""
    if not store.is_local:
        yield
        return
    from filelock import FileLock, Timeout

    from auricle.files import make_folder

    make_folder(Path(store.root))
    lock = FileLock(str(Path(store.root) / ".lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise AuricleError(
            f"{store.root} is being written by another run; wait for it, or choose another out"
        ) from error
    except OSError as error:
        raise AuricleError(f"{store.root} cannot be written ({error.strerror}); choose another out") from error
    try:
        yield
    finally:
        lock.release()
