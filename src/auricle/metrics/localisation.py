"""Does relevance lie where the cause is known to be? Planted sounds have a mask of their own, annotated events a time.

Conventions: relevance ``[F, T]`` is judged by its positive part, truth ``[F, T]`` is 0 to 1 on the same axes, a cell is
true from ½ on; cells beyond the clip are left out. Chance and the clip's own energy stand beside every number: loud
causes are found by a louder-is-relevant map, too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from auricle.axes import Axes
from auricle.clip import Clip
from auricle.errors import AuricleError
from auricle.metrics.hearing import Listener
from auricle.sonify.laying import within

if TYPE_CHECKING:
    from auricle.classifier import Classifier
    from auricle.datasets.dataset import Dataset
    from auricle.frontends.grid import STFT

TRUE = 0.5
EVENTS, START, END, LOW, HIGH = "events", "event_start", "event_end", "event_low", "event_high"
"""Columns of a data set that `truth_of` understands, beside those of a planted corpus."""
_WINDOW = 0.032
"""Seconds of the window in which the shares of planted sounds are measured, unless told."""


@dataclass(frozen=True)
class Localisation:
    """mass: share of positive relevance inside the truth (weighted by it). hit: whether its highest cell is true (the
    share of its highest cells, where several are as high). iou: of the mask of regions and the truth, Σ min / Σ max;
    None without regions. auc: how well relevance tells true cells from others (ROC); None where all or none is true.
    rank: the share of the K highest cells that are true, K the number of true cells; None where none is true.

    area: the truth's share of the cells, the ``mass`` of even relevance; true_area: of true cells, the ``hit`` and the
    ``rank`` of random cells. energy_mass, energy_hit, energy_auc, energy_rank: the same of the clip's spectrum taken as
    relevance.
    """

    mass: float
    hit: float
    iou: float | None
    auc: float | None
    rank: float | None
    area: float
    true_area: float
    energy_mass: float | None = None
    energy_hit: float | None = None
    energy_auc: float | None = None
    energy_rank: float | None = None

    def to_dict(self) -> dict[str, float | None]:
        return asdict(self)

    def columns(self) -> dict[str, float | None]:
        """The same with names that begin with ``loc_``."""
        return {f"loc_{name}": value for name, value in asdict(self).items()}


def localisation(
    relevance: np.ndarray,
    truth: np.ndarray,
    axes: Axes,
    *,
    regions: np.ndarray | None = None,
    energy: np.ndarray | None = None,
    seconds: float | None = None,
) -> Localisation:
    """How well ``relevance [F, T]`` (and the mask ``regions [F, T]``) finds ``truth [F, T]``, beside ``energy [F, T]``.

    Relevance without any positive value is even: no mass, no hit, no rank, AUC ½. The share of mass is the relevance
    mass accuracy of Arras et al. 2022 and the rank their relevance rank accuracy, the hit the pointing game of Zhang et
    al. 2018, here for cells of hertz and seconds.

    >>> axes = Axes(seconds=np.arange(3.0), hertz=np.array([0.0, 100.0, 200.0]))
    >>> found = localisation(np.array([[3.0, 1.0], [0.0, -5.0]]), np.array([[1.0, 0.0], [0.0, 0.0]]), axes)
    >>> found.mass, found.hit, found.auc, found.rank, found.area
    (0.75, 1.0, 1.0, 1.0, 0.25)
    """
    for name, each in (("relevance", relevance), ("truth", truth), ("regions", regions), ("energy", energy)):
        if each is not None and np.shape(each) != axes.shape:
            raise AuricleError(f"{name} of shape {np.shape(each)} does not fit axes of {axes.shape}; lay it onto them")
    length = float(axes.seconds[-1]) if seconds is None else seconds

    def inside(values: np.ndarray) -> np.ndarray:
        return np.nan_to_num(within(np.asarray(values, np.float64), axes, length)[0])

    cause = np.clip(inside(truth), 0.0, 1.0)
    mass, hit, auc, rank = _found(inside(relevance), cause)
    loud = (None, None, None, None) if energy is None else _found(inside(energy), cause)
    return Localisation(
        mass=mass,
        hit=hit,
        iou=None if regions is None else iou(inside(regions), cause),
        auc=auc,
        rank=rank,
        area=float(cause.mean()),
        true_area=float((cause >= TRUE).mean()),
        energy_mass=loud[0],
        energy_hit=loud[1],
        energy_auc=loud[2],
        energy_rank=loud[3],
    )


def iou(mask: np.ndarray, truth: np.ndarray) -> float:
    """Intersection over union of masks from 0 to 1, Σ min / Σ max; 0 where both are empty.

    >>> iou(np.array([1.0, 1.0, 0.0]), np.array([0.0, 1.0, 0.0]))
    0.5
    """
    union = float(np.maximum(mask, truth).sum())
    return float(np.minimum(mask, truth).sum()) / union if union > 0.0 else 0.0


def mass_accuracy(relevance: np.ndarray, truth: np.ndarray) -> float:
    """The share of positive relevance that lies in the truth, weighted by it; 0 where none is positive.

    >>> mass_accuracy(np.array([3.0, 1.0, -2.0]), np.array([1.0, 0.0, 1.0]))
    0.75
    """
    values = np.maximum(relevance, 0.0)
    total = float(values.sum())
    return float((values * truth).sum()) / total if total > 0.0 else 0.0


def rank_accuracy(relevance: np.ndarray, true: np.ndarray) -> float | None:
    """The share of the K highest cells of positive relevance that are ``true``, K = Σ true; equal cells share a place.

    Where fewer than K cells are positive, the places left are misses.

    >>> rank_accuracy(np.array([3.0, 2.0, 2.0, 0.0]), np.array([True, True, False, False]))
    0.75
    """
    count = int(true.sum())
    if count == 0:
        return None
    values = np.maximum(relevance, 0.0)
    last = np.partition(values, -count, axis=None)[-count]  # the value of the K-th place
    above = values > last
    found = float((true & above).sum())
    if last > 0.0:
        found += (count - int(above.sum())) * float(true[values == last].mean())
    return found / count


def _found(relevance: np.ndarray, truth: np.ndarray) -> tuple[float, float, float | None, float | None]:
    """Mass, hit, AUC and rank."""
    from sklearn.metrics import roc_auc_score

    values, true = np.maximum(relevance, 0.0), truth >= TRUE
    highest = values.max(initial=0.0)
    hit = float(true[values == highest].mean()) if highest > 0.0 else 0.0
    told = true.any() and not true.all()
    auc = float(roc_auc_score(true.ravel(), values.ravel())) if told else None
    return mass_accuracy(relevance, truth), hit, auc, rank_accuracy(values, true)


def energy_of(clip: Clip, classifier: Classifier, axes: Axes) -> np.ndarray:
    """The clip's power as the model's front-end looks at it, laid onto the axes of a map, ``[F, T]``."""
    listener = Listener(classifier, clip)
    power = listener.power
    whole = listener.grid.axes(len(listener.samples), classifier.sample_rate)
    own = Axes(whole.seconds[: power.shape[1] + 1], whole.hertz)
    return own.resample(power, axes)


def truth_of(
    dataset: Dataset,
    row: Mapping[str, Any],
    axes: Axes,
    seconds: float,
    *,
    label: str | None = None,
    stft: STFT | None = None,
) -> np.ndarray | None:
    """Where the cause of a row's label is, ``[F, T]`` from 0 to 1 on ``axes``; None where nobody knows.

    - a planted corpus or mixtures (columns ``causes`` and ``stems``): the share of each cell's power that is the
      causes', over those of ``label`` if one is given, else over all (`datasets.planted.causes`,
      `datasets.planted_masks.true_mask`; ``stft`` at the clip's own rate, a window of 32 ms unless told). Nothing is
      true of a label that the clip does not have;
    - ``events``: a list of [start, end], [start, end, label] or of mappings of start, end and, if known, low, high and
      label; or such a list as JSON. Of events with a label only those of ``label`` count, if one is given;
    - ``event_start`` and ``event_end``: one event, with ``event_low`` and ``event_high`` if its hertz are known.

    Times are in the seconds of the clip as it is loaded, which lasts ``seconds``; a cell whose centre lies in an event
    is true (of a very short or narrow event, the cell nearest to its middle), over all hertz unless these are known.
    """
    if axes.hertz is None:
        raise AuricleError("truth is laid onto hertz and seconds, and these axes have no hertz; take explanation.map()")
    if row.get("causes") and row.get("stems"):
        return _planted(dataset, row, axes, label, stft)
    events = _events(row, label)
    if not events:
        return None
    mask = np.zeros(axes.shape)
    for start, end, low, high in events:
        if not 0.0 <= start < end <= seconds + 1e-3:
            raise AuricleError(
                f"{row.get('id', 'a clip')} of {dataset.name} has an event from {start:g} to {end:g} s, which does not "
                f"lie in its {seconds:g} s; give start and end in the clip's own seconds"
            )
        rows = _between(axes.hertz_centres, low, high)
        mask[np.ix_(rows, _between(axes.seconds_centres, start, end))] = 1.0
    return mask


def _planted(
    dataset: Dataset, row: Mapping[str, Any], axes: Axes, label: str | None, stft: STFT | None
) -> np.ndarray:
    from auricle.datasets.planted import causes
    from auricle.datasets.planted_masks import true_mask
    from auricle.frontends.grid import STFT

    clip, planted = dataset.load(row), causes(dataset, row, label=label)
    if not planted:
        return np.zeros(axes.shape)
    samples = np.sum([each.sound.samples.astype(np.float64) for each in planted], axis=0)
    whole = replace(planted[0], sound=Clip(samples.astype(np.float32), clip.sample_rate, "causes"))
    n_fft = 2 ** round(np.log2(_WINDOW * clip.sample_rate))
    return true_mask(clip, whole, stft or STFT(n_fft=n_fft, hop=n_fft // 4), onto=axes)


def _events(row: Mapping[str, Any], label: str | None) -> list[tuple[float, float, float, float]]:
    """Start, end, low and high of each event."""
    row = {key: value for key, value in row.items() if value != ""}  # a table of text has empty cells
    found = row.get(EVENTS)
    if not found and row.get(START) is not None and row.get(END) is not None:
        found = [{"start": row[START], "end": row[END], "low": row.get(LOW), "high": row.get(HIGH)}]
    try:
        told = json.loads(found) if isinstance(found, str) else found
        events = [_event(each) for each in told or ()]
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise AuricleError(
            f"the events of {row.get('id', 'a clip')} are {found!r}; give a list of [start, end] or "
            '{"start": ..., "end": ...} in seconds'
        ) from error
    return [event[:4] for event in events if label is None or event[4] in (None, label)]


def _event(told: Any) -> tuple[float, float, float, float, str | None]:
    if not isinstance(told, Mapping):
        told = {"start": told[0], "end": told[1], "label": told[2] if len(told) > 2 else None}
    low, high = told.get("low"), told.get("high")
    return (
        float(told["start"]),
        float(told["end"]),
        0.0 if low is None else float(low),
        np.inf if high is None else float(high),
        told.get("label"),
    )


def _between(centres: np.ndarray, low: float, high: float) -> np.ndarray:
    chosen = (centres >= low) & (centres <= high)
    if not chosen.any():
        chosen[np.abs(centres - (low + min(high, centres[-1])) / 2).argmin()] = True
    return chosen
