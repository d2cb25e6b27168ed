"""The documentation holds: links lead somewhere, its Python runs, its commands exist, and nothing is left out."""

from __future__ import annotations

import contextlib
import importlib.util
import re
import shlex
import sys
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner

from auricle.cli.commands import app
from auricle.components import KINDS, Product
from auricle.frontends import PRESETS as FRONTENDS
from auricle.methods import COMPOSITES, METHODS, PRESETS, describe
from auricle.methods.baselines import BASELINES
from auricle.methods.coalitions import SCORES
from auricle.methods.coalitions.method import CoalitionMethod
from auricle.methods.rules import RULES
from auricle.metrics import CONTROLS, METRICS
from auricle.report.save import FILES, PART_FILES
from auricle.sonify import STYLES

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"

_spec = importlib.util.spec_from_file_location("docs_figures", ROOT / "scripts" / "docs_figures.py")
assert _spec is not None
assert _spec.loader is not None
docs_figures = importlib.util.module_from_spec(_spec)
sys.modules["docs_figures"] = docs_figures  # its dataclasses look themselves up
_spec.loader.exec_module(docs_figures)

PAGES = {path.name: path for path in docs_figures.pages()}
WITH_PYTHON = [name for name, path in PAGES.items() if "```python" in path.read_text()]
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


@cache
def help_of(command: str) -> str:
    result = CliRunner().invoke(app, [command, "--help"] if command else ["--help"], env={"COLUMNS": "200"})
    assert result.exit_code == 0, f"auricle {command}: {result.output}"
    return result.output


def quoted_commands() -> list[tuple[str, str]]:
    found = []
    for name, path in PAGES.items():
        for block in docs_figures.blocks(path.read_text()):
            if block.language not in ("console", "bash"):
                continue
            lines = docs_figures.commands(block.text) if block.language == "console" else block.text.splitlines()
            found += [(name, line) for line in lines if line.startswith("auricle ")]
    return found


@pytest.mark.parametrize(("name", "line"), quoted_commands())
def test_commands_and_their_flags_exist(name, line):
    words_of_it = shlex.split(line.partition(";")[0], comments=True)[1:]
    command, flags = words_of_it[0], [word.partition("=")[0] for word in words_of_it if word.startswith("--")]
    known = set(FLAG.findall(help_of(command)))
    assert set(flags) <= known
    if "--method" in flags and "oops" not in line:
        assert words_of_it[words_of_it.index("--method") + 1] in {*METHODS, *PRESETS}
    if "--methods" in flags:
        assert set(words_of_it[words_of_it.index("--methods") + 1].split(",")) <= {*METHODS, *PRESETS}


def test_flags_in_prose_exist():
    commands = ("explain", "compare", "demo", "methods", "components")
    known = {flag for command in commands for flag in FLAG.findall(help_of(command))}
    known |= set(FLAG.findall(help_of("")))
    for name, path in PAGES.items():
        spans = re.findall(r"`([^`\n]+)`", FENCED.sub("", path.read_text()))
        for span in spans:
            if span.startswith("pip") or "constraints" in span:
                continue
            assert set(FLAG.findall(span)) <= known, f"{name} names {span}"


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
    import json

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
