"""``auricle evaluate``: a model on clips with known labels; and ``auricle predictions``: what it said of each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Model = Annotated[
    str,
    typer.Argument(
        metavar="MODEL", help="a folder of 'auricle train', a bundled model, hf:NAME or module:name", show_default=False
    ),
]
Data = Annotated[
    str | None,
    typer.Option(help="NAME, NAME:FOLDER, a folder of class folders, or a table; by default what it was trained on"),
]
Task = Annotated[str | None, typer.Option(help="which labels are meant; by default those that the model says")]
Scheme = Annotated[
    str | None, typer.Option("--split", help="how the data set is split; by default as in training, else not at all")
]
Fold = Annotated[str | None, typer.Option(help="which split: its name, or its number from 0")]
Part = Annotated[str, typer.Option(help="of the split: test, validate or train")]
Leakage = Annotated[bool, typer.Option("--allow-leakage", help="accept splits that share speakers")]
Protocol = Annotated[
    str | None,
    typer.Option(help="compare explainers instead: clean, overlap, noise, mixtures, speech, randomisation or roar"),
]
Methods = Annotated[
    str | None, typer.Option(metavar="A,B", help="with --protocol: the explainers compared, as lmac:DIR,lrp,ig")
]
Words = Annotated[
    list[str] | None,
    typer.Argument(metavar="DIR [--COLUMN VALUE]...", help="a folder with predictions", show_default=False),
]
Wrong = Annotated[
    bool | None, typer.Option("--wrong/--correct", help="only wrong predictions, the surest first; or right")
]
Where = Annotated[
    list[str] | None, typer.Option(metavar="COLUMN=VALUE", help="only clips with this value (repeatable)")
]


def evaluate(
    model: Model,
    data: Data = None,
    task: Task = None,
    split: Scheme = None,
    fold: Fold = None,
    part: Part = "test",
    out: Annotated[
        Path | None, typer.Option(help="folder to write to; by default auricle-evaluation, or auricle-PROTOCOL")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="of the split, where it is drawn, by default as in training; and of --protocol")
    ] = None,
    allow_leakage: Leakage = False,
    protocol: Protocol = None,
    methods: Methods = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="with --protocol: METHOD.KEY=VALUE; roar: training.epochs=5"),
    ] = None,
    area: Annotated[
        str | None, typer.Option(help="with --protocol: what maps are calibrated to, a share or a method of masks")
    ] = None,
    limit: Annotated[int | None, typer.Option(help="with --protocol: at most so many recordings")] = None,
    explain: Annotated[
        str | None, typer.Option(help="with --protocol: predicted (default), or first: the first sound's label")
    ] = None,
    snr: Annotated[float | None, typer.Option(help="of overlap: the first sound over the second, in dB (0)")] = None,
    weight: Annotated[float | None, typer.Option(help="of overlap: λ of the second sound instead of --snr")] = None,
    colour: Annotated[str | None, typer.Option(help="of noise: white (default) or pink")] = None,
    speech: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="of speech: recordings; by default bundled synthetic voices")
    ] = None,
    seeds: Annotated[int | None, typer.Option(help="of roar: trainings of each point (3)")] = None,
    legacy: Annotated[
        bool, typer.Option("--legacy", help="with --protocol: the published variants of metrics and masks beside ours")
    ] = False,
) -> None:
    """Test a model on clips with known labels: scores with intervals, confusions, errors by speaker, one page.

    With --protocol, compare explainers of the model on these clips, see docs/compare-explainers.md.
    """
    from auricle.cli.explaining import check_writable
    from auricle.cli.progress import progress
    from auricle.cli.protocols import Asked, check, refuse_without_protocol, run
    from auricle.cli.testing import Heard, write_tested
    from auricle.evaluation import Failure, logits_of
    from auricle.evaluation.tested import choose_clips

    asked = Asked(
        methods=methods,
        area=area,
        limit=limit,
        explain=explain,
        legacy=legacy,
        snr=snr,
        weight=weight,
        colour=colour,
        speech=speech,
        seeds=seeds,
        set=tuple(set_ or ()),
    )
    if protocol is None:
        refuse_without_protocol(asked)
    else:
        check(protocol, asked)
    chosen = choose_clips(
        model, data=data, task=task, scheme=split, fold=fold, part=part, seed=seed, allow_leakage=allow_leakage
    )
    out = out or Path("auricle-evaluation" if protocol is None else f"auricle-{protocol}")
    check_writable(out)
    if protocol is not None:
        run(protocol, model, chosen, asked, out, seed=seed or 0)
        return
    failures: list[Failure] = []
    with progress(len(chosen.numbers), "hearing clips") as bar:
        logits = logits_of(chosen.classifier, chosen.dataset, chosen.numbers, on_step=bar.step, failures=failures)
    found, page = write_tested(out, Heard(chosen, logits, tuple(failures)))
    for each in failures[:5]:
        typer.echo(f"auricle: left out: {each.reason}", err=True)
    if len(failures) > 5:
        typer.echo(f"auricle: {len(failures)} clips were left out, see {out / 'failures.csv'}", err=True)
    typer.echo(f"{chosen.name} on {chosen.dataset.name}, {chosen.split}: {found.sentence}")
    if found.note:
        typer.echo(f"  {found.note}")
    worst = [row for row in found.groups if row["column"] == found.facts.group and row["errors"]][:3]
    for row in worst:
        confused = f": {row['heard_as']}" if row["heard_as"] else ""
        typer.echo(f"  {row['column']} {row['value']}: {row['errors']} of {row['clips']} wrong{confused}")
    typer.echo(f"  {page}")


def predictions(
    words: Words = None,
    wrong: Wrong = None,
    actual: Annotated[list[str] | None, typer.Option(metavar="LABEL", help="only clips that are this")] = None,
    predicted: Annotated[list[str] | None, typer.Option(metavar="LABEL", help="only clips heard as this")] = None,
    split: Annotated[list[str] | None, typer.Option(metavar="FOLD", help="only clips that this fold tests")] = None,
    where: Where = None,
    limit: Annotated[int | None, typer.Option(help="at most so many (20, where a person reads)")] = None,
    participants: Annotated[
        bool, typer.Option("--participants", help="who is heard (and what is known of them) instead of clips")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="as JSON, with all columns")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="as CSV, with all columns")] = False,
) -> None:
    """List what a model said of each clip, or who the participants were.

    Every column of the predictions is a flag as well, as in --speaker 56 --digit 2.
    """
    from auricle.cli.predicted import chosen_rows, print_participants, print_rows

    equal = {"actual": actual, "predicted": predicted, "split": split}
    texts = [*(where or []), *(f"{name}={value}" for name, values in equal.items() for value in values or [])]
    table, total = chosen_rows(words or [], wrong=wrong, where=texts)
    style = "json" if json else "csv" if csv else "text"
    if participants:
        print_participants(table, style=style, limit=limit)
    else:
        print_rows(table, total=total, wrong=wrong, style=style, limit=limit)
