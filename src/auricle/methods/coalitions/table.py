"""One table for a clip, its components and a baseline: coalitions in, the logits of every class out."""

from __future__ import annotations

from collections import OrderedDict
from threading import RLock

import torch
from torch import Tensor

from auricle.classifier import Classifier
from auricle.clip import Clip
from auricle.components import Components, Kind, kind_of
from auricle.errors import AuricleError
from auricle.methods.coalitions.absent import RANDOM, Absence, Absent, absence_of, names_of
from auricle.methods.coalitions.ear import Ear

KEPT = 8
"""Tables that are remembered for each classifier, at most."""
KEPT_NUMBERS = 2**26
"""Numbers that the parts of remembered tables may hold together: half a gigabyte."""
STALE = 1e-3
"""How far, relative to the spread of logits, a table may be from what the classifier says now."""
_LOCK = RLock()


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
        self._ears = [
            Ear(classifier, components, absence, windows.origins(window), wanted)
            for window in range(len(windows.starts))
        ]

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
        """Rows that have gone through the network (or its trunk, where rows were multiplexed) for the answers."""
        return sum(ear.forwards for ear in self._ears)

    @property
    def probes(self) -> int:
        """Rows beside these that only told how to hear: the best batch size, how far the network hears."""
        return sum(ear.probes for ear in self._ears)

    @property
    def numbers(self) -> int:
        """How many numbers the parts hold, as sound and as they are mixed."""
        return sum(ear.numbers for ear in self._ears) + sum(each.values.numel() for each in self.components.own)

    def agrees(self, whole: Tensor) -> bool:
        """Whether the classifier still says ``whole [C]`` to the whole clip; else its weights or the like changed."""
        mine, now = self.logits(torch.ones(1, len(self.components), dtype=torch.bool))[0], whole.double().cpu()
        size = max(float(now.max() - now.min()), float(now.abs().max()))
        return float((mine - now).abs().max()) <= STALE * size

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
    classifier: Classifier,
    clip: Clip,
    components: str | Kind,
    baseline: Absent,
    *,
    seed: int = 0,
    whole: Tensor | None = None,
) -> list[Table]:
    """A table for each of the baselines.

    ``whole [C]`` is what the classifier says to the clip now: tables that say otherwise are forgotten.
    """
    with _LOCK:
        found = _tables(classifier, clip, components, baseline, seed)
        if whole is not None and not all(each.agrees(whole) for each in found):
            forget(classifier)
            found = _tables(classifier, clip, components, baseline, seed)
        return found


def forget(classifier: Classifier) -> None:
    """Forget everything found out about a classifier, for when it has changed in a way that cannot be seen.

    Changed parameters and buffers are noticed, and so is any change that alters what it says to a whole clip that is
    explained again.
    """
    classifier.remembered.clear()


def _tables(
    classifier: Classifier, clip: Clip, components: str | Kind, baseline: Absent, seed: int
) -> list[Table]:
    kind = kind_of(components)
    identity = kind.identity()
    known: OrderedDict[tuple[object, ...], Table] = classifier.remembered.setdefault("tables", OrderedDict())
    weights = _state(classifier)
    found: list[Table] = []
    cut: Components | None = None
    for name in names_of(baseline):
        what = name.content_hash if isinstance(name, Clip) else name
        drawn = seed if what in RANDOM else None
        front = classifier.frontend
        place = (clip.content_hash, identity, front.sample_rate, front.grid)
        kinds = (classifier.length, classifier.device, classifier.outputs, classifier.multi_label, repr(front))
        key = (place, what, drawn, weights, *kinds)
        if key not in known:
            cut = cut or _taken_apart(known, place) or kind(clip, front.sample_rate, front.grid)
            absence = absence_of(name, cut.samples, front.sample_rate, front.grid, seed)
            known[key] = Table(classifier, clip, cut, absence)
        known.move_to_end(key)
        found.append(known[key])
    while len(known) > len(found) and (
        len(known) > KEPT or sum(each.numbers for each in known.values()) > KEPT_NUMBERS
    ):
        known.popitem(last=False)
    return found


def _state(classifier: Classifier) -> tuple[tuple[int, int], ...]:
    """Changes whenever the network's weights do: they count how often they were written to."""
    values = classifier.network.state_dict(keep_vars=True).values()
    return tuple((id(each), 0 if each.is_inference() else each._version) for each in values if torch.is_tensor(each))


def _taken_apart(known: OrderedDict[tuple[object, ...], Table], place: object) -> Components | None:
    """The clip's components from a table that already has them."""
    return next((each.components for key, each in known.items() if key[0] == place), None)
