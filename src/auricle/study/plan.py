"""Which shards a study has, and the key of each: a hash of everything that its content depends on.

Keys are chained: a shard's key holds the keys of the shards that it is made from. So a changed setting makes exactly
those shards anew that depend on it, and a shard whose key is still wanted is never made twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, get_args

from auricle.methods import Method
from auricle.study.config import StudyConfig
from auricle.study.lengths import is_too_long, seconds_of
from auricle.study.naming import digest
from auricle.study.subject import Block, Subject

Stage = Literal["predict", "explain", "tune", "regions", "sonify", "evaluate", "overview"]
STAGES: tuple[Stage, ...] = get_args(Stage)

FORMATS: dict[Stage, int] = dict.fromkeys(STAGES, 1)
"""Raised when a stage's results change although its settings do not."""


@dataclass(frozen=True)
class Task:
    """One shard to make: of a stage, a method (where the stage has methods) and a block (where it has blocks)."""

    stage: Stage
    method: str | None
    block: int | None
    key: str

    @property
    def folder(self) -> str:
        return self.stage if self.method is None else f"{self.stage}/{self.method}"

    @property
    def name(self) -> str:
        """The shard in the store."""
        return f"{self.folder}/part-{self.block or 0:05d}.parquet"

    @property
    def failures(self) -> str:
        """The shard of what failed in it."""
        return f"failures/{self.stage}/{self.method or '_'}/part-{self.block or 0:05d}.parquet"


class Plan:
    """All tasks of a study, stage by stage."""

    def __init__(self, config: StudyConfig, subject: Subject) -> None:
        self.config, self.subject = config, subject
        self.methods: dict[str, Method] = config.method_plan()
        self.blocks: list[Block] = subject.blocks(config.block)
        self._known: dict[tuple[str, str | None, int | None], str] = {}

    @property
    def tunes(self) -> bool:
        """Whether regions are tuned or optimised, for which each method has a task of its own."""
        return self.config.regions.tune is not None or self.config.regions.optimise is not None

    def tasks(self, stage: Stage) -> list[Task]:
        """The tasks of a stage that work through blocks, or for tune through methods."""
        if stage == "overview" or (stage == "tune" and not self.tunes):
            return []
        if stage == "tune":
            return [Task(stage, method, None, self.key(stage, method)) for method in self.methods]
        methods: list[str | None] = [None] if stage == "predict" else list(self.methods)
        return [
            Task(stage, method, block.number, self.key(stage, method, block.number))
            for method in methods
            for block in self.blocks
        ]

    def key(self, stage: Stage, method: str | None = None, block: int | None = None) -> str:
        """The key of one shard."""
        place = (stage, method, block)
        if place not in self._known:
            self._known[place] = digest(stage, FORMATS[stage], *self._parts(stage, method, block))
        return self._known[place]

    def _parts(self, stage: Stage, method: str | None, block: int | None) -> list[Any]:
        config = self.config
        if stage == "predict":
            assert block is not None
            at = self.blocks[block]
            part = self.subject.parts[at.part]
            return [part.weights, self.subject.task, self.subject.hash_of(at.numbers), *self._left_out(at.numbers)]
        assert method is not None
        if stage == "explain":
            return [self.key("predict", None, block), *self._asking(method), config.targets]
        if stage == "tune":
            return [self._tuning, *self._asking(method), config.regions.model_dump(mode="json")]
        if stage == "regions":
            settings = [config.regions.kind, config.regions.settings]
            return [self.key("explain", method, block), settings, self.key("tune", method) if self.tunes else None]
        sound = config.sound.model_dump(mode="json")
        if stage == "sonify":
            sound = sound if "amplified" in sound["write"] else {**sound, "amplify_db": None}
            return [self.key("regions", method, block), sound, config.seed]
        heard = {name: sound[name] for name in ("style", "random", "overlap")}
        assert block is not None
        return [self.key("regions", method, block), heard, self._measured(block), config.seed]

    def _asking(self, method: str) -> list[Any]:
        """What decides a method's relevance, whatever it is called."""
        asked = self.methods[method]
        return [asked.name, asked.settings(), self.config.level, self.config.seed]

    def _measured(self, block: int) -> list[Any]:
        """What is measured on a block; that only some clips have a costly measure concerns only their blocks."""
        wanted = self.config.evaluate
        some = [self.places_of(block, count) for count in (wanted.curves, wanted.stability, wanted.sanity)]
        return [wanted.metrics, wanted.steps if some[0] else None, some]

    def places_of(self, block: int, count: int | None) -> list[int]:
        """Places in a block of the clips among ``count`` that are spread evenly over the study (None: all)."""
        at, total = self.blocks[block], self.subject.count
        if count is None or count >= total:
            return list(range(len(at.numbers)))
        chosen = {place * total // count for place in range(count)}
        return [place for place in range(len(at.numbers)) if at.first + place in chosen]

    @cached_property
    def _tuning(self) -> list[Any]:
        return [
            [part.weights, self.subject.hash_of(tuning), *self._left_out(tuning)]
            for part, tuning in ((part, [int(each) for each in part.tuning]) for part in self.subject.parts)
        ]

    def _left_out(self, numbers: Sequence[int]) -> list[list[int]]:
        """Clips that are too long, so that another limit concerns only where they are; nothing if there are none."""
        dataset, longest = self.subject.dataset, self.config.clips.longest
        found = [number for number in numbers if is_too_long(seconds_of(dataset, dataset.row(number)), longest)]
        return [found] if found else []
