"""Who trains, who chooses the epoch, who is tested: splits of a data set into three parts without common speakers."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from auricle.errors import AuricleError, nearest

if TYPE_CHECKING:
    from auricle.datasets.dataset import Dataset

VALIDATION_SHARE = 0.1
"""Of the training clips, where a scheme leaves no part of its own for choosing the epoch."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Split:
    """Row numbers of a data set: what trains, what chooses the epoch (perhaps nothing), what is tested on.

    ``shared`` says that validation was drawn from the training groups (of the same speakers), which only makes the
    choice of the epoch optimistic, never the test. ``known_groups`` says that the split tests new clips of known
    groups, by its authors' intention.
    """

    name: str
    train: np.ndarray
    validate: np.ndarray
    test: np.ndarray
    shared: bool = False
    known_groups: bool = False


SCHEMES = {
    "folds": "the column fold: each value tests once, the next one validates, the others train",
    "split": "the column split, of train, validate (or validation, valid, dev) and test",
    "leave-one-group-out": "each group (speaker, patient, site) tests once; a tenth of the other clips validates",
    "kfold:K": "K folds, balanced in classes, no group in two of them; a tenth of the training clips validates",
    "holdout:A/B/C": "one split of A % training, B % validation and C % test, balanced, no group in two parts",
}


def splits(dataset: Dataset, scheme: str, task: str, *, seed: int = 0, allow_leakage: bool = False) -> list[Split]:
    """The splits that a scheme makes of a data set: one of its own (published) schemes, or one of `SCHEMES`.

    Raises `AuricleError` for an unknown scheme, an empty part, a class with too few clips, and, unless
    ``allow_leakage``, for a group that is both trained and tested on.
    """
    name, _, value = scheme.partition(":")
    if scheme in dataset.schemes:
        made = dataset.schemes[scheme](dataset)
    elif name in ("folds", "split") and (column := name.removesuffix("s")) not in dataset.table.column_names:
        raise AuricleError(
            f'{dataset.name} has no column "{column}" to split by; add one to its table, or split it anew with '
            "kfold:10, leave-one-group-out or holdout:70/15/15"
        )
    elif name in _MAKERS:
        made = _MAKERS[name](dataset, value, task, seed)
    else:
        raise AuricleError(f'{dataset.name} has no split "{scheme}"; {nearest(scheme, [*dataset.schemes, *SCHEMES])}')
    for each in made:
        check(dataset, each, task, allow_leakage=allow_leakage)
    return made


def choose_split(found: Sequence[Split], fold: str | None) -> Split:
    """The split of this name, that ends with it, or has this number from 0; without one, the only one there is."""
    names = [each.name for each in found]
    some = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
    if fold is None and len(found) > 1:
        raise AuricleError(f"there are {len(found)} splits; choose one with --fold: {some}")
    for each in found:
        if fold is None or fold in (each.name, each.name.split()[-1]):
            return each
    if fold is not None and fold.isdigit() and int(fold) < len(found):
        return found[int(fold)]
    raise AuricleError(f'there is no fold "{fold}"; {nearest(fold or "", names)}')


def check(dataset: Dataset, split: Split, task: str, *, allow_leakage: bool = False) -> None:
    """Refuse a split that cannot train or be tested honestly, naming what is wrong with it."""
    for part, numbers in (("train", split.train), ("test", split.test)):
        if len(numbers) == 0:
            raise AuricleError(
                f"{split.name} of {dataset.name} has no clips to {part} with; check that all folds are there"
            )
    targets = dataset.targets(task)
    classes = dataset.classes_of(task)
    trained = targets[split.train]
    counts = trained.sum(0) if trained.ndim == 2 else np.bincount(trained, minlength=len(classes))
    if (counts == 0).any():
        missing = [label for label, count in zip(classes, counts, strict=True) if count == 0]
        raise AuricleError(
            f"{split.name} of {dataset.name} trains without a clip of {_first(missing)}; add recordings of it, or "
            "leave the class out"
        )
    if dataset.group is None or allow_leakage or split.known_groups:
        return
    groups = np.array([str(each) for each in dataset.column(dataset.group)])
    pairs = [("train", split.train, "test", split.test), ("validate", split.validate, "test", split.test)]
    if not split.shared:
        pairs.append(("train", split.train, "validate", split.validate))
    for one, mine, other, theirs in pairs:
        both = sorted(set(groups[mine]) & set(groups[theirs]))
        if both:
            raise AuricleError(
                f"{split.name} of {dataset.name} has {dataset.group} {_first(both)} in both {one} and {other}, so its "
                "accuracy would be too good; split by groups, or say --allow-leakage"
            )


# --- schemes ------------------------------------------------------------------------------------------------


def by_column(dataset: Dataset, column: str, parts: list[tuple[str, set[str], set[str], set[str]]]) -> list[Split]:
    """Splits from the values of a column that train, validate and test, as published lists have them.

    Clips without a value (null) are in no part.
    """
    values = dataset.column(column)

    def of(wanted: set[str]) -> np.ndarray:
        return np.array([n for n, each in enumerate(values) if each is not None and str(each) in wanted], np.int64)

    return [Split(name=name, train=of(a), validate=of(b), test=of(c)) for name, a, b, c in parts]


def _folds(dataset: Dataset, value: str, task: str, seed: int) -> list[Split]:
    del value, task, seed
    known = sorted({str(each) for each in dataset.column("fold") if each is not None}, key=_natural)
    if len(known) < 3:
        raise AuricleError(f"{dataset.name} has {len(known)} folds; three are needed to train, validate and test")
    parts = []
    for number, fold in enumerate(known):
        follows = known[(number + 1) % len(known)]
        parts.append((f"fold {fold}", set(known) - {fold, follows}, {follows}, {fold}))
    return by_column(dataset, "fold", parts)


def _split_column(dataset: Dataset, value: str, task: str, seed: int) -> list[Split]:
    del value
    named = {"train": {"train", "training"}, "test": {"test", "testing", "evaluate", "eval"}}
    valid = {"validate", "validation", "valid", "val", "dev"}
    made = by_column(dataset, "split", [("split", named["train"], valid, named["test"])])[0]
    return [made if len(made.validate) else _with_validation(dataset, made, task, seed)]


def _leave_one_group_out(dataset: Dataset, value: str, task: str, seed: int) -> list[Split]:
    del value
    if dataset.group is None:
        raise AuricleError(f"{dataset.name} names no group (a speaker, a patient) to leave out; use kfold:10")
    groups = np.array([str(each) for each in dataset.column(dataset.group)])
    made = []
    for group in sorted(set(groups), key=_natural):
        test = np.flatnonzero(groups == group)
        train = np.flatnonzero(groups != group)
        split = Split(name=f"without {group}", train=train, validate=train[:0], test=test)
        made.append(_with_validation(dataset, split, task, seed))
    return made


def _kfold(dataset: Dataset, value: str, task: str, seed: int) -> list[Split]:
    count = _whole(value, "kfold", 10)
    place = _dealt(dataset, task, count, seed)
    made = []
    for fold in range(count):
        train = np.flatnonzero(place != fold)
        split = Split(name=f"fold {fold}", train=train, validate=train[:0], test=np.flatnonzero(place == fold))
        made.append(_with_validation(dataset, split, task, seed))
    return made


def _holdout(dataset: Dataset, value: str, task: str, seed: int) -> list[Split]:
    try:
        shares = [float(each) for each in (value or "70/15/15").split("/")]
    except ValueError:
        shares = []
    if len(shares) != 3 or abs(sum(shares) - 100) > 0.5 or min(shares[0], shares[2]) <= 0 or shares[1] < 0:
        raise AuricleError(f"holdout:{value} is not three shares that make 100; write for example holdout:70/15/15")
    part = _shared_out(dataset, task, shares, seed)
    return [
        Split(
            name="holdout",
            train=np.flatnonzero(part == 0),
            validate=np.flatnonzero(part == 1),
            test=np.flatnonzero(part == 2),
        )
    ]


_MAKERS: dict[str, Callable[[Dataset, str, str, int], list[Split]]] = {
    "folds": _folds,
    "split": _split_column,
    "leave-one-group-out": _leave_one_group_out,
    "kfold": _kfold,
    "holdout": _holdout,
}


def _shared_out(dataset: Dataset, task: str, shares: list[float], seed: int) -> np.ndarray:
    """For each row 0 (train), 1 (validate) or 2 (test), in shares of percent of every class, groups together."""
    part = np.zeros(len(dataset), np.int64)
    if dataset.group is None:
        kinds = _kinds(dataset, task)
        order = np.random.default_rng(seed).permutation(len(kinds))
        for kind in np.unique(kinds):
            mine = order[kinds[order] == kind]
            test = max(round(shares[2] / 100 * len(mine)), 1)
            valid = min(max(round(shares[1] / 100 * len(mine)), 1) if shares[1] else 0, len(mine) - test - 1)
            part[mine[:test]] = 2
            part[mine[test : test + max(valid, 0)]] = 1
        return part
    groups = len(set(dataset.column(dataset.group)))
    pieces = max(min(20 if all(each % 5 == 0 for each in shares) else 100, groups), 3 if shares[1] else 2)
    place = _dealt(dataset, task, pieces, seed)
    test = max(round(shares[2] / 100 * pieces), 1)
    valid = max(round(shares[1] / 100 * pieces), 1) if shares[1] else 0
    part[place < test + valid] = 1
    part[place < test] = 2
    return part


def _dealt(dataset: Dataset, task: str, count: int, seed: int) -> np.ndarray:
    """A fold number for each row: classes balanced, groups together (scikit-learn's stratified group folds)."""
    kinds = _kinds(dataset, task)
    place = np.zeros(len(dataset), np.int64)
    groups = None if dataset.group is None else np.array([str(each) for each in dataset.column(dataset.group)])
    units = len(dataset) if groups is None else len(set(groups))
    if units < count:
        what = "clips" if groups is None else f"different {dataset.group}s"
        raise AuricleError(f"{dataset.name} has {units} {what}, too few for {count} parts; ask for fewer")
    if groups is None:
        order = np.random.default_rng(seed).permutation(len(kinds))
        place[order[np.argsort(kinds[order], kind="stable")]] = np.arange(len(kinds)) % count
        return place
    from sklearn.model_selection import StratifiedGroupKFold

    # Where no class is in every part, groups are only dealt evenly.
    balanced = kinds if np.unique(kinds, return_counts=True)[1].max() >= count else np.zeros_like(kinds)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        dealer = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
        for number, (_, test) in enumerate(dealer.split(place, balanced, groups)):
            place[test] = number
    return place


def _kinds(dataset: Dataset, task: str) -> np.ndarray:
    """A number for each row by which parts are balanced: its class, of several the rarest, -1 for none.

    Raises `AuricleError` for a class with a single clip.
    """
    targets = dataset.targets(task)
    classes = dataset.classes_of(task)
    counts = np.bincount(targets, minlength=len(classes)) if targets.ndim == 1 else targets.sum(0)
    scarce = [label for label, count in zip(classes, counts, strict=True) if count == 1]
    if scarce:
        raise AuricleError(
            f"{dataset.name} has a single clip of {_first(scarce)}, which cannot both train and test; add recordings "
            "of it, or leave the class out"
        )
    if targets.ndim == 1:
        return targets
    return np.where(targets.any(1), (targets / np.maximum(counts, 1)).argmax(1), -1)


def _with_validation(dataset: Dataset, split: Split, task: str, seed: int) -> Split:
    """The split with a balanced tenth of its training clips set aside for choosing the epoch."""
    targets = dataset.targets(task)[split.train]
    kinds = targets if targets.ndim == 1 else targets.argmax(1)
    order = np.random.default_rng(seed).permutation(len(kinds))
    chosen = np.zeros(len(kinds), bool)
    for kind in np.unique(kinds):
        mine = order[kinds[order] == kind]
        chosen[mine[: int(VALIDATION_SHARE * len(mine))]] = True
    return Split(
        name=split.name, train=split.train[~chosen], validate=split.train[chosen], test=split.test, shared=True
    )


def _whole(text: str, scheme: str, default: int) -> int:
    if text and not (text.isdigit() and int(text) >= 2):
        raise AuricleError(f"{scheme}:{text} is no number of folds; write for example {scheme}:{default}")
    return int(text or default)


def _natural(text: str) -> tuple[int, str]:
    """Numbers in their order, then words."""
    return (int(text), "") if text.isdigit() else (10**9, text)


def _first(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} others" if len(names) > 5 else "")
