"""Self-contained HTML: the page of one explanation, its fragment for notebooks, a comparison, an index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from auricle.errors import AuricleError
from auricle.report import embedded, figures, templates
from auricle.report.outcome import outcome
from auricle.report.plot import plot, png, thumbnail
from auricle.report.words import ARROWS, BETTER, FILES, PART_FILES, score_table, words

if TYPE_CHECKING:
    from auricle.explanation import Explanation
    from auricle.metrics import Scores
    from auricle.sonify import Sounds


def page(explanation: Explanation, scores: Scores | None = None, sounds: Sounds | None = None) -> str:
    """One explanation as an HTML page that needs nothing else, not even the network.

    Without ``scores`` the page says nothing of trust; ``sounds`` are made here when they are not given.
    """
    sounds = sounds if sounds is not None else explanation.sounds()
    return render(
        "page.html.j2",
        data=embedded.drawing([explanation], [sounds]),
        files=FILES | (PART_FILES if explanation.contributions is not None else {}),
        **words(explanation, scores, sounds),
    )


def fragment(explanation: Explanation) -> str:
    """The heart of the page for a notebook: headline, picture, player, probabilities and checks.

    Without scripts (an untrusted notebook) a still picture is shown instead.
    """
    sounds = explanation.sounds()
    return render(
        "fragment.html.j2",
        data=embedded.drawing([explanation], [sounds]),
        still=embedded.image(png(plot(explanation), dpi=80)),
        **words(explanation, None, sounds),
    )


def compare_page(
    explanations: Sequence[Explanation],
    scores: Sequence[Scores | None],
    sounds: Sequence[Sounds | None],
) -> str:
    """Several explanations of one clip side by side on one scale, with their scores, controls and sounds."""
    if not explanations:
        raise AuricleError("there is nothing to compare; give at least one explanation")
    if len({each.clip.content_hash for each in explanations}) > 1:
        raise AuricleError("a comparison is of one clip; these explanations are of different clips")
    columns = [words(*each) for each in zip(explanations, scores, sounds, strict=True)]
    return render(
        "compare.html.j2",
        data=embedded.drawing(explanations, sounds),
        columns=columns,
        table=score_table(columns),
        **words(explanations[0], scores[0], sounds[0]),
    )


@dataclass(frozen=True)
class Entry:
    """One clip in an index: its name, where its page is, and what was heard, with a figure to read."""

    name: str
    href: str
    label: str
    figure: str
    target: str
    seconds: float
    picture: bytes
    sentence: str = ""
    scores: Scores | None = None
    actual: str = ""
    """What the clip really is, where that is known."""

    @classmethod
    def of(cls, explanation: Explanation, href: str, scores: Scores | None = None, *, actual: str = "") -> Entry:
        """The entry of an explanation whose page is at ``href``, relative to the index."""
        said = outcome(explanation)
        return cls(
            name=explanation.clip.name,
            href=href,
            label=said.label,
            figure=said.precise,
            target=explanation.subject,
            seconds=explanation.clip.seconds,
            picture=thumbnail(explanation),
            sentence=figures.unbroken(scores.sentence) if scores is not None else "",
            scores=scores,
            actual=actual,
        )


def index_page(entries: Sequence[Entry], *, title: str | None = None, failures: Sequence[str] = ()) -> str:
    """Links to the pages of several clips, with pictures and, from two on, means with bootstrap intervals.

    ``title`` is the headline; by default it says how many clips there are.
    """
    from auricle.metrics import summarise

    measured = [each.scores for each in entries if each.scores is not None]
    return render(
        "index.html.j2",
        title=title or f"{len(entries)} clip{'' if len(entries) == 1 else 's'} explained",
        entries=[(each, embedded.image(each.picture)) for each in entries],
        failures=list(failures),
        arrows=ARROWS,
        better=BETTER,
        summary=summarise(measured) if len(measured) > 1 else [],
        clips=len(measured),
    )


def render(template: str, **values: Any) -> str:
    """A template of this room as a whole page, with the names of the controls."""
    from auricle.metrics import CONTROLS

    return templates.render(template, controls=CONTROLS, **values)
