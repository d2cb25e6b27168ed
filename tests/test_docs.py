"""The documentation holds: links lead somewhere, its Python runs, its commands exist, and nothing is left out."""

from __future__ import annotations

import ast
import contextlib
import csv
import importlib.util
import json
import re
import shlex
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, get_args, get_origin

import pytest
import typer
from pydantic import BaseModel
from typer.testing import CliRunner

from auricle.cli.commands import app
from auricle.components import KINDS, Product
from auricle.datasets import SCHEMES, SOURCES
from auricle.evaluation.measures import MULTI, SINGLE
from auricle.frontends import PRESETS as FRONTENDS
from auricle.interpreters.methods import LEARNT
from auricle.methods import COMPOSITES, METHODS, PRESETS, describe
from auricle.methods.baselines import BASELINES
from auricle.methods.coalitions import SCORES
from auricle.methods.coalitions.method import CoalitionMethod
from auricle.methods.rules import RULES
from auricle.metrics import CONTROLS, METRICS
from auricle.models import ARCHITECTURES
from auricle.report.save import FILES, PART_FILES
from auricle.sonify import STYLES
from auricle.training.recipe import Recipe, recipes

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


def script(name: str) -> ModuleType:
    """A file of ``scripts`` as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # its dataclasses look themselves up
    spec.loader.exec_module(module)
    return module


docs_figures, reproduced_tables = script("docs_figures"), script("reproduced_tables")

PAGES = {docs_figures.name_of(path): path for path in docs_figures.pages()}
WITH_PYTHON = [name for name, path in PAGES.items() if "```python" in path.read_text() and docs_figures.is_run(path)]
ONLY_READ = [name for name, path in PAGES.items() if re.search("```py(thon)?\n", path.read_text())]
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
FLAG = re.compile(r"--[a-z][a-z-]*")
NUMBER = re.compile(r"[-−+]?\d[\d.,]*(?:e[-+]?\d+)?")


@pytest.mark.parametrize("name", PAGES)
def test_links_and_pictures_lead_somewhere(name):
    path = PAGES[name]
    for link in LINK.findall(FENCED.sub("", path.read_text())):
        if "://" in link:
            continue
        file, _, part = link.partition("#")
        goal = (path.parent / file).resolve() if file else path
        assert goal.exists(), f"{name} links to {link}"
        if part:
            assert part in headings(goal), f"{name} links to {link}"


def headings(path: Path) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", FENCED.sub("", path.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_picture_is_shown_and_they_are_small():
    pictures = list((DOCS / "images").glob("*.png"))
    shown = {Path(image).name for path in PAGES.values() for image in docs_figures.IMAGE.findall(path.read_text())}
    assert {path.name for path in pictures} == shown
    assert sum(path.stat().st_size for path in pictures) < 1_500_000


@pytest.mark.parametrize("name", WITH_PYTHON)
def test_python_runs_and_prints_what_the_page_says(name, tmp_path):
    text = PAGES[name].read_text()
    names = {"__name__": "__main__"}
    with contextlib.chdir(tmp_path):
        for block in docs_figures.blocks(text):
            if block.language != "python":
                continue
            printed, shown = docs_figures.run_python(block.text, names), docs_figures.output_of(text, block)
            expected = "" if shown is None else shown.text
            assert words(printed) == words(expected), f"{name}: run scripts/docs_figures.py {name}"


def words(text: str) -> str:
    """Text without its figures, which differ in the last digits between machines, and their padding."""
    return re.sub(r"[ ]+", " ", NUMBER.sub("#", text)).strip()


@pytest.mark.parametrize("name", ONLY_READ)
def test_python_that_is_only_read_imports_what_there_is(name):
    for block in docs_figures.blocks(PAGES[name].read_text()):
        if block.language in ("py", "python"):
            for line in ast.walk(ast.parse(block.text)):
                if isinstance(line, ast.ImportFrom) and (line.module or "").startswith("auricle"):
                    exec(ast.unparse(line), {})


@cache
def help_of(command: str) -> str:
    result = CliRunner().invoke(app, [*command.split(), "--help"], env={"COLUMNS": "200"})
    assert result.exit_code == 0, f"auricle {command}: {result.output}"
    return result.output


def all_commands(group: Any = None, before: str = "") -> Iterator[str]:
    """Every command that can be typed, as ``explain`` and ``data make``."""
    group = group or typer.main.get_command(app)
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from all_commands(command, f"{before}{name} ")
        else:
            yield before + name


def quoted_commands() -> list[tuple[str, str]]:
    found = []
    for name, path in PAGES.items():
        for block in docs_figures.blocks(path.read_text()):
            if block.language not in ("console", "bash"):
                continue
            lines = docs_figures.commands(block.text) if block.language == "console" else block.text.splitlines()
            found += [(name, line) for line in lines if line.startswith("auricle ")]
    return found


GROUPS = ("data", "manipulate", "concepts", "interpreter", "listening-test")


@pytest.mark.parametrize(("name", "line"), quoted_commands())
def test_commands_and_their_flags_exist(name, line):
    words_of_it = shlex.split(line.partition(";")[0].replace("\\\n", " "), comments=True)[1:]
    command = words_of_it[0] if words_of_it[0] not in GROUPS else " ".join(words_of_it[:2])
    flags = {word.partition("=")[0] for word in words_of_it if word.startswith("--")}
    assert flags <= known_flags(command)
    if "--method" in flags and "oops" not in line:
        assert kind_of(words_of_it[words_of_it.index("--method") + 1]) in {*METHODS, *PRESETS, *LEARNT}
    if "--methods" in flags:
        named = words_of_it[words_of_it.index("--methods") + 1].split(",")
        assert {kind_of(each) for each in named} <= {*METHODS, *PRESETS, *LEARNT}
    if command in ("train", "kfold"):
        assert {word for word in words_of_it[1].split(",") if not word.endswith(".yaml")} <= {*recipes(), "RECIPE"}
    if command in ("data get", "data make"):
        assert words_of_it[2] in {*SOURCES, "NAME"}


def kind_of(method: str) -> str:
    """A method's name, without the folder of one that was learnt."""
    return method.partition(":")[0]


COLUMNS = {"--speaker", "--digit"}
"""Of the data sets that the pages use: each column of the predictions is a flag, too."""


def known_flags(command: str) -> set[str]:
    return set(FLAG.findall(help_of(command))) | (COLUMNS if command in ("predictions", "explain") else set())


def test_flags_in_prose_exist():
    known = {flag for command in all_commands() for flag in known_flags(command)}
    known |= set(FLAG.findall(help_of("")))
    for name, path in PAGES.items():
        spans = re.findall(r"`([^`\n]+)`", FENCED.sub("", path.read_text()))
        for span in spans:
            if span.startswith(("pip", "tensorboard")) or "constraints" in span:
                continue
            assert set(FLAG.findall(span)) <= known, f"{name} names {span}"


def test_every_command_is_in_the_readme():
    readme = (ROOT / "README.md").read_text()
    for command in all_commands():
        assert re.search(rf"\nauricle {command}( |$)", readme, re.M), command


def test_every_method_is_described():
    reference, readme = (DOCS / "methods.md").read_text(), (ROOT / "README.md").read_text()
    for method in describe():
        section = re.search(rf"^### `{re.escape(method['name'])}`$(.*?)(?=^##|\Z)", reference, re.M | re.S)
        assert section is not None, method["name"]
        assert f"\n| `{method['name']}` |" in readme
        for setting in method["settings"]:
            # Said once for all that have it.
            general = {"layer", "baseline"} | ({"components", "score", "seed"} if removes(method["name"]) else set())
            where = reference if setting["name"] in general else section[1]
            assert f"`{setting['name']}" in where, (method["name"], setting["name"])
    listed = re.findall(r"^### `([^`]+)`$", reference, re.M)
    assert sorted(listed) == sorted(METHODS)


def removes(name: str) -> bool:
    return issubclass(METHODS[name], CoalitionMethod)


def test_what_removing_parts_takes_is_described():
    page, reference = (DOCS / "removing-parts.md").read_text(), (DOCS / "methods.md").read_text()
    for name in KINDS:
        assert f"\n| `{name}` |" in page, name
    assert Product.usage in page
    for name in [*BASELINES, *SCORES]:
        assert f"\n| `{name}` |" in page, name
    for name in filter(removes, METHODS):
        assert f"\n| `{name}` |" in page, name
    for setting in ("components", "baseline", "score", "seed"):
        assert f"\n| `{setting}` |" in reference, setting
    for score in SCORES:
        assert f"`{score}`" in reference, score
    for name, preset in PRESETS.items():
        row = re.search(rf"^\| `{re.escape(name)}` \|.*$", reference, re.M)
        assert row is not None, name
        assert f"`{name}`" in page, name
        for key, value in preset.settings.items():
            assert f"`{key}={value}`" in row[0], (name, key)


def test_rules_composites_and_baselines_are_described():
    reference = (DOCS / "methods.md").read_text()
    for name in COMPOSITES:
        assert f"\n| `{name}`" in reference
    for name in RULES:
        assert re.search(rf"\n\| `{name}(:\S+)?`", reference), name
    for name in BASELINES:
        assert f"\n| `{name}` |" in reference


def test_metrics_controls_presets_and_styles_are_described():
    metrics, front_ends = (DOCS / "metrics.md").read_text(), (DOCS / "front-ends.md").read_text()
    for name in METRICS:
        assert f"\n| `{name}`" in metrics
    for name in CONTROLS:
        assert f"`{name}`" in metrics
    for name in FRONTENDS:
        assert f"\n| `{name}` |" in front_ends
    for name in STYLES:
        assert f"\n| `{name}` |" in (DOCS / "hear-it.md").read_text()


def test_every_field_and_file_is_described(tmp_path, digits, clips):
    from auricle import explain

    explain(clips[0], digits).save(tmp_path / "one", measure=False)
    record = json.loads((tmp_path / "one" / "explanation.json").read_text())
    formats, readme = (DOCS / "file-formats.md").read_text(), (ROOT / "README.md").read_text()
    for field in record:
        assert f"\n| `{field}` |" in formats
    for name in FILES:
        assert f"`{name}`" in formats
        assert f"\n| `{name}` |" in readme
    for name in PART_FILES:
        assert f"`{name}`" in formats
        assert f"`{name}`" in readme


def test_every_recipe_is_described():
    page = (DOCS / "train-a-model.md").read_text()
    listed = {name: row for row in rows_of(page) for name in re.findall(r"^`([^`]+)`$", row[0])}
    for name, recipe in recipes().items():
        assert name in listed or (name.endswith("-fast") and "`fast`" in listed[name.removesuffix("-fast")]), name
        row = listed.get(name, listed.get(name.removesuffix("-fast"), []))
        assert row[2] == f"`{recipe.task}`", name
        assert row[3].startswith(f"`{recipe.network.architecture}`"), name


def rows_of(page: str) -> list[list[str]]:
    """The cells of every line of every table."""
    lines = FENCED.sub("", page).splitlines()
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines if line.startswith("| ")]


def test_every_setting_of_a_recipe_is_described():
    page = (DOCS / "train-a-model.md").read_text()
    listed = {row[0]: row for row in rows_of(page)}
    settings = dict(settings_of(Recipe))
    for key, (default, choices) in settings.items():
        row = listed.get(f"`{key}`")
        assert row is not None, key
        assert row[1] == default, key
        for choice in choices:
            assert f"`{choice}`" in row[2], (key, choice)
    sections = {key.partition(".")[0] for key in settings if "." in key}
    described = {key.strip("`") for key in listed if key.strip("`").partition(".")[0] in sections and "." in key}
    assert described <= set(settings)


def settings_of(model: type[BaseModel], before: str = "") -> Iterator[tuple[str, tuple[str, list[str]]]]:
    """Every key that a recipe can have, with its default as the page writes it, and the words it can be."""
    for name, field in model.model_fields.items():
        kind: Any = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from settings_of(kind, f"{name}.")
            continue
        default = field.get_default(call_default_factory=True)
        shown = "needed" if field.is_required() else "none" if default in (None, "", {}) else f"`{default}`"
        yield before + name, (shown, [str(each) for each in get_args(kind)] if get_origin(kind) is Literal else [])


def test_every_data_set_and_way_to_split_it_is_described():
    page = (DOCS / "datasets" / "index.md").read_text()
    for name in SOURCES:
        own = DOCS / "datasets" / f"{name}.md"
        assert f"[`{name}`]({own.name if own.exists() else 'your-own.md'}" in page, name
    for scheme in SCHEMES:
        assert f"\n| `{scheme}` |" in page, scheme
        assert f"\n| `{scheme}` |" in (DOCS / "train-a-model.md").read_text(), scheme


def test_every_network_is_described():
    page = (DOCS / "models.md").read_text()
    for name in ARCHITECTURES:
        assert f"`{name}`" in FENCED.sub("", page), name


def test_every_score_of_an_evaluation_is_described_with_its_formula():
    page = (DOCS / "evaluate-a-model.md").read_text()
    single, _, multi = page.partition("Several labels a clip (")
    for part, scores in ((single, SINGLE), (multi, MULTI)):
        listed = {row[0]: row for row in rows_of(part)}
        for name, about in scores.items():
            row = listed.get(f"`{name}`")
            assert row is not None, name
            assert row[1].startswith(about.title), name
            assert row[2].replace("\\|", "|") == about.formula, name


def test_tables_of_reproduced_figures_are_those_that_the_script_writes():
    page = (DOCS / "reproduced.md").read_text()
    assert set(reproduced_tables.marked(page)) == set(reproduced_tables.TABLES)


def test_reproduced_tables_say_what_the_folders_say(tmp_path):
    for recipe, accuracies in (("one", [0.9, 1.0]), ("two", [0.5, 0.75])):
        folder = tmp_path / recipe
        folder.mkdir()
        with open(folder / "folds.csv", "w", newline="") as file:
            table = csv.writer(file)
            table.writerow(["split", "clips", "accuracy", "balanced_accuracy"])
            for name, value in zip(("without ann", "without bob"), accuracies, strict=True):
                table.writerow([name, 10, value, value])
            mean = sum(accuracies) / 2
            table.writerow(["mean", "", mean, mean])
            table.writerow(["std", "", 0.07071, 0.07071])
        pooled = {"clips": 20, "scores": {"accuracy": {"value": mean, "low": 0.4, "high": 1.0}}}
        (folder / "evaluation.json").write_text(json.dumps({"pooled": pooled}))
    rows = rows_of(reproduced_tables.speakers(tmp_path))
    assert rows[0] == ["tested on", "`one`", "`two`"]
    assert ["ann", "90.0", "50.0"] in rows
    assert ["**mean ± std**", "**95.0 ± 7.1**", "**62.5 ± 7.1**"] in rows
    page = "before\n<!-- table fsdd -->\nold\n<!-- end -->\nafter\n"
    assert reproduced_tables.replaced(page, "fsdd", "new") == page.replace("old", "new")
