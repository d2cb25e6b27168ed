"""The command ``auricle listening-test``: people judge explanations by what they hear of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

listening_app = typer.Typer(
    help="Listening tests: let people rate what explanations keep, blind and beside controls.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Seed = Annotated[int, typer.Option(help="of every random draw")]


@listening_app.command()
def make(
    clips: Annotated[list[Path], typer.Argument(metavar="CLIP", help="sound files, a page each", show_default=False)],
    model: Annotated[str, typer.Option(help="a bundled model, a folder of one, hf:NAME or module:name")] = "digits",
    methods: Annotated[str, typer.Option(help="methods with commas between")] = "lrp,ig,grad-cam",
    out: Annotated[Path, typer.Option(help="folder to write to")] = Path("auricle-listening-test"),
    stems: Annotated[
        Path | None, typer.Option(metavar="DIR", help="true sources under the clips' names, as the reference")
    ] = None,
    anchor: Annotated[bool, typer.Option("--anchor", help="also what a method removes, as a low anchor")] = False,
    target: Annotated[str, typer.Option(help="a label, A-B, or predicted")] = "predicted",
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="METHOD.KEY=VALUE", help="a setting of one of the methods")
    ] = None,
    share: Annotated[float, typer.Option(help="share of the relevance that the strongest cells hold together")] = 0.5,
    full_band: Annotated[
        bool, typer.Option("--full-band", help="cut the sounds from the original recording, at its rate")
    ] = False,
    seed: Seed = 0,
) -> None:
    """Make a MUSHRA-style test as one offline page, and the key that says which sound is which."""
    from auricle.cli.choosing import methods_of
    from auricle.cli.explaining import check_writable
    from auricle.cli.model import classifier_of
    from auricle.cli.progress import progress
    from auricle.cli.stopping import stoppable
    from auricle.clip import load_clip
    from auricle.listening import make_test, save_test, sources_in
    from auricle.methods.coalitions import watching
    from auricle.sonify import Masking

    chosen, classifier, masking = methods_of(methods, set_ or []), classifier_of(model), Masking(share=share)
    check_writable(out)
    loaded = [load_clip(path) for path in clips]
    with stoppable("nothing was written"), progress(len(loaded), "explaining") as bar, watching(bar.hears):
        test = make_test(
            loaded,
            classifier,
            chosen,
            target=target,
            masking=masking,
            sources=None if stems is None else sources_in(stems, loaded),
            anchor=anchor,
            full_band=full_band,
            seed=seed,
            on_step=bar.step,
        )
    page = save_test(test, out)
    for line in test.unmatched:
        typer.echo(f"Warning: {line}", err=True)
    if test.long:
        typer.echo(f"Warning: {', '.join(test.long)}: longer than 12 s, the most that ITU-R BS.1534 advises", err=True)
    sounds = len(test.items[0].conditions)
    pages = f"{len(test.items)} page{'' if len(test.items) == 1 else 's'}"
    typer.echo(f"test {test.id}: {pages} of {sounds} sounds\n  {page}   for the listeners")
    typer.echo(f"  {out / 'key.json'}   which sound is which; keep it to yourself")
    typer.echo(f"  next: auricle listening-test analyse {out} RESULT.json ...")


@listening_app.command()
def analyse(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="a folder of listening-test make", show_default=False)],
    results: Annotated[
        list[Path], typer.Argument(metavar="RESULT", help="files that listeners downloaded", show_default=False)
    ],
    out: Annotated[Path, typer.Option(help="folder to write to")] = Path("auricle-listening-analysis"),
    keep_all: Annotated[
        bool, typer.Option("--keep-all", help="also listeners who miss the hidden reference (no BS.1534-3 screening)")
    ] = False,
    seed: Seed = 0,
) -> None:
    """Screen the listeners, rate the methods with intervals, and test them against the random control."""
    from auricle.cli.explaining import check_writable
    from auricle.listening import analyse as analyse_results
    from auricle.listening import read_key, save_analysis
    from auricle.listening.results import read_results
    from auricle.listening.writing import line_of

    check_writable(out)
    key = read_key(folder)
    read, left_out = read_results(results, key)
    for line in left_out:
        typer.echo(f"left out: {line}", err=True)
    found = analyse_results(key, read, keep_all=keep_all, seed=seed)
    page = save_analysis(found, out, left_out=left_out)
    for listener, why in found.excluded.items():
        typer.echo(f"left out: {listener} {why}", err=True)
    if found.too_few:
        typer.echo("Warning: with so few listeners no difference can reach p < 0.05, however clear it is", err=True)
    wide = max(map(len, key.conditions))
    typer.echo(f"{len(found.results)} of {len(results)} listeners, {len(key.clips)} clips")
    for each in found.figures:
        typer.echo(f"{each.name:{wide}}  {line_of(each)}")
    typer.echo(page)
    if left_out:
        raise typer.Exit(1)
