"""One window through which a network hears coalitions: mixing, batching, remembering.

Sounds are mixed as late as linearity allows: on the STFT where everything before the features is linear, else in
samples; parts are added in place to one buffer. `Multiplexer` takes over where the network is local in time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from threading import RLock

import numpy as np
import torch
from torch import Tensor

from auricle.classifier import Classifier
from auricle.components.base import Block, Components, mix_into
from auricle.errors import AuricleError
from auricle.frontends import Spectrogram
from auricle.memory import out_of_memory
from auricle.methods.coalitions.absent import Absence
from auricle.methods.coalitions.multiplex import Multiplexer, NotLocal
from auricle.methods.coalitions.repeatable import is_repeatable
from auricle.methods.coalitions.watching import tell

AT_ONCE = {"cpu": 8, "cuda": 64}
SAMPLES_AT_ONCE = {"cpu": 2**16, "cuda": 2**24}
"""Rows of a batch, and their samples, while nothing is known of the machine: a processor likes what its cache holds."""
SIZES = (1, 4, 16, 64)
"""Batch sizes that are tried when many rows are to come."""
MANY = 512
"""Rows from which on it pays to try them."""
MOST_SAMPLES = {"cpu": 2**21, "cuda": 2**26}
"""Samples of one batch, at most: with a deep network this stays within 2 GB on a processor."""
MOST_LAYERS = 32
"""Parts that may overlap on average for mixing on the STFT to be cheaper than in samples."""
MOST_STFT = 2**28
"""Numbers that the parts' STFTs may hold in all."""
FEW = 64
"""Fewer rows than this are not worth multiplexing."""


class Ear:
    """What a network says to coalitions, through one of the windows in which it hears a clip.

    origins: where the window begins in the clip, in samples (negative where silence is padded), as seen from each copy
    of the clip that it holds; wanted: its length.
    forwards: rows that went through the network, or its trunk. notes: what could not be done, in sentences.
    """

    def __init__(
        self,
        classifier: Classifier,
        components: Components,
        absence: Absence,
        origins: tuple[int, ...],
        wanted: int,
    ) -> None:
        self.classifier = classifier
        self.wanted = wanted
        like = torch.empty(0, dtype=classifier.dtype, device=classifier.device)
        self.blocks, self.heard = _within(components.differences(absence.sound), origins, wanted, like)
        self.disjoint = components.disjoint
        base = absence.sound if components.disjoint else components.samples
        self.base = _window(base, origins, wanted).to(like)
        self.whole = _window(components.samples, origins, wanted).to(like)
        self.nothing = _window(absence.sound, origins, wanted).to(like)
        self.forwards = 0
        self.seconds_per_row: float | None = None
        self.notes: list[str] = []
        self.probes = 0
        self._lock = RLock()
        self._places: dict[bytes, int] = {}
        self._logits = torch.empty(0, len(classifier.labels), dtype=torch.float64)
        self._mix: Callable[[Tensor], Tensor] | None = None
        self._multiplexer: Multiplexer | None = None

    def __call__(self, coalitions: Tensor) -> Tensor:
        """Bool ``[N, K]`` to logits ``[N, C]`` (float64, on the processor); nothing is heard twice."""
        mine = coalitions[:, self.heard].cpu().numpy()
        keys = [row.tobytes() for row in np.packbits(mine, axis=1)]
        with self._lock:
            unknown = {key: row for row, key in enumerate(keys) if key not in self._places}
            if unknown:
                new = torch.as_tensor(mine[list(unknown.values())])
                logits = self._hear(new).double().cpu()
                self._places |= {key: len(self._logits) + i for i, key in enumerate(unknown)}
                self._logits = torch.cat([self._logits, logits])
            return self._logits[[self._places[key] for key in keys]]

    @property
    def numbers(self) -> int:
        """How many numbers the parts hold."""
        return sum(each.values.numel() for each in self.blocks)

    def missing(self, coalitions: Tensor) -> int:
        """How many of them have not been heard yet."""
        mine = np.packbits(coalitions[:, self.heard].cpu().numpy(), axis=1)
        return len({row.tobytes() for row in mine} - set(self._places))

    # --- sounds ---------------------------------------------------------------------------------------------

    def samples(self, coalitions: Tensor) -> Tensor:
        """The sounds of coalitions ``[N, K']`` of the components heard here: ``[N, wanted]``."""
        buffer = self.base.repeat(len(coalitions), 1)
        mix_into(buffer, self._gains(coalitions), self.blocks)
        return self._exact_at_the_ends(buffer, coalitions, self.whole, self.nothing)

    def _exact_at_the_ends(self, mixed: Tensor, coalitions: Tensor, whole: Tensor, nothing: Tensor) -> Tensor:
        """All present is the recording itself, without the rounding of its parts, and all absent the baseline.

        Windows that overlap have no other way to be absent together.
        """
        mixed[coalitions.all(1).to(mixed.device)] = whole
        mixed[~coalitions.any(1).to(mixed.device)] = nothing
        return mixed

    def _gains(self, coalitions: Tensor) -> Tensor:
        gains = coalitions.to(self.base)
        return gains if self.disjoint else gains - 1.0

    def _features(self, coalitions: Tensor) -> Tensor:
        if self._mix is None:
            return self.classifier.frontend(self.samples(coalitions))
        return self._mix(coalitions)

    def _on_stft(self) -> Callable[[Tensor], Tensor] | None:
        """Mixing on the STFT, if the road up to there is linear and the parts are few enough; else None."""
        front = self.classifier.frontend
        if not isinstance(front, Spectrogram) or front.normalisation != "none":
            return None
        layers = sum(each.values.numel() for each in self.blocks) / self.wanted
        whole = front.stft(self.whole[None])
        if layers > MOST_LAYERS or layers * whole.numel() * 2 > MOST_STFT:
            return None
        blocks = [_block_on_stft(each, front, self.wanted) for each in self.blocks]
        base = torch.view_as_real(front.stft(self.base[None])).movedim(-1, 1).contiguous()
        original = torch.view_as_real(whole).movedim(-1, 1)
        nothing = torch.view_as_real(front.stft(self.nothing[None])).movedim(-1, 1)

        def mix(rows: Tensor) -> Tensor:
            buffer = base.repeat(len(rows), 1, 1, 1)
            mix_into(buffer, self._gains(rows), blocks)
            buffer = self._exact_at_the_ends(buffer, rows, original, nothing)
            return front.features(torch.complex(buffer[:, 0], buffer[:, 1]), length=self.wanted)

        return mix

    # --- answers --------------------------------------------------------------------------------------------

    def _hear(self, rows: Tensor) -> Tensor:
        with torch.inference_mode(), self.classifier.inference():
            if len(rows) >= FEW and not is_repeatable() and (logits := self._multiplexed(rows)) is not None:
                return logits
            try:
                return self._directly(rows)
            finally:
                self._mix = None  # quickly made again, and large

    def _multiplexed(self, rows: Tensor) -> Tensor | None:
        removed = (~rows).sum(1)
        single = bool((removed == 1).all())
        if not (single or self.disjoint):
            return None
        if not self.classifier.differentiable:
            self._note(f"{self.classifier.opaque}, so nothing inside it can be shared between coalitions")
            return None
        if self._multiplexer is None:
            self._multiplexer = Multiplexer(self.classifier, self.wanted, self._supports(), at_once=self._usual)
        before = self._multiplexer.forwards + self._multiplexer.checks
        probes = self._multiplexer.probes
        try:
            if single:
                logits = self._multiplexer.removals((~rows).int().argmax(1).tolist(), self.samples)
            else:
                if self._multiplexer.plan(len(rows)) is None:
                    self._note(self._multiplexer.reason)
                    return None
                logits = self._multiplexer.coalitions(rows, self.samples)
        except NotLocal as reason:
            self._note(str(reason))
            return None
        finally:
            self.probes += self._multiplexer.probes - probes
        self.forwards += self._multiplexer.forwards + self._multiplexer.checks - before
        return logits

    def _supports(self) -> list[tuple[int, int]]:
        found: dict[int, tuple[int, int]] = {}
        for block in self.blocks:
            for k in block.which:
                start, stop = found.get(k, (block.start, block.stop))
                found[k] = (min(start, block.start), max(stop, block.stop))
        return [found[k] for k in range(len(self.heard))]

    def _note(self, text: str) -> None:
        if text and text not in self.notes:
            self.notes.append(text)

    def _directly(self, rows: Tensor) -> Tensor:
        most = max(MOST_SAMPLES[self._machine] // self.wanted, 1)
        if self._mix is None and len(rows) > 2 * len(self.blocks):  # each block takes one STFT itself
            self._mix = self._on_stft() or (lambda rows: self.classifier.frontend(self.samples(rows)))
        size = min(self._size(rows, most), most)
        answers: list[Tensor] = []
        done = 0
        if self.seconds_per_row is not None:
            tell(0, len(rows), len(rows) * self.seconds_per_row)
        while done < len(rows):
            begun = time.perf_counter()
            try:
                answers.append(self._batch(rows[done : done + size]))
            except RuntimeError as error:
                if size == 1 or not out_of_memory(error):
                    raise
                size = max(size // 2, 1)
                if self.classifier.device.type == "cuda":
                    torch.cuda.empty_cache()
                continue
            count = len(answers[-1])
            done += count
            self.forwards += count
            self.seconds_per_row = (time.perf_counter() - begun) / count
            tell(done, len(rows), (len(rows) - done) * self.seconds_per_row)
        return torch.cat(answers)

    def _batch(self, rows: Tensor) -> Tensor:
        features = self._features(rows)
        try:
            return self.classifier.logits_from_features(features)
        except AuricleError as error:
            raise AuricleError(f"{error} (it was hearing the clip with parts removed)") from error

    @property
    def _machine(self) -> str:
        return "cpu" if self.classifier.device.type == "cpu" else "cuda"

    @property
    def _usual(self) -> int:
        return max(min(AT_ONCE[self._machine], SAMPLES_AT_ONCE[self._machine] // self.wanted), 1)

    def _size(self, rows: Tensor, most: int) -> int:
        """The batch size with the least time a row, found on the first rows when many are to come.

        Their answers are not kept, so that all rows of a call are heard in one way: rounding may depend on the batch.
        """
        known: dict[tuple[str, int], int] = self.classifier.remembered.setdefault("batch sizes", {})
        place = (self.classifier.device.type, self.wanted)
        if is_repeatable():
            return self._usual
        if place in known or len(rows) < MANY:
            return known.get(place, self._usual)
        best, least = self._usual, float("inf")
        for size in (each for each in SIZES if each <= min(most, len(rows) // 4)):
            if self.classifier.device.type == "cuda":
                torch.cuda.synchronize()
            begun = time.perf_counter()
            try:
                self._batch(rows[:size]).cpu()
            except RuntimeError as error:
                if not out_of_memory(error):
                    raise
                break
            taken = (time.perf_counter() - begun) / size
            self.probes += size
            if taken > 1.05 * least:
                break
            best, least = (size, taken) if taken < least else (best, least)
        known[place] = best
        return best


def _window(sound: Tensor, origins: Sequence[int], wanted: int) -> Tensor:
    """The samples that a window hears of a sound; beyond its ends, silence."""
    found = sound.new_zeros(wanted)
    for start in origins:
        first, last = max(start, 0), min(start + wanted, len(sound))
        if last > first:
            found[first - start : last - start] = sound[first:last]
    return found


def _within(
    blocks: Sequence[Block], origins: Sequence[int], wanted: int, like: Tensor
) -> tuple[tuple[Block, ...], list[int]]:
    """Blocks in a window's own samples, and which components they are of; the others are not heard in it."""
    kept: list[Block] = []
    heard: dict[int, int] = {}
    for block in blocks:
        values: dict[tuple[int, int], Tensor] = {}  # copies of a clip share theirs
        for start in origins:
            first, last = max(block.start, start), min(block.stop, start + wanted)
            if last <= first:
                continue
            which = tuple(heard.setdefault(k, len(heard)) for k in block.which)
            place = (first - block.start, last - block.start)
            values[place] = values[place] if place in values else block.values[:, slice(*place)].to(like)
            kept.append(Block(which, first - start, values[place]))
    return tuple(kept), [*heard]


def _block_on_stft(block: Block, front: Spectrogram, wanted: int) -> Block:
    """The STFT of a block's parts, real and imaginary, where it is not zero: ``[len(which), 2, F, frames]``."""
    sound = block.values.new_zeros(len(block.which), wanted)
    sound[:, block.start : block.stop] = block.values
    spectrum = torch.view_as_real(front.stft(sound)).movedim(-1, 1)
    frames = torch.nonzero(spectrum.abs().amax((0, 1, 2)) > 0).flatten()
    first, last = (int(frames[0]), int(frames[-1]) + 1) if len(frames) else (0, 1)
    return Block(block.which, first, spectrum[..., first:last].contiguous())
