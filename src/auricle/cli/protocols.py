"""``auricle evaluate --protocol``: explainers compared, randomised networks, and ROAR."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from auricle.errors import AuricleError
from auricle.protocols.catalogue import PROTOCOLS, protocol

if TYPE_CHECKING:
    from auricle.evaluation.tested import Choice
    from auricle.methods import Method

METHODS = "lrp,ig,deeplift,grad-cam"
SEEDS = 3


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The flags of ``--protocol``; None, or False, where one was not given."""

    methods: str | None = None
    area: str | None = None
    limit: int | None = None
    explain: str | None = None
    legacy: bool = False
    snr: float | None = None
    weight: float | None = None
    colour: str | None = None
    speech: Path | None = None
    seeds: int | None = None
    set: tuple[str, ...] = ()

    def given(self) -> dict[str, Any]:
        """What stands on the command line."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: value for name, value in values.items() if value not in (None, False, ())}


def refuse_without_protocol(asked: Asked) -> None:
    """Flags of a protocol alone are a mistake."""
    for name in asked.given():
        raise AuricleError(f"--{name} goes with --protocol; write for example --protocol overlap")


def check(name: str, asked: Asked) -> None:
    """Raise `AuricleError` for an unknown protocol, and for a flag that it has no use for."""
    facts = protocol(name)
    for flag in asked.given():
        if flag == "set" and flag not in facts.settings:
            continue  # of the methods
        if flag not in facts.settings:
            takers = ", ".join(each for each, one in PROTOCOLS.items() if flag in one.settings)
            raise AuricleError(f"--{flag} means nothing to --protocol {name}; it is for {takers}")
    if asked.snr is not None and asked.weight is not None:
        raise AuricleError("--snr and --weight both say how loud the second sound is; give one of them")


def run(name: str, model: str, choice: Choice, asked: Asked, out: Path, *, seed: int) -> None:
    """Run a protocol and say where its page is."""
    from auricle.cli.stopping import stoppable

    if name == "randomisation":
        with stoppable("nothing was written"):
            _randomise(choice, _methods(asked), asked, out, seed=seed)
    elif name == "roar":
        with stoppable("the same command goes on where it stopped"):
            _roar(Path(model), choice, asked, out, seed=seed)
    else:
        with stoppable(f"the cases so far are in {out / 'cases.csv'}"):
            _compare(name, choice, asked, out, seed=seed)


def _methods(asked: Asked) -> dict[str, Method]:
    from auricle.cli.choosing import methods_of

    return methods_of(asked.methods or METHODS, list(asked.set))


def _compare(name: str, choice: Choice, asked: Asked, out: Path, *, seed: int) -> None:
    from auricle.cli.progress import progress
    from auricle.protocols import compare, scenes, summarise
    from auricle.protocols.masks import read_area
    from auricle.protocols.pitfalls import pitfalls
    from auricle.protocols.recordings import Recordings
    from auricle.protocols.scenes import NOISE_DB, drawn
    from auricle.protocols.writing import CaseFile, write_comparison
    from auricle.report.compared.page import write_compared_page

    methods = _methods(asked)
    area = read_area(asked.area, methods)
    conditions: dict[str, Any] = {
        "snr": asked.snr,
        "weight": asked.weight,
        "colour": asked.colour or "white",
        "speech": asked.speech,
        "limit": asked.limit,
    }
    total = len(drawn(Recordings(choice), name, asked.limit, seed)) * (len(NOISE_DB) if name == "noise" else 1)
    with CaseFile(out, legacy=asked.legacy) as cases, progress(total, "comparing") as bar:
        found = compare(
            choice.classifier,
            scenes(choice, name, seed=seed, **conditions),
            methods,
            area=area,
            explain=asked.explain or "predicted",
            legacy=asked.legacy,
            seed=seed,
            keep=cases.keep,
            on_step=bar.step,
        )
    if not found.rows:
        first = found.failures[0].reason if found.failures else "the model finds no class in any of them"
        raise AuricleError(f"no case could be compared; the first reason: {first}")
    figures = summarise(found.rows, seed=seed)
    facts = _facts(name, choice, asked, methods, seed)
    mistakes = pitfalls(found)
    facts["pitfalls"] = {each.name: each.sentence for each in mistakes}
    write_comparison(out, found, figures, facts, legacy=asked.legacy)
    page = write_compared_page(out, found, figures, facts)
    _say_failures(found.failures, out)
    typer.echo(f"{choice.name} on {choice.dataset.name}, {name}: {sentence(figures)}\n  {page}")


def _facts(name: str, choice: Choice, asked: Asked, methods: Mapping[str, Method], seed: int) -> dict[str, Any]:
    facts = protocol(name)
    return {
        "protocol": name,
        "summary": facts.summary,
        "source": facts.source,
        "model": choice.name,
        "data": choice.data,
        "split": choice.split,
        "seed": seed,
        "methods": {key: each.describe() for key, each in methods.items()},
        "asked": {key: str(value) if isinstance(value, Path) else value for key, value in asked.given().items()},
        "explain": asked.explain or "predicted",
        "multi_label": choice.classifier.multi_label,
    }


def sentence(figures: Any) -> str:
    """What a person should read first."""
    first = next(iter(dict.fromkeys(each.condition for each in figures)))
    own = {each.explainer: each for each in figures if each.column == "Fid-In" and each.condition == first}
    told = [f"{name} {each.value.mean:.2f}" for name, each in own.items() if each.kind in ("mask", "map")]
    random = own.get("random")
    chance = f"; a random mask {random.value.mean:.2f}" if random else ""
    cases = max(each.cases for each in own.values())
    return f"Fid-In of {cases} cases ({first}): {', '.join(told)}{chance}"


def _randomise(choice: Choice, methods: Mapping[str, Method], asked: Asked, out: Path, *, seed: int) -> None:
    from auricle.cli.progress import progress
    from auricle.evaluation import Failure
    from auricle.protocols.cascading import cascaded, steps_of
    from auricle.protocols.scenes import scenes
    from auricle.report.compared.randomised import write_randomised

    limit = 20 if asked.limit is None else asked.limit
    made = list(scenes(choice, "clean", limit=limit, seed=seed))
    failures = [each for each in made if isinstance(each, Failure)]
    clips = [each.clip for each in made if not isinstance(each, Failure)]
    steps = steps_of(choice.classifier)
    with progress((len(steps) + 1) * len(methods), "explaining randomised networks") as bar:
        found = cascaded(choice.classifier, clips, methods, seed=seed, on_step=bar.step)
    facts = _facts("randomisation", choice, asked, methods, seed)
    page = write_randomised(out, found, facts, failures)
    _say_failures(failures, out)
    last = {row.method: row for row in found if row.depth == len(steps)}
    told = ", ".join(f"{name} {row.ssim.mean:.2f}" for name, row in last.items() if row.ssim)
    typer.echo(f"{choice.name}: SSIM of maps with the whole network randomised: {told}\n  {page}")


def _roar(home: Path, choice: Choice, asked: Asked, out: Path, *, seed: int) -> None:
    from auricle.cli.choosing import methods_of, settings_of
    from auricle.cli.progress import progress
    from auricle.cli.training import needs_training
    from auricle.protocols.roar import Roar, run_roar
    from auricle.report.compared.roar import write_roar

    needs_training()
    names = (asked.methods or METHODS).split(",")
    of_methods = [text for text in asked.set if any(text.startswith(f"{each.strip()}.") for each in names)]
    changes = settings_of([text for text in asked.set if text not in of_methods])
    methods = methods_of(asked.methods or METHODS, of_methods)
    order = Roar(methods=methods, changes=changes, seeds=asked.seeds or SEEDS, seed=seed)
    with progress(len(choice.dataset) * (len(methods) + 1), "remove and retrain") as bar:
        found = run_roar(choice, home, order, out, told=bar.describe, on_step=bar.step)
    page = write_roar(out, found, _facts("roar", choice, asked, methods, seed))
    typer.echo(f"{choice.name}: ROAR with {', '.join(methods)}\n  {page}")


def _say_failures(failures: Any, out: Path) -> None:
    for each in failures[:5]:
        typer.echo(f"auricle: left out: {each.id}: {each.reason}", err=True)
    if len(failures) > 5:
        typer.echo(f"auricle: {len(failures)} cases were left out, see {out / 'failures.csv'}", err=True)
