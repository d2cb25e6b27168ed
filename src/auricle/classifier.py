"""What is explained: a network with its front-end, labels, sample rate and clip-length policy."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from auricle import frontends
from auricle.adapters.outputs import Outputs, check_outputs, logits_of
from auricle.clip import Clip
from auricle.errors import AuricleError, nearest
from auricle.frontends import Frontend
from auricle.length import Length, Windows

Level = Literal["features", "stft", "waveform"]
SHORTEST_SECONDS = 0.01
TOO_SHORT = ("Output size is too small", "Kernel size can't be greater than actual input size")
"""What PyTorch says of an input that is smaller than a pooling's or convolution's window."""


@dataclass(frozen=True, eq=False)
class Prediction:
    """Probabilities of all classes for one clip (or window), ``[C]``.

    Of a classifier whose outputs are values, ``probabilities`` are these values, and ``label`` names the largest.
    """

    labels: tuple[str, ...]
    logits: np.ndarray
    probabilities: np.ndarray

    @property
    def index(self) -> int:
        return int(self.logits.argmax())

    @property
    def label(self) -> str:
        return self.labels[self.index]

    @property
    def probability(self) -> float:
        return float(self.probabilities[self.index])

    def ranked(self) -> list[tuple[str, float]]:
        """Labels with their probabilities, most probable first."""
        order = np.argsort(-self.logits, kind="stable")
        return [(self.labels[i], float(self.probabilities[i])) for i in order]


class Classifier:
    """A trained network made uniform: samples ``[B, n]`` at ``sample_rate`` in, logits ``[B, C]`` out.

    ``network`` is any ``torch.nn.Module`` that maps the front-end's output to logits; it is never changed.
    ``sample_rate`` may be given here or in the front-end.
    ``multi_label`` says that its logits are independent (sigmoid instead of softmax). ``outputs`` says what the network
    returns: ``logits``, ``probabilities``, or ``values`` that are no classes (a regression, concept scores). Device and
    dtype follow the network.

    >>> network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(8000, 2))
    >>> labels, front = ["no", "yes"], frontends.Waveform()
    >>> classifier = Classifier(network, frontend=front, labels=labels, sample_rate=8000, length=Length(seconds=1.0))
    >>> tuple(classifier.logits(torch.zeros(3, 8000)).shape)
    (3, 2)
    """

    def __init__(
        self,
        network: nn.Module,
        *,
        frontend: Frontend,
        labels: Sequence[str],
        sample_rate: int | None = None,
        length: Length | None = None,
        multi_label: bool = False,
        outputs: Outputs = "logits",
        name: str = "model",
    ) -> None:
        if not frontend.sample_rate:
            if not sample_rate:
                raise AuricleError("a classifier needs the sample rate that its network hears, say sample_rate=16000")
            frontend = replace(frontend, sample_rate=sample_rate)  # type: ignore[type-var]
        if sample_rate is not None and sample_rate != frontend.sample_rate:
            raise AuricleError(
                f"the classifier is said to hear {sample_rate} Hz but its front-end {frontend.sample_rate} Hz; "
                "give both the same sample rate"
            )
        if len(set(labels)) != len(labels) or not labels:
            raise AuricleError("a classifier needs labels, each a different word, one per output of its network")
        check_outputs(outputs, multi_label=multi_label)
        self.network = network
        self.frontend = frontend
        self.labels = tuple(str(label) for label in labels)
        self.length = length or Length()
        self.multi_label = multi_label
        self.outputs = outputs
        self.name = name
        self.remembered: dict[str, Any] = {}
        """What has been found out about it, by those who found it; gone when it is."""

    @property
    def sample_rate(self) -> int:
        return self.frontend.sample_rate

    @property
    def differentiable(self) -> bool:
        """Whether the network has a gradient; a bare function has none."""
        return bool(getattr(self.network, "differentiable", True))

    @property
    def opaque(self) -> str:
        """How a sentence begins that says why nothing inside can be used; for networks that are not differentiable."""
        why = getattr(self.network, "why_not", None)
        return f"{self.name} cannot be looked into ({why})" if why else f"{self.name} is a function"

    @property
    def device(self) -> torch.device:
        return next((p.device for p in self.network.parameters()), torch.device("cpu"))

    @property
    def dtype(self) -> torch.dtype:
        kinds = (p.dtype for p in self.network.parameters() if p.is_floating_point())
        return next(kinds, torch.float32)

    # --- sound in -------------------------------------------------------------------------------------------

    def windows(self, clip: Clip, *, hop: int | None = None) -> Windows:
        """The clip as the network hears it, by the length policy.

        hop: the raster on which windows begin, in samples; by default the front-end's, so that maps can be joined.
        """
        if clip.seconds < SHORTEST_SECONDS:
            count = clip.samples.shape[1]
            raise AuricleError(
                f"{clip.name} is {count} sample{'s' if count > 1 else ''} long ({1000 * clip.seconds:.3g} ms); "
                f"give at least {1000 * SHORTEST_SECONDS:.0f} ms of sound"
            )
        if clip.peak == 0.0:
            raise AuricleError(
                f"{clip.name} is silent (every sample is 0), so there is nothing to explain; check the recording"
            )
        samples = torch.as_tensor(np.array(clip.mono(self.sample_rate)), dtype=self.dtype, device=self.device)
        return self.length.windows(samples, sample_rate=self.sample_rate, hop=hop or self.frontend.grid.hop)

    # --- logits out -----------------------------------------------------------------------------------------

    @contextmanager
    def inference(self) -> Iterator[None]:
        """The network in evaluation mode, uncompiled, recurrent layers differentiable; afterwards as before."""
        modules = list(self.network.modules())
        training = [module for module in modules if module.training]
        with ExitStack() as stack:
            if "torch._dynamo" in sys.modules:  # else nothing can be compiled, and importing it takes seconds
                stack.enter_context(torch.compiler.set_stance("force_eager"))
            if any(isinstance(module, nn.RNNBase) for module in modules):
                # cuDNN refuses to differentiate recurrent layers in evaluation mode
                stack.enter_context(torch.backends.cudnn.flags(enabled=False))
            try:
                for module in training:
                    module.training = False
                yield
            finally:
                for module in training:
                    module.training = True

    def logits(self, samples: Tensor) -> Tensor:
        """``[B, n] -> [B, C]``, without gradient."""
        with torch.inference_mode(), self.inference():
            return self.logits_from_features(self.frontend(samples.to(self.device, self.dtype)))

    def logits_from_features(self, features: Tensor) -> Tensor:
        """Network input to logits ``[B, C]``, with gradient; says what is wrong with a network that cannot."""
        try:
            output = self.network(features)
        except RuntimeError as error:
            if not any(said in str(error) for said in TOO_SHORT):
                raise
            raise AuricleError(
                f"this sound is shorter than what one position of a layer of {self.name} hears "
                f"({str(error).splitlines()[0]}); give a longer one, or let the model pad it by Length(seconds=…)"
            ) from error
        if isinstance(output, tuple):
            output = output[0]
        elif isinstance(output, dict) or hasattr(output, "logits"):
            output = output["logits"] if isinstance(output, dict) else output.logits
        expected = (features.shape[0], len(self.labels))
        if not isinstance(output, Tensor) or tuple(output.shape) != expected:
            got = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
            raise AuricleError(
                f"{self.name} returned {got} for an input of shape {tuple(features.shape)}; it must return "
                f"{self.outputs} of shape {expected}: one row per clip, one column per label"
            )
        if not torch.isfinite(output).all():
            raise AuricleError(
                f"{self.name} returned {self.outputs} that are NaN or infinite; check its weights and the level of its "
                "input"
            )
        if self.outputs == "probabilities":
            return logits_of(output, multi_label=self.multi_label, name=self.name)
        return output

    def probabilities(self, logits: Tensor) -> Tensor:
        """What logits ``[..., C]`` mean: probabilities, or the values themselves where the outputs are values."""
        if self.outputs == "values":
            return logits
        return torch.sigmoid(logits) if self.multi_label else torch.softmax(logits, dim=-1)

    def prediction(self, logits: Tensor) -> Prediction:
        """The prediction of one clip from the logits of its windows ``[W, C]`` (their mean)."""
        mean = logits.detach().mean(0)
        return Prediction(
            self.labels, mean.double().cpu().numpy(), self.probabilities(mean).double().cpu().numpy()
        )

    def predict(self, clip: Clip) -> Prediction:
        """Which class the clip is, with the probability of every class."""
        return self.prediction(self.logits(self.windows(clip).samples))

    def recognises(self, prediction: Prediction, label: str) -> bool:
        """Whether a prediction says ``label``: as the most probable class, or with independent labels as present."""
        if self.multi_label:
            return bool(prediction.probabilities[self.target_index(label)] >= 0.5)
        return prediction.label == label

    # --- targets --------------------------------------------------------------------------------------------

    def target_index(self, label: str) -> int:
        if label in self.labels:
            return self.labels.index(label)
        raise AuricleError(f'{self.name} has no label "{label}"; {nearest(label, self.labels)}')

    def target_weights(self, target: str, logits: Tensor) -> Tensor:
        """What is explained, as weights over the logits: ``[B, C]`` for ``logits [B, C]``.

        ``predicted`` is each row's own most probable class, a label that class, ``A-B`` the logit of A minus
        that of B.
        """
        weights = torch.zeros_like(logits)
        if target == "predicted" and self.outputs == "values" and len(self.labels) > 1:
            raise AuricleError(
                f"{self.name} gives values, not classes, so none is predicted; name the target, one of: "
                f"{', '.join(self.labels)}"
            )
        if target == "predicted" and "predicted" not in self.labels:
            return weights.scatter_(1, logits.argmax(1, keepdim=True), 1.0)
        pair = self._contrast(target)
        if pair is None:
            weights[:, self.target_index(target)] = 1.0
        else:
            weights[:, pair[0]], weights[:, pair[1]] = 1.0, -1.0
        return weights

    def _contrast(self, target: str) -> tuple[int, int] | None:
        if target in self.labels:
            return None
        for cut in (i for i, letter in enumerate(target) if letter == "-"):
            left, right = target[:cut].strip(), target[cut + 1 :].strip()
            if left in self.labels and right in self.labels:
                if left == right:
                    raise AuricleError(f'the contrast "{target}" compares a label with itself; name two labels')
                return self.labels.index(left), self.labels.index(right)
        return None

    # --- saving ---------------------------------------------------------------------------------------------

    def save(self, folder: str | Path) -> Path:
        """Write ``model.safetensors`` and ``classifier.json``; nothing is pickled."""
        from safetensors.torch import save_file

        if not self.differentiable:
            raise AuricleError(f"{self.opaque}, so it has no weights to save; keep what it was opened from")
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        weights = {key: value.detach().cpu().contiguous() for key, value in self.network.state_dict().items()}
        save_file(weights, str(folder / "model.safetensors"))
        settings = {
            "format": 1,
            "name": self.name,
            "labels": list(self.labels),
            "multi_label": self.multi_label,
            "outputs": self.outputs,
            "length": asdict(self.length),
            "frontend": frontends.to_settings(self.frontend),
            "network": {
                "architecture": getattr(self.network, "architecture", None),
                "settings": getattr(self.network, "settings", {}),
            },
        }
        (folder / "classifier.json").write_text(json.dumps(settings, indent=2) + "\n")
        return folder


def read_classifier(folder: Path, network: nn.Module | None = None) -> Classifier:
    """The classifier that `Classifier.save` wrote to ``folder``; ``network`` is needed for your own architectures."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    from auricle.models import ARCHITECTURES

    for name in ("classifier.json", "model.safetensors"):
        if not (folder / name).exists():
            raise AuricleError(
                f"{folder} holds no {name}, so it is not a saved classifier; write one with classifier.save(folder). "
                "Checkpoints made with torch.save may run code when opened and are not read"
            )
    try:
        settings: dict[str, Any] = json.loads((folder / "classifier.json").read_text())
        described = settings["network"]
        frontend = frontends.from_settings(settings["frontend"])
        length, labels = Length(**settings["length"]), [str(label) for label in settings["labels"]]
        architecture, described = described["architecture"], described["settings"]
    except (ValueError, KeyError, TypeError, UnicodeDecodeError) as error:
        if isinstance(error, AuricleError):
            raise
        raise AuricleError(f"{folder / 'classifier.json'} is damaged ({error!r}); save the classifier again") from error
    if network is None:
        if architecture not in ARCHITECTURES:
            raise AuricleError(
                f"{folder} holds the weights of a network of your own; load it with "
                "auricle.load_classifier(folder, network=YourNetwork())"
            )
        network = ARCHITECTURES[architecture](**described)
    try:
        network.load_state_dict(load_file(str(folder / "model.safetensors")))
    except SafetensorError as error:
        raise AuricleError(
            f"{folder / 'model.safetensors'} is not a safetensors file ({error}); pickled checkpoints may run code "
            "when opened and are not read. Convert it in a place you trust with safetensors.torch.save_file"
        ) from error
    except RuntimeError as error:
        raise AuricleError(f"the weights in {folder} do not fit their network: {error}") from error
    network.eval()
    return Classifier(
        network,
        frontend=frontend,
        labels=labels,
        length=length,
        multi_label=bool(settings.get("multi_label", False)),
        outputs=settings.get("outputs", "logits"),
        name=str(settings.get("name", folder.name)),
    )
