"""The commands and their flags. Heavy imports wait until a command runs, so that help is quick."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from auricle._version import __version__
from auricle.errors import AuricleError

app = typer.Typer(
    name="auricle",
    help="Hear why an audio classifier decided as it did.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Clips = Annotated[list[Path], typer.Argument(metavar="CLIP", help="sound files", show_default=False)]
OneClip = Annotated[Path, typer.Argument(metavar="CLIP", help="a sound file", show_default=False)]
Model = Annotated[
    str, typer.Option(help="a bundled model (see 'auricle models'), a folder of classifier.save(), or module:function")
]
Out = Annotated[Path, typer.Option(help="folder to write to")]
Target = Annotated[str, typer.Option(help="a label, A-B (what speaks for A rather than B), or predicted")]
Level = Annotated[str, typer.Option(help="where relevance is laid: features, stft or waveform")]
Seed = Annotated[int, typer.Option(help="of every random draw")]
Set = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="a setting of the method, see 'auricle methods'")
]
FullBand = Annotated[bool, typer.Option("--full-band", help="cut the sounds from the original recording, at its rate")]
Style = Annotated[str, typer.Option(help="mask, bandpass, griffin-lim or audible-heatmap")]
Shape = Annotated[str, typer.Option(help="soft mask, or regions")]
Share = Annotated[float, typer.Option(help="share of the relevance that the strongest cells hold together")]
Sign = Annotated[str, typer.Option(help="relevance for the target (positive), against it (negative), or both")]
Blur = Annotated[float, typer.Option(help="smoothing of the relevance before masking, in cells")]
Floor = Annotated[float | None, typer.Option(help="level of the irrelevant part in dB, as -20, instead of off")]
Loudness = Annotated[bool, typer.Option("--match-loudness", help="bring kept and removed to the original's loudness")]
Measure = Annotated[bool, typer.Option(help="measure how far the explanation can be trusted")]
Components = Annotated[
    str | None, typer.Option(metavar="KIND", help="what can be removed, as time:12 (see 'auricle components')")
]
Baseline = Annotated[str | None, typer.Option(help="what stands for absent sound, as silence or noise")]
Labels = Annotated[str | None, typer.Option(metavar="A,B,C", help="of a function's outputs, or a file, one per line")]
Rate = Annotated[int | None, typer.Option(help="sample rate that a function hears, in Hz")]
Outputs = Annotated[str | None, typer.Option(help="what a function returns: probabilities, logits or values")]
MultiLabel = Annotated[bool, typer.Option("--multi-label", help="each output of a function stands on its own")]
Seconds = Annotated[float | None, typer.Option(help="length that a function wants; by default any")]
Events = Annotated[
    str | None, typer.Option(metavar="FILE", help="annotated events (a table, or TextGrid#tier) to measure against")
]
Repeats = Annotated[int | None, typer.Option(help="explain so many times and measure how far the weights agree")]
Baselines = Annotated[str | None, typer.Option(metavar="A,B", help="measure how far weights depend on these baselines")]
Json = Annotated[bool, typer.Option("--json", help="as JSON")]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="print it")] = False,
) -> None:
    """Hear why an audio classifier decided as it did."""


@app.command()
def explain(
    clips: Clips,
    model: Model = "digits",
    method: Annotated[str, typer.Option(help="see 'auricle methods'")] = "lrp",
    out: Out = Path("auricle-out"),
    target: Target = "predicted",
    level: Level = "features",
    components: Components = None,
    baseline: Baseline = None,
    set_: Set = None,
    labels: Labels = None,
    rate: Rate = None,
    outputs: Outputs = None,
    multi_label: MultiLabel = False,
    seconds: Seconds = None,
    seed: Seed = 0,
    full_band: FullBand = False,
    style: Style = "mask",
    shape: Shape = "soft",
    share: Share = 0.5,
    sign: Sign = "positive",
    blur: Blur = 1.0,
    floor_db: Floor = None,
    match_loudness: Loudness = False,
    measure: Measure = True,
    events: Events = None,
    repeats: Repeats = None,
    baselines: Baselines = None,
) -> None:
    """See, hear and measure why the model decided, one page per clip."""
    from auricle.cli.choosing import method_of
    from auricle.cli.explaining import Plan, explain_files
    from auricle.cli.measuring import asked
    from auricle.cli.model import Said, classifier_of
    from auricle.sonify import Masking

    def plan() -> Plan:
        masking = Masking(
            style=style,  # type: ignore[arg-type]
            shape=shape,  # type: ignore[arg-type]
            share=share,
            sign=sign,  # type: ignore[arg-type]
            blur=blur,
            floor_db=floor_db,
            match_loudness=match_loudness,
        )
        built = method_of(method, set_ or [], {"components": components, "baseline": baseline})
        said = Said(labels=labels, rate=rate, outputs=outputs, multi_label=multi_label, seconds=seconds)
        more = asked(built, measure=measure, clips=len(clips), events=events, repeats=repeats, baselines=baselines)
        return Plan(classifier_of(model, said), built, target, level, seed, masking, full_band, measure, more)

    chosen = _usage(plan)
    with _stoppable():
        failures = explain_files(clips, chosen, out)
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

    def plans() -> dict[str, Plan]:
        chosen = methods_of(methods, set_ or [], {"components": components, "baseline": baseline})
        said = Said(labels=labels, rate=rate, outputs=outputs, multi_label=multi_label, seconds=seconds)
        classifier, masking = classifier_of(model, said), Masking(share=share)
        return {
            name: Plan(classifier, each, target, "features", seed, masking, full_band, measure)
            for name, each in chosen.items()
        }

    chosen = _usage(plans)
    with _stoppable():
        compare_methods(clip, chosen, out)


@app.command()
def demo(
    out: Out = Path("auricle-demo"),
    open_: Annotated[bool, typer.Option("--open", help="open the page in the browser afterwards")] = False,
) -> None:
    """Explain the bundled clips with the bundled model."""
    from auricle.cli.demonstration import demonstrate

    with _stoppable():
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
def models(json: Json = False) -> None:
    """List the bundled models."""
    from auricle.cli.listing import show_models

    show_models(json)


@app.command()
def metrics(json: Json = False) -> None:
    """List the metrics: meaning, formula, range, source."""
    from auricle.cli.listing import show_metrics

    show_metrics(json)


def _usage(make: Callable[[], Any]) -> Any:
    """What cannot even begin is wrong usage: exit code 2."""
    try:
        return make()
    except AuricleError as error:
        _say(error)
        raise typer.Exit(2) from error


@contextmanager
def _stoppable() -> Iterator[None]:
    """Ctrl-C ends the work with one line; files are written whole or not at all."""
    try:
        yield
    except KeyboardInterrupt:
        typer.echo("auricle: stopped; what was already written is complete", err=True)
        raise typer.Exit(130) from None


def _say(error: Exception) -> None:
    typer.echo(f"auricle: {' '.join(str(error).split())}", err=True)


def main() -> None:
    """Run the command line; errors are one line each, without a traceback."""
    try:
        app()
    except AuricleError as error:
        _say(error)
        sys.exit(1)
