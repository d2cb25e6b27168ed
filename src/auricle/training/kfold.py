"""All folds of one or several recipes: one folder each, in parallel processes, taken up again where they stopped."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.managers import SyncManager
from pathlib import Path

import pyarrow as pa
import torch

from auricle.datasets import Split
from auricle.errors import AuricleError
from auricle.evaluation.predictions import read_predictions
from auricle.evaluation.write import write_folds
from auricle.training.outcome import Order, Subject, train_folder
from auricle.training.state import read_state
from auricle.training.train import STATE, features_of, identity, untrained

Told = Callable[[str, str, int, int], None]
"""Told about a fold: ``recipe, fold``, what is done, how far it is, of how many steps."""


def folder_of(split: Split) -> str:
    """The folder of a fold's model: its name, without what a file system might mind.

    >>> import numpy as np
    >>> none = np.zeros(0, int)
    >>> folder_of(Split(name="without theo", train=none, validate=none, test=none))
    'without-theo'
    """
    return re.sub(r"[^\w.\-]+", "-", split.name).strip("-") or "fold"


def folders_of(splits: Sequence[Split]) -> list[str]:
    """A folder for each fold, numbered where several would share one."""
    names: list[str] = []
    taken: set[str] = set()
    for split in splits:
        plain_name = name = folder_of(split)
        number = 2
        while name.lower() in taken:  # some file systems tell no capitals
            name, number = f"{plain_name}-{number}", number + 1
        taken.add(name.lower())
        names.append(name)
    return names


def kfold(
    orders: Sequence[Order],
    out: Path,
    *,
    workers: int | None = None,
    told: Told = lambda fold, what, done, of: None,
) -> Mapping[str, Mapping[str, pa.Table]]:
    """Train and evaluate every fold of every order; the predictions of each recipe's folds.

    ``workers`` processes train at the same time, by default as many as there are cores (one, on a GPU), each with its
    share of the threads. Folds that are finished are not trained again. A fold that fails ends none of the others; the
    error that comes at the end names it. A process that is killed ends this run, and the next goes on.
    """
    if workers is not None and workers < 1:
        raise AuricleError(f"{workers} workers cannot train anything; give at least 1, or leave --workers out")
    names = [order.recipe.name for order in orders]
    if len(set(names)) < len(names):
        raise AuricleError(f"{', '.join(names)} names a recipe twice; give each once")
    jobs: list[tuple[Order, Split, Path]] = []
    for order in orders:
        found = order.subjects()
        dataset = found[0].dataset
        # Features are made once, here, and not by several folds at the same time.
        features_of(
            order.recipe,
            untrained(order.recipe, dataset, seed=order.seed),
            dataset,
            watch=lambda what, done, of, name=order.recipe.name: told(name, what, done, of),  # type: ignore[misc]
        )
        parts = [each.split for each in found]
        homes = folders_of(parts)
        jobs += [(order, split, out / order.recipe.name / home) for split, home in zip(parts, homes, strict=True)]
    count = min(workers or _workers(orders[0].device, len(jobs)), len(jobs))
    failed = _train_all(jobs, count, told)
    tables: dict[str, dict[str, pa.Table]] = {}
    for order in orders:
        mine = [(split, folder) for other, split, folder in jobs if other is order and str(folder) not in failed]
        tables[order.recipe.name] = {split.name: read_predictions(folder) for split, folder in mine}
        if mine:
            write_folds(out / order.recipe.name, tables[order.recipe.name])
    if failed:
        first, why = next(iter(failed.items()))
        raise AuricleError(f"{len(failed)} of {len(jobs)} folds failed; {Path(first).name}: {why}")
    return tables


def _workers(device: str, jobs: int) -> int:
    on_gpu = device != "cpu" and torch.cuda.is_available()
    return 1 if on_gpu else max(min(os.cpu_count() or 1, jobs), 1)


def _train_all(jobs: Sequence[tuple[Order, Split, Path]], workers: int, told: Told) -> dict[str, str]:
    """Train what is not finished; the folders that failed with the reason."""
    failed: dict[str, str] = {}
    broken = False
    threads = max(torch.get_num_threads() // workers, 1)
    context = multiprocessing.get_context("spawn")
    manager = SyncManager(ctx=context)
    with _deaf_children():
        manager.start(_end_with_parent)
    with manager, ProcessPoolExecutor(workers, mp_context=context, initializer=_end_with_parent) as pool:
        said = manager.Queue()
        try:
            with _deaf_children():
                pending = {
                    pool.submit(_one, order, split.name, folder, threads, said): folder for order, split, folder in jobs
                }
            while pending:
                done, _ = wait(pending, timeout=0.5, return_when=FIRST_COMPLETED)
                while not said.empty():
                    told(*said.get())
                for future in done:
                    folder = pending.pop(future)
                    if (error := future.exception()) is not None:
                        failed[str(folder)] = _why(error)
                        broken = broken or isinstance(error, BrokenProcessPool)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            _kill()
            raise
        if broken:  # the pool asks the others to end and waits for them
            _kill()
    return failed


def _kill() -> None:
    """End what this process started: files are whole at every moment, and Lightning does not heed a termination."""
    for process in multiprocessing.active_children():
        process.kill()


def _why(error: BaseException) -> str:
    if isinstance(error, BrokenProcessPool):
        return (
            "a process was killed, perhaps because memory ran out, and the others ended with it; the same command goes "
            "on from the last whole epochs, and --workers 1 takes the least memory"
        )
    return " ".join(str(error).split()) or type(error).__name__


@contextmanager
def _deaf_children() -> Iterator[None]:
    """Processes started meanwhile do not hear Ctrl-C, which is the parent's to handle."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _end_with_parent() -> None:
    """In a process of the pool: without the parent nothing goes on."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)  # what is written is whole; two runs must never write to one folder

    threading.Thread(target=watch, daemon=True).start()


def _one(order: Order, split: str, folder: Path, threads: int, said) -> None:  # type: ignore[no-untyped-def]
    """One fold, in a process of its own."""
    name = f"{order.recipe.name}, {split}"
    mine = next(each for each in order.subjects() if each.split.name == split)
    if not finished(order, mine, folder):
        torch.set_num_threads(threads)
        train_folder(order, mine, folder, watch=lambda what, done, of: said.put((name, what, done, of)))
    said.put((name, "done", 1, 1))


def finished(order: Order, subject: Subject, folder: Path) -> bool:
    """Whether a fold has been trained and evaluated to the end: its card is what is written last.

    Raises `AuricleError` if the folder holds another training.
    """
    recipe, dataset, split = order.recipe, subject.dataset, subject.split
    if not (folder / STATE).exists():
        return False
    _, stored = features_of(recipe, untrained(recipe, dataset, seed=order.seed), dataset, split)
    read_state(folder / STATE, identity(recipe, dataset, split, order.seed, stored))
    try:
        return bool(json.loads((folder / "card.json").read_text()))
    except (OSError, ValueError):
        return False
