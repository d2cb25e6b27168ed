"""One table for a clip, its components and a baseline: coalitions in, the logits of every class out."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor

from auricle.classifier import Classifier
from auricle.clip import Clip
from auricle.components import Components, Kind, kind_of
from auricle.errors import AuricleError
from auricle.methods.coalitions.absent import RANDOM, Absence, Absent, absence_of, names_of
from auricle.methods.coalitions.ear import Ear

KEPT = 8
"""Tables that are remembered for each classifier."""


class Table:
    """Coalition of components → logits of every class.

    The clip is heard through the windows of the classifier's length policy, and the logits are their mean; a window
    that does not hear a component is not asked twice about it. Everything heard is remembered.

    >>> import auricle, auricle.demo
    >>> clip, classifier = auricle.load_clip(auricle.demo.clip("seven")), auricle.load_classifier("digits")
    >>> answers = table(classifier, clip, "time:4")
    >>> tuple(answers.logits(torch.ones(1, 4, dtype=torch.bool)).shape)
    (1, 10)
    """

    def __init__(self, classifier: Classifier, clip: Clip, components: Components, absence: Absence) -> None:
        windows = classifier.windows(clip)
        self.classifier, self.clip, self.components, self.absence = classifier, clip, components, absence
        wanted = windows.samples.shape[-1]
        self._ears = [Ear(classifier, components, absence, start, wanted) for start in windows.starts]

    def logits(self, coalitions: Tensor) -> Tensor:
        """Bool ``[N, K]`` to ``[N, C]`` (float64, on the processor)."""
        if coalitions.ndim != 2 or coalitions.shape[1] != len(self.components):
            raise AuricleError(
                f"coalitions of shape {tuple(coalitions.shape)} do not fit {len(self.components)} components; give "
                f"[N, {len(self.components)}]"
            )
        coalitions = coalitions.bool()
        return torch.stack([ear(coalitions) for ear in self._ears]).mean(0)

    @property
    def forwards(self) -> int:
        """Rows that have gone through the network (or its trunk, where rows were multiplexed)."""
        return sum(ear.forwards for ear in self._ears)

    def told(self) -> list[str]:
        """What could not be done as planned since this was last asked, in sentences."""
        notes = list(dict.fromkeys(note for ear in self._ears for note in ear.notes))
        for ear in self._ears:
            ear.notes.clear()
        return notes

    def estimate(self, coalitions: Tensor) -> tuple[int, float | None]:
        """Forwards that these coalitions would still take one by one, and about how many seconds, if it is known."""
        rows = [ear.missing(coalitions.bool()) for ear in self._ears]
        times = [ear.seconds_per_row for ear in self._ears]
        if any(each is None for each in times):
            return sum(rows), None
        return sum(rows), sum(count * (each or 0.0) for count, each in zip(rows, times, strict=True))


def table(
    classifier: Classifier,
    clip: Clip,
    components: str | Kind = "time:12",
    baseline: Absent = "silence",
    *,
    seed: int = 0,
) -> Table:
    """The table of a clip, the same for all who ask the same.

    components: a kind or its text; baseline: what absent components leave behind (one only, see `tables`); seed: of
    the baseline's random draws.
    """
    found = tables(classifier, clip, components, baseline, seed=seed)
    if len(found) > 1:
        raise AuricleError(f"a table has one baseline, not {len(found)}; make one for each")
    return found[0]


def tables(
    classifier: Classifier, clip: Clip, components: str | Kind, baseline: Absent, *, seed: int = 0
) -> list[Table]:
    """A table for each of the baselines."""
    kind = kind_of(components)
    known: OrderedDict[tuple[object, ...], Table] = classifier.remembered.setdefault("tables", OrderedDict())
    weights = _state(classifier)
    found: list[Table] = []
    cut: Components | None = None
    for name in names_of(baseline):
        what = name.content_hash if isinstance(name, Clip) else name
        drawn = seed if what in RANDOM else None
        key = (clip.content_hash, repr(kind), what, drawn, weights, classifier.length, classifier.device)
        if key not in known:
            front = classifier.frontend
            cut = cut or _taken_apart(known, clip, kind) or kind(clip, front.sample_rate, front.grid)
            absence = absence_of(name, cut.samples, front.sample_rate, front.grid, seed)
            known[key] = Table(classifier, clip, cut, absence)
        known.move_to_end(key)
        found.append(known[key])
    while len(known) > max(KEPT, len(found)):
        known.popitem(last=False)
    return found


def _state(classifier: Classifier) -> tuple[tuple[int, int], ...]:
    """Changes whenever the network's weights do: they count how often they were written to."""
    values = classifier.network.state_dict(keep_vars=True).values()
    return tuple((id(each), 0 if each.is_inference() else each._version) for each in values if torch.is_tensor(each))


def _taken_apart(known: OrderedDict[tuple[object, ...], Table], clip: Clip, kind: Kind) -> Components | None:
    """The clip's components from a table that already has them."""
    for key, each in known.items():
        if key[:2] == (clip.content_hash, repr(kind)):
            return each.components
    return None
