"""The flags that several commands share: their types and what their help says."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

OneClip = Annotated[Path, typer.Argument(metavar="CLIP", help="a sound file", show_default=False)]
Model = Annotated[
    str,
    typer.Option(
        help="a bundled model (see 'auricle models'), a folder of classifier.save(), hf:NAME, a file (.keras, .onnx, "
        ".pt, .pt2), an address, or module:function"
    ),
]
Out = Annotated[Path, typer.Option(help="folder to write to")]
Target = Annotated[str, typer.Option(help="a label, A-B (what speaks for A rather than B), or predicted")]
Level = Annotated[
    str | None, typer.Option(help="where relevance is laid: features (the usual), stft or waveform", show_default=False)
]
Seed = Annotated[int, typer.Option(help="of every random draw")]
Set = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="a setting of the method, see 'auricle methods'")
]
FullBand = Annotated[bool, typer.Option("--full-band", help="cut the sounds from the original recording, at its rate")]
Style = Annotated[str, typer.Option(help="mask, bandpass, griffin-lim or audible-heatmap")]
Shape = Annotated[
    str | None,
    typer.Option(help="soft mask, regions, or given where the method gives a mask, as it then is unless told"),
]
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
Labels = Annotated[
    str | None, typer.Option(metavar="A,B,C", help="what a model's outputs are called, or a file, one per line")
]
Rate = Annotated[int | None, typer.Option(help="sample rate that a model hears, in Hz, where it does not say it")]
Outputs = Annotated[str | None, typer.Option(help="what a model returns: probabilities, logits or values")]
MultiLabel = Annotated[bool, typer.Option("--multi-label", help="each output of a model stands on its own")]
Seconds = Annotated[float | None, typer.Option(help="length that a model wants; by default any")]
FrontendFlag = Annotated[
    str | None,
    typer.Option(
        "--frontend", metavar="NAME", help="what a model gets instead of samples: a preset as yamnet, or a JSON file"
    ),
]
Events = Annotated[
    str | None, typer.Option(metavar="FILE", help="annotated events (a table, or TextGrid#tier) to measure against")
]
Repeats = Annotated[int | None, typer.Option(help="explain so many times and measure how far the weights agree")]
Baselines = Annotated[str | None, typer.Option(metavar="A,B", help="measure how far weights depend on these baselines")]
From = Annotated[
    Path | None, typer.Option("--from", metavar="DIR", help="explain what the trained model in DIR was tested on")
]
SeveralMethods = Annotated[
    str | None, typer.Option(metavar="A,B", help="with --from: several methods, which each clip's page compares")
]
Data = Annotated[str | None, typer.Option(help="with --from: where the data set is now, if it has moved")]
Wrong = Annotated[bool | None, typer.Option("--wrong/--correct", help="with --from: only wrong, or right, predictions")]
Actual = Annotated[list[str] | None, typer.Option(metavar="LABEL", help="with --from: only clips that are this")]
Predicted = Annotated[list[str] | None, typer.Option(metavar="LABEL", help="with --from: only clips heard as this")]
Where = Annotated[
    list[str] | None, typer.Option(metavar="COLUMN=VALUE", help="with --from: only clips with this value (repeatable)")
]
Per = Annotated[tuple[str, int] | None, typer.Option(metavar="COLUMN N", help="with --from: N clips of each value")]
Limit = Annotated[int | None, typer.Option(help="with --from: at most so many clips")]
Json = Annotated[bool, typer.Option("--json", help="as JSON")]
