"""``auricle layers`` and ``auricle concepts``: finding concepts in a model, showing, naming and judging them."""

from __future__ import annotations

import json as json_
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from auricle.concepts.concepts import Concepts

concepts_app = typer.Typer(
    help="Concepts: find subspaces of a layer that carry the decisions, show, name and judge them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

CANDIDATES = (2, 4, 8, 16)
PAGES = "pages"

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="a folder of 'auricle concepts fit'", show_default=False)]
Data = Annotated[str | None, typer.Option(help="the data set; by default what the model was trained on")]
Task = Annotated[str | None, typer.Option(help="its label column, where several fit the model")]
Split = Annotated[str | None, typer.Option(help="how the data set is split, where the model does not say")]
Fold = Annotated[str | None, typer.Option(help="which fold of the split")]
PerClass = Annotated[int | None, typer.Option(help="at most so many clips of each class")]
Label = Annotated[list[str] | None, typer.Option("--class", metavar="LABEL", help="only this class (repeatable)")]
Model = Annotated[str | None, typer.Option(help="the model, where it has moved")]
Json = Annotated[bool, typer.Option("--json", help="as JSON")]
Seed = Annotated[int, typer.Option(help="of every random draw")]


def layers(
    model: Annotated[
        str, typer.Argument(help="a bundled model, a folder, hf:NAME or module:name", show_default=False)
    ] = "digits",
    seconds: Annotated[float | None, typer.Option(help="length of the sound; by default what the model wants")] = None,
    json: Json = False,
) -> None:
    """List a model's layers: shape, and how much sound one position hears."""
    import dataclasses

    from auricle.cli.model import classifier_of
    from auricle.concepts.layers import layers as layers_of

    found = layers_of(classifier_of(model), seconds=seconds)
    if json:
        typer.echo(json_.dumps([dataclasses.asdict(each) for each in found], indent=2))
        return
    wide = max(len(each.name) for each in found)
    for each in found:
        note = f"   ({each.note})" if each.note else ""
        typer.echo(f"{each.name:{wide}}  {each.kind:17} {each.shape:>15}   one position hears {each.field}{note}")


@concepts_app.command()
def learners(json: Json = False) -> None:
    """List the ways of finding subspaces, with their settings."""
    from auricle.concepts.learners import LEARNERS
    from auricle.settings import described

    if json:
        found = [{"name": name, "summary": each.summary, "source": each.source, "settings": described(each)}
                 for name, each in LEARNERS.items()]
        typer.echo(json_.dumps(found, indent=2, ensure_ascii=False))
        return
    for name, kind in LEARNERS.items():
        typer.echo(f"{name}: {kind.summary}\n    source: {kind.source}")
        for setting in described(kind):
            typer.echo(f"    {setting['name']}={setting['default']}: {setting['meaning']}")


@concepts_app.command()
def fit(
    model: Annotated[str, typer.Option(help="a bundled model, a folder of a trained one, hf:NAME or module:name")],
    layer: Annotated[str, typer.Option(help="name of the layer, see 'auricle layers MODEL'")],
    data: Data = None,
    out: Annotated[Path, typer.Option(help="folder to write to")] = Path("auricle-concepts"),
    concepts: Annotated[
        str, typer.Option(metavar="K", help="how many of each class, or auto: 2, 4, 8 or 16, by held-out score")
    ] = "4",
    method: Annotated[str, typer.Option(help="how they are found, see 'auricle concepts learners'")] = "drsa",
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="a setting of that method, as size=8")
    ] = None,
    relevance: Annotated[str, typer.Option(help="where relevance comes from, see 'auricle methods'")] = "lrp",
    relevance_set: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="a setting of it, as composite=epsilon-plus")
    ] = None,
    task: Task = None,
    split: Split = None,
    fold: Fold = None,
    part: Annotated[
        str | None, typer.Option(help="train, validate, test or all; by default what the model was trained on")
    ] = None,
    per_class: PerClass = None,
    label: Label = None,
    positions: Annotated[str, typer.Option(help="which vectors of a clip: random, grid or relevance")] = "random",
    per_clip: Annotated[int, typer.Option(help="vectors of each clip")] = 20,
    vectors: Annotated[int, typer.Option(help="most vectors of each class")] = 16_000,
    wrong: Annotated[bool, typer.Option("--wrong", help="learn also from clips that the model gets wrong")] = False,
    repeats: Annotated[int, typer.Option(help="fits with other seeds, to tell how stable the concepts are")] = 1,
    seed: Seed = 0,
) -> None:
    """Find the concepts of each class: subspaces of a layer that carry its decisions."""
    from auricle.cli.choosing import settings_of
    from auricle.cli.clips_of_classes import choose, clips_of_rows, rows_of
    from auricle.cli.progress import progress
    from auricle.cli.stopping import stoppable
    from auricle.concepts.fitting import fit_concepts
    from auricle.concepts.learners import build_learner
    from auricle.concepts.sampling import Sampling
    from auricle.errors import AuricleError
    from auricle.methods import build

    settings = settings_of(set_ or [])
    if "concepts" in settings:
        raise AuricleError("how many concepts is said with --concepts K, not with --set; write it there")
    auto = concepts == "auto"
    count = {} if auto or "sizes" in settings else {"concepts": concepts}
    learner = build_learner(method, **count, **settings)
    source = build(relevance, **settings_of(relevance_set or []))
    sampling = Sampling(positions=positions, per_clip=per_clip, vectors=vectors)  # type: ignore[arg-type]
    choice = choose(model, data, task, split, fold, part, default="train")
    rows = rows_of(choice, label, per_class, seed)
    failures: list[str] = []
    with stoppable(), progress(len(rows), "hearing") as bar:
        found = fit_concepts(
            choice.classifier,
            clips_of_rows(choice, rows, failures, bar.step),
            layer=layer,
            learner=learner,
            method=source,
            sampling=sampling,
            labels=label or [each for each in choice.classifier.labels if each in {one for _, one in rows}],
            correct=not wrong,
            choose=CANDIDATES if auto else (),
            repeats=repeats,
            seed=seed,
            data=choice.data,
            on_class=lambda name: bar.describe(f"finding concepts of {name}"),
            on_failure=lambda name, error: failures.append(str(error)),
        )
        source_of = {"model_path": model, "task": choice.task, "split": choice.split, "scheme": split, "fold": fold}
        found = replace(found, facts={**found.facts, **source_of})
        found.save(out)
    _tell_fitted(found)
    if found.method.name != source.name:
        typer.echo(
            f"relevance came from {source.name}, which cannot be followed down from the layer in parts; clips will be "
            f"explained in these concepts by {found.method.name}",
            err=True,
        )
    for text in failures:
        typer.echo(f"left out: {text}", err=True)
    typer.echo(f"{out}\n  next: auricle concepts show {out}")


@concepts_app.command()
def evaluate(
    folder: Folder,
    against: Annotated[
        list[Path] | None, typer.Option(metavar="DIR", help="concepts found in another way, to compare (repeatable)")
    ] = None,
    model: Model = None,
    data: Data = None,
    part: Annotated[str | None, typer.Option(help="test (default), validate, train or all")] = None,
    per_class: Annotated[int, typer.Option(help="at most so many clips of each class")] = 40,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="of the flipping, as fill=silence")
    ] = None,
    seed: Seed = 0,
) -> None:
    """Judge concepts on other clips: flipping beside random subspaces, between classes, how far they differ."""
    from auricle.cli.concepts_judged import judge

    judge(
        folder,
        against=against or [],
        model=model,
        data=data,
        part=part,
        per_class=per_class,
        settings=set_ or [],
        seed=seed,
    )


@concepts_app.command()
def compare(
    folder: Folder,
    against: Annotated[Path, typer.Argument(metavar="OTHER", help="of another layer or model", show_default=False)],
    clips: Annotated[
        list[Path] | None,
        typer.Argument(metavar="CLIPS", help="sound files; by default the test part of the data", show_default=False),
    ] = None,
    model: Model = None,
    data: Data = None,
    part: Annotated[str | None, typer.Option(help="test (default), validate, train or all")] = None,
    per_class: Annotated[int, typer.Option(help="at most so many clips of each class")] = 40,
    json: Json = False,
    seed: Seed = 0,
) -> None:
    """Compare the concepts of two layers, or two models, by what they explain of the same clips."""
    from auricle.cli.concepts_compared import compare as compare_

    compare_(
        folder,
        against,
        clips or [],
        model=model,
        data=data,
        part=part,
        per_class=per_class,
        json=json,
        seed=seed,
    )


@concepts_app.command()
def show(
    folder: Folder,
    model: Model = None,
    data: Data = None,
    part: Annotated[str | None, typer.Option(help="test (default), validate, train or all")] = None,
    per_class: PerClass = None,
    rank: Annotated[str, typer.Option(help="prototypes by relevance or by activation")] = "relevance",
    prototypes: Annotated[int, typer.Option(help="of each concept")] = 8,
    wrong: Annotated[bool, typer.Option("--wrong", help="show also clips that the model gets wrong")] = False,
    out: Annotated[Path | None, typer.Option(help="folder of the pages; by default DIR/pages")] = None,
    seed: Seed = 0,
) -> None:
    """See and hear what each concept is: prototypes, statistics and a page for every class."""
    from auricle.cli.concepts_judged import show as show_

    show_(
        folder,
        model=model,
        data=data,
        part=part,
        per_class=per_class,
        rank=rank,
        prototypes=prototypes,
        wrong=wrong,
        out=out or folder / PAGES,
        seed=seed,
    )


@concepts_app.command()
def name(
    folder: Folder,
    label: Annotated[str, typer.Argument(metavar="LABEL", help="the class", show_default=False)],
    concept: Annotated[int, typer.Argument(metavar="K", help="the concept, from 1", show_default=False)],
    text: Annotated[str, typer.Argument(metavar="NAME", help="its name; empty takes it off", show_default=False)],
) -> None:
    """Give a concept a name, which is kept and shown everywhere."""
    from auricle.concepts.concepts import load_concepts

    found = load_concepts(folder).named(label, concept, text)
    found.save(folder)
    typer.echo(f"{label}: {', '.join(found.names_of(label))}")
    if (folder / PAGES).exists():
        typer.echo(f"the pages show it once they are written again: auricle concepts show {folder}", err=True)


def _tell_fitted(found: Concepts) -> None:
    from auricle.concepts.concepts import REST

    for label, each in found.subspaces.items():
        shares = ", ".join(f"{round(100 * share)} %" for share in each.statistics["relevance"])  # never "-0 %"
        sizes = ", ".join(map(str, each.sizes))
        concepts = "1 concept" if len(each) == 1 else f"{len(each)} concepts"
        directions = "1 direction" if each.sizes == (1,) else f"{sizes} directions"
        line = f"{label}: {concepts} of {directions}; shares of relevance {shares}"
        if each.has_residual:
            line += f", {REST} {100 * each.statistics['residual']:.0f} %"
        if "stability" in each.statistics:
            chance = each.statistics["stability_by_chance"]
            line += f"; stability {each.statistics['stability']:.2f} (by chance {chance:.2f})"
        typer.echo(line)
        against = [f"concept {k + 1}" for k in each.statistics.get("garbage") or []]
        if each.has_residual and each.statistics["residual"] < 0:
            against.append(REST)
        for name in against:
            typer.echo(
                f"  {name} speaks against {label} on average: it takes up what the others claim too much", err=True
            )
