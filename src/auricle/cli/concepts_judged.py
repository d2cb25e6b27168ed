"""``auricle concepts evaluate`` and ``show``: concepts on clips that did not make them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import typer

from auricle.cli.choosing import settings_of
from auricle.cli.clips_of_classes import choose, clips_of_rows, rows_of
from auricle.cli.in_concepts import opened
from auricle.cli.progress import progress
from auricle.cli.stopping import stoppable
from auricle.concepts.concepts import Concepts, load_concepts
from auricle.concepts.evaluation import (
    ConceptFlipping,
    Heard,
    between_classes,
    compare,
    flipped,
    hear,
    told_apart,
    unequal,
)
from auricle.concepts.evaluation.comparison import Compared
from auricle.errors import AuricleError
from auricle.evaluation.tested import ALL
from auricle.metrics.bootstrap import Interval

if TYPE_CHECKING:
    from auricle.classifier import Classifier
    from auricle.clip import Clip
    from auricle.evaluation.tested import Choice

DRAWS = 3
EVALUATION = "evaluation"
OWN = "among them those that the concepts were found in"


def judge(
    folder: Path,
    *,
    against: list[Path],
    model: str | None,
    data: str | None,
    part: str | None,
    per_class: int,
    settings: list[str],
    seed: int,
) -> None:
    """Judge the concepts of a folder, say how good they are, and keep that in their card."""
    classifier, concepts = opened(folder, model)
    several = {_kind(concepts, folder): concepts}
    for each in against:
        other = load_concepts(each, classifier)
        if other.layer != concepts.layer:
            raise AuricleError(f"{each} is of the layer {other.layer}, {folder} of {concepts.layer}; compare one layer")
        several[_kind(other, each, several)] = other
        if any(len(other[label]) != len(concepts[label]) for label in concepts):
            typer.echo(
                f"{each} has not as many concepts of each class as {folder}; more maps take more away, whatever they "
                "show, so their areas cannot be compared",
                err=True,
            )
    flipping = ConceptFlipping(**{"fill": "inpainting", **settings_of(settings)})
    choice = choice_of(concepts, model, data, part)
    rows = rows_of(choice, list(concepts), per_class, seed)
    failures: list[str] = []
    steps = len(rows) + len(list(concepts))
    with stoppable(), progress(steps, "hearing") as bar:
        heard = heard_of(classifier, choice, rows, failures, bar.step)
        bar.describe("flipping")
        areas = flipped(
            classifier,
            heard,
            several,
            draws=DRAWS,
            flipping=flipping,
            seed=seed,
            on_step=lambda _: bar.step(),
        )
        table = compare(areas, next(iter(several)), heard.groups, seed=seed)
        found: dict[str, Any] = {
            "clips": len(heard.labels),
            "of": f"{choice.dataset.name}: {choice.split}" + (f", {OWN}" if _heard_in_fit(concepts, choice) else ""),
            "flipping": _plain(dataclasses.asdict(flipping)),
            "aupc": [_plain(row.to_dict()) for row in table],
        }
        if reason := unequal(concepts, heard.labels):
            found["not_between"] = reason
        elif len(set(heard.labels)) > 1:
            found["inter_class"] = _inter_class(classifier, heard, concepts, flipping, seed)
        if min(len(each) for each in concepts.subspaces.values()) > 1:
            estimates = told_apart(classifier, heard, concepts).means()
            found["disentangled"] = {name: _plain(dataclasses.asdict(each)) for name, each in estimates.items()}
    replace(concepts, facts={**concepts.facts, EVALUATION: found}).save(folder)
    _tell(found, table)
    if _heard_in_fit(concepts, choice):
        typer.echo(
            "the concepts were found in some of these clips, which flatters them; fit with --split, which keeps a test "
            "part, or give other clips with --data",
            err=True,
        )
    for text in failures:
        typer.echo(f"left out: {text}", err=True)


def _inter_class(
    classifier: Classifier, heard: Heard, concepts: Concepts, flipping: ConceptFlipping, seed: int
) -> dict[str, Any]:
    between = between_classes(classifier, heard, concepts, draws=DRAWS, flipping=flipping, seed=seed)
    return {
        "labels": list(between.labels),
        "matrix": between.matrix.round(6).tolist(),
        "random": between.control_column.round(6).tolist(),
        "others": between.control_row.round(6).tolist(),
        "row_maximum": between.diagonal_is_row_maximum.tolist(),
        "summary": _plain(between.summary(heard.groups, seed=seed)),
    }


def show(
    folder: Path,
    *,
    model: str | None,
    data: str | None,
    part: str | None,
    per_class: int | None,
    rank: str,
    prototypes: int,
    wrong: bool,
    out: Path,
    seed: int,
) -> None:
    """Gather what each concept is in clips, and write the pages."""
    from auricle.concepts.gallery import gather
    from auricle.report.concepts import write_site

    classifier, concepts = opened(folder, model)
    choice = choice_of(concepts, model, data, part)
    rows = rows_of(choice, list(concepts), per_class, seed)
    failures: list[str] = []
    places: dict[str, int] = {}
    speakers: dict[str, object] = {}
    group = choice.dataset.group

    def clips() -> Any:
        for (number, label), (clip, _) in _paired(rows, choice, failures, bar.step):
            places[clip.name] = number
            speakers[clip.name] = choice.dataset.row(number)[group] if group else None
            yield clip, label

    with stoppable(), progress(len(rows), "hearing") as bar:
        gallery = gather(
            classifier,
            concepts,
            clips(),
            rank=rank,  # type: ignore[arg-type]
            prototypes=prototypes,
            correct=not wrong,
            seed=seed,
            group_of=(lambda clip: speakers[clip.name]) if group else None,
            on_failure=lambda name, error: failures.append(str(error)),
        )
        gallery.save(folder)

        def clip_of(name: str) -> Clip:
            return choice.dataset.load(places[name])

        bar.describe("writing")
        write_site(classifier, concepts, gallery, clip_of, out)
    for text in failures:
        typer.echo(f"left out: {text}", err=True)
    for label, count in gallery.wrong.items():
        typer.echo(f"left out: {count} of {label}, which the model gets wrong; --wrong shows them too", err=True)
    for label in gallery.labels:
        for name, each in zip(concepts.names_of(label), gallery.statistics[label], strict=True):
            typer.echo(f"{label}, {name}: {_in_words(each)}")
    typer.echo(str(out / "index.html"))


def _in_words(statistics: Mapping[str, Interval | None]) -> str:
    share, hertz, when = (statistics.get(each) for each in ("class_share", "centroid_hz", "centroid_time"))
    text = "nothing of the relevance" if share is None else f"{100 * share.mean:.0f} % of the relevance"
    if hertz is not None and when is not None:
        text += f", around {hertz.mean:.0f} Hz, {100 * when.mean:.0f} % into the clip"
    return text


def _paired(
    rows: list[tuple[int, str]], choice: Choice, failures: list[str], step: Callable[[], None]
) -> Iterator[tuple[tuple[int, str], tuple[Clip, str]]]:
    """Every row whose clip can be read, with that clip and its label."""
    for row in rows:
        for clip in clips_of_rows(choice, [row], failures, step):
            yield row, clip


def choice_of(concepts: Concepts, model: str | None, data: str | None, part: str | None) -> Choice:
    """The clips to judge by: those of the fit's data that it did not hear, where that is known."""
    facts = concepts.facts
    text = data or (facts.get("fitted_on") or {}).get("data")
    path = model or str(facts.get("model_path"))
    return choose(path, text, facts.get("task"), facts.get("scheme"), facts.get("fold"), part, default="test")


def _heard_in_fit(concepts: Concepts, choice: Choice) -> bool:
    """Whether the clips to judge by may be those that made the concepts, who then look better than they are."""
    facts = concepts.facts
    same_data = (facts.get("fitted_on") or {}).get("data") == choice.data
    return same_data and (facts.get("split") == choice.split or ALL in (facts.get("split"), choice.split))


def heard_of(
    classifier: Classifier,
    choice: Choice,
    rows: list[tuple[int, str]],
    failures: list[str],
    step: Callable[[], None],
) -> Heard:
    """What the classifier hears rightly of ``rows``; clips that cannot be heard are told, the others keep groups."""
    read = list(_paired(rows, choice, failures, step))
    group = choice.dataset.group
    return hear(
        classifier,
        [clip for _, clip in read],
        groups=None if group is None else [choice.dataset.row(number)[group] for (number, _), _ in read],
        on_failure=lambda name, error: failures.append(str(error)),
    )


def _kind(concepts: Concepts, folder: Path, taken: Mapping[str, Concepts] | None = None) -> str:
    name = str((concepts.facts.get("learner") or {}).get("name", folder.name))
    return name if taken is None or name not in taken else f"{name} of {folder.name}"


def _plain(value: Any) -> Any:
    """Plain values for JSON; numbers that are none become null."""
    if isinstance(value, Interval):
        return _plain(value.to_dict())
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value


def _tell(found: Mapping[str, Any], table: list[Compared]) -> None:
    typer.echo(f"{found['clips']} clips of {found['of']}; AUPC, lower is better:")
    for row in table:
        line = f"  {row.name:18} {_interval(row.mean)}"
        if row.difference is not None:
            line += f"   {table[0].name} less this: {_interval(row.difference)}"
        typer.echo(line)
    if "not_between" in found:
        typer.echo(f"between classes: not compared, because {found['not_between']}")
    if "inter_class" in found:
        of, said = found["inter_class"], found["inter_class"]["summary"]
        typer.echo(
            f"between classes: own concepts are best for {said['row_maxima']} of {said['classes']} classes; what "
            f"splitting gains, own {said['diagonal']['mean']:.3g}, other classes' {said['off_diagonal']['mean']:.3g}, "
            f"random {said['random']['mean']:.3g}"
        )
        failing = [label for label, best in zip(of["labels"], of["row_maximum"], strict=True) if not best]
        if failing:
            typer.echo(f"  not best for: {', '.join(failing)}")


def _interval(value: Interval) -> str:
    if value.low is None or value.high is None:
        return f"{value.mean:8.3f}"
    return f"{value.mean:8.3f} ({value.low:.3f} to {value.high:.3f})"
