"""All pictures of a study: made method by method, written as they are made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auricle.report.study import charts, grids
from auricle.report.study.chosen import Chosen
from auricle.report.study.hearing import Ear
from auricle.report.study.method_found import MethodFound, find
from auricle.report.study.mosaic import Drawn
from auricle.report.study.tiles import Tile
from auricle.study.plan import Plan
from auricle.study.store import Store
from auricle.study.tables.clusters import ALL, clip_table, cluster_table
from auricle.study.tables.components import component_table

if TYPE_CHECKING:
    import pyarrow as pa

FOLDER = "pictures"


class Gallery:
    """Draws what the config wants; ``drawn`` has every picture without its bytes, by name."""

    def __init__(self, store: Store, plan: Plan, predicted: pa.Table) -> None:
        self.store, self.plan = store, plan
        self.wanted = set(plan.config.overview.pictures)
        rows = predicted.drop_columns(["probabilities", "logits"]).to_pylist()
        self.clips: dict[str, dict[str, Any]] = {row["id"]: row for row in rows}
        self.chosen = Chosen.of(rows, plan.subject.labels)
        self.ear = Ear(plan)
        self.drawn: list[tuple[str, str, Drawn]] = []
        self._tiles: dict[str, dict[tuple[str, str], Tile]] = {}

    def add(self, method: str, parts: pa.Table | None) -> MethodFound:
        """Gather what a method found, and draw its own pictures; ``parts`` are its components, if comparable."""
        found = find(
            self.store, method, self.clips, self.chosen.ids,
            clusters=self.plan.config.overview.clusters, seed=self.plan.config.seed,
        )  # fmt: skip
        tiles, labels = found.tiles, self.plan.subject.labels
        if "saliency_regions" in self.wanted and self.chosen.right:
            self._keep(
                "saliency_regions",
                method,
                grids.saliency_regions(method, tiles, self.clips, self.chosen, found.averages, found.ranges),
            )
        missed = any((id, "predicted") in tiles for ids in self.chosen.wrong.values() for id in ids)
        if "mispredictions" in self.wanted and missed:
            self._keep("mispredictions", method, grids.mispredictions(method, tiles, self.clips, self.chosen, self.ear))
        if "classes" in self.wanted and found.averages:
            self._keep("classes", method, grids.classes(method, found.averages, labels, found.ranges))
        if "components" in self.wanted and parts is not None:
            self._keep("components", method, charts.components(method, component_table(parts).to_pylist(), labels))
        if "map" in self.wanted and found.kept is not None:
            whole = [each for each in found.clusters if each.scope == ALL]
            clusters, places = (make(found.kept, whole).to_pylist() for make in (cluster_table, clip_table))
            self._keep("map", method, charts.clusters(method, clusters, places, self.clips))
        shown = {*self.chosen.examples, *(ids[0] for ids in self.chosen.right.values())}
        self._tiles[method] = {key: tile for key, tile in tiles.items() if key[0] in shown}
        return found

    def finish(self) -> list[tuple[str, str, Drawn]]:
        """The pictures of all methods together; then all pictures: kind, method (empty: all), and what was drawn."""
        if self._tiles and "saliencies" in self.wanted and self.chosen.examples:
            self._keep("saliencies", "", grids.saliencies(self._tiles, self.clips, self.chosen, self.ear))
        if self._tiles and "saliency_regions" in self.wanted and self.chosen.right:
            self._keep(
                "saliency_regions", "", grids.saliency_regions_of_all(self._tiles, self.clips, self.chosen, self.ear)
            )
        return self.drawn

    def _keep(self, kind: str, method: str, drawn: Drawn) -> None:
        self.store.write(f"{FOLDER}/{drawn.name}.png", drawn.png)
        empty = Drawn(drawn.name, drawn.title, drawn.caption, b"", drawn.width, drawn.height, drawn.spots)
        self.drawn.append((kind, method, empty))
