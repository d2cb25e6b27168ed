"""The commands and their flags. Heavy imports wait until a command runs, so that help is quick."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from auricle._version import __version__
from auricle.cli.concepts import concepts_app, layers
from auricle.cli.data_checking import data_app  # data's commands, and those that this module adds
from auricle.cli.evaluating import evaluate, predictions
from auricle.cli.flags import (
    Actual,
    Baseline,
    Baselines,
    Blur,
    Components,
    Data,
    Events,
    Floor,
    From,
    FrontendFlag,
    FullBand,
    Json,
    Labels,
    Level,
    Limit,
    Loudness,
    Measure,
    Model,
    MultiLabel,
    OneClip,
    Out,
    Outputs,
    Per,
    Predicted,
    Rate,
    Repeats,
    Seconds,
    Seed,
    Set,
    SeveralMethods,
    Shape,
    Share,
    Sign,
    Style,
    Target,
    Where,
    Wrong,
)
from auricle.cli.inspecting import models_app
from auricle.cli.interpreter import interpreter_app
from auricle.cli.listening import listening_app
from auricle.cli.manipulating import manipulate_app
from auricle.cli.stopping import stoppable
from auricle.cli.studying import run
from auricle.cli.training import kfold, recipes, train
from auricle.errors import AuricleError, nearest

if TYPE_CHECKING:
    from auricle.classifier import Classifier
    from auricle.cli.from_predictions import Chosen
    from auricle.methods import Method

app = typer.Typer(
    name="auricle",
    help="Hear why an audio classifier decided as it did.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(data_app, name="data")
app.add_typer(manipulate_app, name="manipulate")
app.add_typer(concepts_app, name="concepts")
app.add_typer(interpreter_app, name="interpreter")
app.add_typer(listening_app, name="listening-test")
app.add_typer(models_app, name="models")
app.command()(layers)
app.command()(recipes)
app.command()(train)
app.command()(kfold)
app.command()(evaluate)
app.command()(run)
app.command(context_settings={"ignore_unknown_options": True})(predictions)  # flags named like columns

def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="print it")] = False,
) -> None:
    """Hear why an audio classifier decided as it did."""


@app.command(context_settings={"ignore_unknown_options": True})  # flags named like columns, with --from
def explain(
    context: typer.Context,
    clips: Annotated[list[str] | None, typer.Argument(metavar="CLIP", help="sound files", show_default=False)] = None,
    model: Model = "digits",
    method: Annotated[str, typer.Option(help="see 'auricle methods'")] = "lrp",
    out: Out = Path("auricle-out"),
    target: Annotated[
        str, typer.Option(help="a label, A-B (what speaks for A rather than B), predicted, or with --from actual")
    ] = "predicted",
    level: Level = None,
    components: Components = None,
    baseline: Baseline = None,
    set_: Set = None,
    labels: Labels = None,
    rate: Rate = None,
    outputs: Outputs = None,
    multi_label: MultiLabel = False,
    seconds: Seconds = None,
    frontend: FrontendFlag = None,
    seed: Seed = 0,
    full_band: FullBand = False,
    style: Style = "mask",
    shape: Shape = None,
    share: Share = 0.5,
    sign: Sign = "positive",
    blur: Blur = 1.0,
    floor_db: Floor = None,
    match_loudness: Loudness = False,
    measure: Measure = True,
    events: Events = None,
    repeats: Repeats = None,
    baselines: Baselines = None,
    from_: From = None,
    methods: SeveralMethods = None,
    data: Data = None,
    wrong: Wrong = None,
    actual: Actual = None,
    predicted: Predicted = None,
    where: Where = None,
    per: Per = None,
    limit: Limit = None,
    concepts: Annotated[
        Path | None, typer.Option(metavar="DIR", help="in the shares of these concepts, see 'auricle concepts fit'")
    ] = None,
    of_class: Annotated[
        str | None, typer.Option("--class", metavar="LABEL", help="with --concepts: those of another class")
    ] = None,
) -> None:
    """See, hear and measure why the model decided, one page per clip.

    The clips are sound files, or with --from those that a trained model was tested on: the wrong ones, those of a
    label, or of any column of its predictions, as --speaker 56 or --where speaker=56.
    """
    from auricle.cli.choosing import method_of, methods_of
    from auricle.cli.explaining import Plan, explain_files
    from auricle.cli.measuring import asked
    from auricle.cli.model import Said, classifier_of
    from auricle.sonify import Masking

    clips = clips or []
    if concepts is not None:
        _only_concepts(context, clips)
        from auricle.cli.in_concepts import explain_in_concepts

        named = None if _is_default(context, "model") else model
        with stoppable():
            failures = explain_in_concepts([Path(each) for each in clips], concepts, named, target, of_class, out)
        if failures:
            raise typer.Exit(1)
        return
    if of_class is not None:
        context.fail("--class goes with --concepts DIR; --target names the class that is explained")
    said = Said(
        labels=labels, rate=rate, outputs=outputs, multi_label=multi_label, seconds=seconds, frontend=frontend
    )
    shortcuts = {"components": components, "baseline": baseline}

    def plans(named: str | Classifier, wanted: str, count: int) -> dict[str, Plan]:
        def masking(method: Method) -> Masking:
            return Masking(
                style=style,  # type: ignore[arg-type]
                shape=shape or ("given" if method.gives_mask else "soft"),  # type: ignore[arg-type]
                share=share,
                sign=sign,  # type: ignore[arg-type]
                blur=blur,
                floor_db=floor_db,
                match_loudness=match_loudness,
            )

        one = {} if methods else {"": method_of(method, set_ or [], shortcuts)}
        built = one or methods_of(methods or "", set_ or [], shortcuts)
        more = {
            name: asked(each, measure=measure, clips=count, events=events, repeats=repeats, baselines=baselines)
            for name, each in built.items()
        }
        classifier = classifier_of(named, said) if isinstance(named, str) else named
        return {
            name: Plan(classifier, each, wanted, level, seed, masking(each), full_band, measure, more[name])
            for name, each in built.items()
        }

    if from_ is None:
        _only_files(context, clips)
        chosen = _usage(lambda: plans(model, target, len(clips)))
        with stoppable():
            failures = explain_files([Path(each) for each in clips], chosen[""], out)
    else:
        from auricle.cli.from_predictions import check, choose_from, explain_chosen

        def begin() -> Chosen:
            _only_chosen(context)
            found = choose_from(
                from_,
                data=data,
                wrong=wrong,
                where=[*(where or []), *_equal("actual", actual), *_equal("predicted", predicted)],
                columns=clips,
                per=per,
                limit=limit,
            )
            check(found, lambda model, wanted: plans(model, wanted, len(found)), target)
            return found

        rows = _usage(begin)
        with stoppable():
            failures = explain_chosen(rows, lambda model, wanted: plans(model, wanted, len(rows)), target, out)
    if failures:
        raise typer.Exit(1)


@app.command()
def compare(
    clip: OneClip,
    model: Model = "digits",
    methods: Annotated[str, typer.Option(help="methods with commas between")] = "lrp,ig,deeplift,grad-cam",
    out: Out = Path("auricle-out"),
    target: Target = "predicted",
    components: Components = None,
    baseline: Baseline = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="METHOD.KEY=VALUE", help="a setting of one of the methods")
    ] = None,
    labels: Labels = None,
    rate: Rate = None,
    outputs: Outputs = None,
    multi_label: MultiLabel = False,
    seconds: Seconds = None,
    frontend: FrontendFlag = None,
    seed: Seed = 0,
    full_band: FullBand = False,
    share: Share = 0.5,
    measure: Measure = True,
) -> None:
    """Put methods side by side on one scale, with scores and controls."""
    from auricle.cli.choosing import methods_of
    from auricle.cli.comparing import compare_methods
    from auricle.cli.explaining import Plan
    from auricle.cli.model import Said, classifier_of
    from auricle.sonify import Masking

    def masking(method: Method) -> Masking:
        return Masking(shape="given") if method.gives_mask else Masking(share=share)

    def plans() -> dict[str, Plan]:
        chosen = methods_of(methods, set_ or [], {"components": components, "baseline": baseline})
        said = Said(
            labels=labels, rate=rate, outputs=outputs, multi_label=multi_label, seconds=seconds, frontend=frontend
        )
        classifier = classifier_of(model, said)
        return {
            name: Plan(classifier, each, target, None, seed, masking(each), full_band, measure)
            for name, each in chosen.items()
        }

    chosen = _usage(plans)
    with stoppable():
        compare_methods(clip, chosen, out)


@app.command()
def demo(
    out: Out = Path("auricle-demo"),
    open_: Annotated[bool, typer.Option("--open", help="open the page in the browser afterwards")] = False,
) -> None:
    """Explain the bundled clips with the bundled model."""
    from auricle.cli.demonstration import demonstrate

    with stoppable():
        page = demonstrate(out)
    if open_:
        typer.launch(page.resolve().as_uri())


@app.command()
def methods(json: Json = False) -> None:
    """List the methods: meaning, settings, source."""
    from auricle.cli.listing import show_methods

    show_methods(json)


@app.command("components")
def list_components(json: Json = False) -> None:
    """List the kinds of components that can be removed: meaning, how to write them, settings."""
    from auricle.cli.listing import show_components

    show_components(json)


@app.command()
def metrics(json: Json = False) -> None:
    """List the metrics: meaning, formula, range, source."""
    from auricle.cli.listing import show_metrics

    show_metrics(json)


def _is_default(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "DEFAULT"


WITH_CONCEPTS = {"clips", "model", "target", "out", "concepts", "of_class"}


def _only_concepts(context: typer.Context, clips: list[str]) -> None:
    """Method, level and so on are those that the concepts were found with."""
    for option in context.command.params:
        if option.name is not None and option.name not in WITH_CONCEPTS and not _is_default(context, option.name):
            context.fail(
                f"{option.opts[0]} has no meaning with --concepts, which explain as they were found; leave it out"
            )
    _only_files(context, clips)


def _only_files(context: typer.Context, clips: list[str]) -> None:
    """Without --from every word is a file, and what is about predictions has no meaning."""
    known = [option for each in context.command.params for option in each.opts if option.startswith("--")]
    for word in clips:
        if word.startswith("-") and not Path(word).exists():
            context.fail(f"No such option: {word.partition('=')[0]}; {nearest(word.partition('=')[0], known)}")
    for name in ("methods", "data", "wrong", "actual", "predicted", "where", "per", "limit"):
        if context.params.get(name) not in (None, [], ()):
            other = "; 'auricle compare' puts methods side by side" if name == "methods" else ""
            context.fail(f"--{name} goes with --from DIR, a folder with predictions{other}")
    if not clips:
        context.fail("Missing argument 'CLIP': give sound files, or --from DIR")


def _only_chosen(context: typer.Context) -> None:
    """With --from the clips' own model explains them."""
    for name in ("model", "labels", "rate", "outputs", "seconds", "multi_label", "frontend", "events"):
        if _given(context, name):
            flag = "--" + name.replace("_", "-")
            raise AuricleError(f"{flag} cannot be given with --from, whose folder brings its own model and clips")
    if context.params.get("methods") and _given(context, "method"):
        raise AuricleError("--method and --methods were both given; give one of them")


def _given(context: typer.Context, name: str) -> bool:
    """Whether a flag stands on the command line."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _equal(column: str, values: list[str] | None) -> list[str]:
    return [f"{column}={value}" for value in values or []]


def _usage(make: Callable[[], Any]) -> Any:
    """What cannot even begin is wrong usage: exit code 2."""
    try:
        return make()
    except AuricleError as error:
        _say(error)
        raise typer.Exit(2) from error


def _say(error: Exception) -> None:
    typer.echo(f"auricle: {' '.join(str(error).split())}", err=True)


def main() -> None:
    """Run the command line; errors are one line each, without a traceback."""
    try:
        app()
    except AuricleError as error:
        _say(error)
        sys.exit(1)
