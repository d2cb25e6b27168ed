"""The same clips, explained again after every epoch: pictures, sounds and figures under tags that stay the same."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any

from auricle.callbacks.choices import methods_of, targets_of
from auricle.callbacks.samples import Given, Sample, samples_of
from auricle.callbacks.scalars import faithfulness_of
from auricle.callbacks.sinks import Sink, sinks_of
from auricle.callbacks.undisturbed import undisturbed
from auricle.callbacks.watched import Shown, Watched, means_of, measure
from auricle.classifier import Classifier
from auricle.errors import AuricleError, told
from auricle.explanation import Explanation
from auricle.methods import Method
from auricle.methods.coalitions.method import CoalitionMethod
from auricle.road import explain_batch

if TYPE_CHECKING:
    from auricle.datasets import Dataset

LOG = logging.getLogger("auricle")
TOGETHER = 10
"""Clips that are explained in one pass."""
SECONDS, LEFT_OUT = "explaining/seconds", "explaining/left-out"


class ExplainLogger:
    """Explains ``samples`` by ``methods`` whenever ``step`` is called, and writes what comes out ``to`` its place.

    >>> logger = ExplainLogger(classifier, clips, methods=["lrp"], to="runs/explained")  # doctest: +SKIP
    >>> for epoch in range(10):  # doctest: +SKIP
    ...     train_one_epoch(network)
    ...     logger.step(epoch)

    classifier: around the very network that is trained. samples: clips, files, (clip, label), `Sample`, or a data set,
    of which the first ``n_per_class`` (1) of each class are taken. methods: names or methods with settings. layers:
    layers whose activations are shown, too, by module name: the mean, and the channels side by side (64 at most).
    targets: ``predicted``, ``true`` (each clip's label), a label, or one target per clip. to: a folder of TensorBoard
    logs, a ``SummaryWriter``, a run of Weights & Biases, `Files`, or several of these.

    Tags: images ``METHOD/CLIP``; with ``log_audio`` sounds ``clip/CLIP`` (once), ``METHOD/CLIP/kept`` and ``removed``;
    with ``log_scalars`` ``FF/METHOD`` and what else `callbacks.scalars` measures, and ``explaining/seconds``. After
    ``max_seconds`` an epoch's explaining ends with the clips at hand, which are up to ten; ``explaining/left-out`` says
    how many were left out, and a warning in the log says so once.

    Wrong settings raise `AuricleError` here. An explanation that fails in training never ends it: it is logged as a
    warning, each reason once. Training goes on with the same bits as without.
    """

    def __init__(
        self,
        classifier: Classifier,
        samples: Dataset | Sequence[Given],
        *,
        to: Any,
        n_per_class: int | None = None,
        methods: Sequence[str | Method] = ("lrp",),
        layers: Sequence[str] = (),
        targets: str | Sequence[str] = "predicted",
        every_n_epochs: int = 1,
        log_audio: bool = True,
        log_scalars: bool = True,
        max_seconds: float = 30.0,
        seed: int = 0,
    ) -> None:
        for setting, count in {"every_n_epochs": every_n_epochs, "n_per_class": n_per_class}.items():
            if count is not None and (not isinstance(count, Integral) or count < 1):
                raise AuricleError(f"{setting}={count!r} counts nothing; give a whole number of at least 1")
        if not max_seconds > 0:
            raise AuricleError(f"{max_seconds} s are no time to explain in; give max_seconds above 0")
        if seed < 0:
            raise AuricleError(f"{seed} is no seed; give seed of at least 0")
        self.classifier, self.seed = classifier, seed
        self.every_n_epochs, self.max_seconds = every_n_epochs, max_seconds
        self.log_audio, self.log_scalars = log_audio, log_scalars
        self.samples = samples_of(samples, n_per_class=n_per_class, labels=classifier.labels)
        self.methods = methods_of(methods, layers, classifier)
        self.targets = targets_of(targets, self.samples, classifier)
        for each in self.samples:
            classifier.windows(each.clip)  # says what cannot be heard
        self.sinks: list[Sink] = sinks_of(to)
        self._watched = [
            [Watched(sample, name, method) for name, method in self.methods.items()] for sample in self.samples
        ]
        self._said: set[str] = set()
        self._heard: set[str] = set()
        with undisturbed(classifier.network):
            self._try_out()
        self.spent = 0.0
        """Seconds that all steps have taken so far."""
        self._begun = time.perf_counter()

    @property
    def overhead(self) -> str:
        """How much of the time since the beginning went into explaining, in words."""
        return overhead(self.spent, time.perf_counter() - self._begun)

    def step(self, epoch: int) -> None:
        """Explain, unless it is not this epoch's turn (of ``every_n_epochs``, counted from 0)."""
        if epoch % self.every_n_epochs:
            return
        begun = time.perf_counter()
        with undisturbed(self.classifier.network):
            self._explain_all(epoch, begun)
        self.spent += time.perf_counter() - begun

    def close(self) -> None:
        """Close what was opened here; a writer that was given stays open."""
        for sink in self.sinks:
            sink.close()

    def _try_out(self) -> None:
        """Explain one clip by each method, so that what cannot work is told before training begins."""
        for watched in self._watched[0]:
            explanation = self._explanation(watched, self.targets[0])
            watched.pictures(explanation)
            if watched.audible and self.log_scalars:
                faithfulness_of([(explanation, explanation.sounds())], seed=self.seed)

    # --- one epoch ------------------------------------------------------------------------------------------

    def _explain_all(self, epoch: int, begun: float) -> None:
        done = 0
        ahead: dict[tuple[int, str], Explanation] = {}
        shown: list[Shown] = []
        for number, (target, row) in enumerate(zip(self.targets, self._watched, strict=True)):
            if done and time.perf_counter() - begun > self.max_seconds:
                self._warn(
                    f"explaining takes longer than {self.max_seconds:g} s an epoch, so {len(self.samples) - done} of "
                    f"{len(self.samples)} clips are left out; take fewer clips or methods, or raise max_seconds"
                )
                break
            for each in row:
                try:
                    if number % TOGETHER == 0:
                        ahead |= self._together(number, each.name)
                    found = ahead.pop((number, each.name), None) or self._explanation(each, target)
                    shown += self._show(each, found, epoch)
                except Exception as error:
                    each.figures = {}
                    self._warn(_failed(each, error))
            done += 1
            if done % TOGETHER == 0:
                self._measure(shown)
                shown = []
        self._measure(shown)
        try:
            if self.log_scalars:
                self._log_scalars(done, epoch, begun)
            for sink in self.sinks:
                sink.flush()
        except Exception as error:
            self._warn(f"what was explained could not be written: {told(error)}")
        for each in (each for row in self._watched for each in row):
            each.figures = {}

    def _together(self, first: int, name: str) -> dict[tuple[int, str], Explanation]:
        """The next clips by one method in one pass; nothing if that fails, or if the method takes clip by clip."""
        method, part = self.methods[name], slice(first, first + TOGETHER)
        if isinstance(method, CoalitionMethod):
            return {}
        clips = [each.clip for each in self.samples[part]]
        try:
            found = explain_batch(clips, self.classifier, method, self.targets[part], seed=self.seed)
        except Exception:  # each clip by itself says what is wrong with it
            return {}
        return {(first + place, name): each for place, each in enumerate(found)}

    def _explanation(self, watched: Watched, target: str) -> Explanation:
        return explain_batch([watched.sample.clip], self.classifier, watched.method, target, seed=self.seed)[0]

    def _show(self, watched: Watched, explanation: Explanation, epoch: int) -> list[Shown]:
        """Write pictures and sounds; returns what is to be measured."""
        pictures = watched.pictures(explanation)
        for sink in self.sinks:
            for tag, picture in pictures.items():
                sink.image(tag, picture, epoch)
        if not watched.audible or not (self.log_audio or self.log_scalars):
            return []
        sounds = explanation.sounds()
        if self.log_audio:
            self._log_original(watched.sample, epoch)
            for sink in self.sinks:
                sink.sound(f"{watched.tag}/kept", sounds.kept, epoch)
                sink.sound(f"{watched.tag}/removed", sounds.removed, epoch)
        if not self.log_scalars:
            return []
        watched.compare(explanation)
        return [Shown(watched, explanation, sounds)]

    def _measure(self, shown: Sequence[Shown]) -> None:
        try:
            measure(shown, seed=self.seed)
        except Exception:  # each by itself says what is wrong with it
            for each in shown:
                try:
                    measure([each], seed=self.seed)
                except Exception as error:
                    self._warn(_failed(each.watched, error))

    def _log_original(self, sample: Sample, epoch: int) -> None:
        if sample.clip.name in self._heard:
            return
        self._heard.add(sample.clip.name)
        for sink in self.sinks:
            sink.sound(f"clip/{sample.clip.name}", sample.clip, epoch)

    def _log_scalars(self, done: int, epoch: int, begun: float) -> None:
        figures = means_of(each for row in self._watched for each in row)
        figures[SECONDS] = time.perf_counter() - begun
        if done < len(self.samples):
            figures[LEFT_OUT] = float(len(self.samples) - done)
        for sink in self.sinks:
            for tag, value in figures.items():
                sink.scalar(tag, value, epoch)

    def _warn(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            LOG.warning("%s", text)


def overhead(spent: float, elapsed: float) -> str:
    """How long explanations took beside the training itself.

    >>> overhead(3.1, 63.1)
    'explanations took 3.1 s beside 60.0 s of training, 5.2 %'
    """
    training = max(elapsed - spent, 1e-9)
    return f"explanations took {spent:.1f} s beside {training:.1f} s of training, {100 * spent / training:.1f} %"


def _failed(watched: Watched, error: Exception) -> str:
    return f"{watched.name} could not explain {watched.sample.clip.name}: {told(error)}"
