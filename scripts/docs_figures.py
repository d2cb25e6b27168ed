"""Run the documentation: ``python scripts/docs_figures.py`` renews every output, number and picture in it.

How a page is read, here and in ``tests/test_docs.py``:

- a ``console`` block holds commands (``$ …``) with what they print; both streams are quoted, long lines are kept;
- a ``python`` block is run in the same process as the page's other blocks; a ``text`` block right after it holds what
  it prints;
- all of a page's blocks run in one folder. A picture of the page is the PNG of that name which its own blocks left
  there, or a screenshot named in `SCREENSHOTS`;
- any other block (``bash``, ``json``…) is only read, and so are the pages of data sets, which need their recordings.

Give page names to renew these alone. Screenshots need Chromium and Playwright (the test dependency group). Pages that
quote FSDD look for it where ``auricle data get fsdd`` puts it, or in ``AURICLE_DATA``.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
IMAGES = DOCS / "images"
WIDEST = 1200
COLOURS = 128

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
IMAGE = re.compile(r"!\[[^\]]*\]\(([^)#]+)\)")
CHROMIUM_FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


@dataclass(frozen=True)
class Screenshot:
    """What is photographed: a page left by a documentation page's commands, or one section of it."""

    html: str
    width: int = 1100
    height: int = 700
    section: str | None = None


SCREENSHOTS = {
    "page.png": Screenshot("why/planted/index.html", height=980),
    "explain-page.png": Screenshot("why/seven/index.html", height=980),
    "compare.png": Screenshot("methods/index.html", height=1390),
    "parts.png": Screenshot("why/planted/index.html", section="Parts of the sound"),
    "listening-test-ratings.png": Screenshot("analysis/index.html", width=900, section="How the sounds were rated"),
    "l2i-components.png": Screenshot("parts/pages/index.html", section="Components and classes"),
    "lmac.png": Screenshot("why/seven/index.html", height=1000),
    "scores.png": Screenshot("why/seven/index.html", section="Scores"),
    "curves.png": Screenshot("why/seven/index.html", section="Deletion and insertion"),
    "data-check.png": Screenshot("auricle-check/index.html", height=1000),
    "long.png": Screenshot("why/hour/index.html", height=520),
    "folds.png": Screenshot("folds/index.html", height=900),
    "concepts.png": Screenshot("why/nine/index.html", section="What each concept contributes"),
    "concepts-nine.png": Screenshot("concepts/pages/01-nine.html", height=740),
    "trained.png": Screenshot("tested/index.html", height=900),
}


@dataclass(frozen=True)
class Block:
    """A fenced block of a page: its language, its text, and where its text lies in the page."""

    language: str
    text: str
    start: int
    end: int


def pages() -> list[Path]:
    """The README and every page of ``docs``, those of data sets last."""
    own = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.glob("*.md"))]
    return [*own, *sorted((DOCS / "datasets").glob("*.md"))]


def name_of(page: Path) -> str:
    """What a page is called: its path in ``docs``, so that both pages ``index.md`` have a name of their own.

    >>> name_of(DOCS / "datasets" / "index.md"), name_of(ROOT / "README.md")
    ('datasets/index.md', 'README.md')
    """
    return page.relative_to(DOCS if page.is_relative_to(DOCS) else ROOT).as_posix()


def is_run(page: Path) -> bool:
    """Whether a page's blocks are run; those of data sets need recordings that are not here."""
    return page.parent != DOCS / "datasets"


def blocks(text: str) -> list[Block]:
    """The fenced blocks of a page, in order.

    >>> [(each.language, each.text) for each in blocks("```python\\nprint(1)\\n```\\n\\n```text\\n1\\n```\\n")]
    [('python', 'print(1)\\n'), ('text', '1\\n')]
    """
    return [Block(each[1], each[2], each.start(2), each.end(2)) for each in FENCE.finditer(text)]


def output_of(page: str, code: Block) -> Block | None:
    """The ``text`` block that follows a block with nothing but empty lines between."""
    for each in blocks(page):
        if each.start > code.end:
            between = page[code.end + 3 : each.start].replace(f"```{each.language}", "")
            return each if each.language == "text" and not between.strip() else None
    return None


def run_python(code: str, names: dict[str, Any]) -> str:
    """What a ``python`` block prints; ``names`` is shared by the blocks of a page."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "<documentation>", "exec", dont_inherit=True), names)
    return printed.getvalue()


def run_console(text: str, folder: Path) -> str:
    """The block again, with what its commands print now."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = os.environ | {"PATH": path, "COLUMNS": "100", "NO_COLOR": "1"}
    parts = []
    for command in commands(text):
        done = subprocess.run(
            ["bash", "-c", command], cwd=folder, env=environment, text=True, stdout=-1, stderr=-2, check=False
        )
        lines = [line.rstrip() for line in done.stdout.splitlines() if line.strip()]
        shown = command.replace("\n", "\n> ")
        parts.append("".join(f"{line}\n" for line in [f"$ {shown}", *lines]))
    return "".join(parts)


def commands(text: str) -> list[str]:
    """The commands of a ``console`` block; lines that begin with ``>`` go on.

    >>> commands("$ one \\\\\\n> two\\nprinted\\n$ three\\n")
    ['one \\\\\\ntwo', 'three']
    """
    found: list[str] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append(line[2:])
        elif line.startswith("> ") and found:
            found[-1] += "\n" + line[2:]
    return found


def renew(path: Path) -> None:
    """Run a page's blocks, put what they print into it, and take the pictures that they left."""
    text = path.read_text()
    names: dict[str, Any] = {"__name__": "__main__"}
    changes: list[tuple[Block, str]] = []
    with tempfile.TemporaryDirectory() as place, contextlib.chdir(place):
        folder = Path(place)
        for block in blocks(text):
            if block.language == "console":
                changes.append((block, run_console(block.text, folder)))
            elif block.language == "python":
                printed = run_python(block.text, names)
                shown = output_of(text, block)
                if shown is not None:
                    changes.append((shown, printed))
        for image in IMAGE.findall(text):
            take(Path(image).name, folder)
    for block, new in reversed(changes):
        text = text[: block.start] + new + text[block.end :]
    path.write_text(text)


def take(name: str, folder: Path) -> None:
    """A picture from where a page's blocks left it, small enough for the repository."""
    from PIL import Image

    made = folder / name
    if name in SCREENSHOTS and (folder / SCREENSHOTS[name].html).exists():
        photograph(SCREENSHOTS[name], folder, made)
    if not made.exists():
        return
    picture = Image.open(made).convert("RGB")
    if picture.width > WIDEST:
        picture = picture.resize((WIDEST, round(picture.height * WIDEST / picture.width)), Image.Resampling.LANCZOS)
    IMAGES.mkdir(exist_ok=True)
    # Median cut, the default, gives small swatches of a legend the colour of their neighbour.
    covering = Image.Quantize.MAXCOVERAGE
    picture.quantize(COLOURS, method=covering, kmeans=2, dither=Image.Dither.NONE).save(IMAGES / name, optimize=True)
    print(f"  {name}: {picture.width} x {picture.height}, {(IMAGES / name).stat().st_size / 1000:.0f} kB")


def photograph(shot: Screenshot, folder: Path, made: Path) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_FLAGS)
        window = browser.new_page(viewport={"width": shot.width, "height": shot.height})
        window.goto((folder / shot.html).as_uri())
        window.wait_for_timeout(500)
        if shot.section is None:
            window.screenshot(path=made)
        else:
            heading = window.get_by_role("heading", name=shot.section, exact=True)
            window.locator("section", has=heading).last.screenshot(path=made)
        browser.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="pages, as in README.md hear-it.md; all without any")
    names = parser.parse_args().names
    for path in filter(is_run, pages()):
        if not names or name_of(path) in names:
            print(path.relative_to(ROOT), flush=True)
            renew(path)
    total = sum(each.stat().st_size for each in IMAGES.glob("*.png"))
    print(f"pictures: {total / 1000:.0f} kB")


if __name__ == "__main__":
    main()
