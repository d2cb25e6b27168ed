"""A Keras model as a torch network: Keras says which layer follows which, torch's modules do what the layers do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from auricle.adapters.arranging import Arrangement
from auricle.adapters.ending import Reading
from auricle.adapters.keras.layers import twin_of
from auricle.adapters.keras.twins import Call, Twin


class KerasNetwork(nn.Module):
    """A Keras model whose layers are torch modules, named as in Keras; ``without`` is left out at the end.

    A copy (``copy.deepcopy``) has weights of its own and shares only the model's plan.
    """

    def __init__(self, model: Any, arrangement: Arrangement, reading: Reading, *, without: Any) -> None:
        super().__init__()
        self.arrangement = arrangement
        self.reading = reading
        self.plan = _Plan(model, without)
        for layer, path, twin in _layers(model, f"{model.name}/"):
            if twin is not None:
                self.add_module(path, twin[0])
                self.plan.twins.append((layer, path, twin[1]))
            elif own := [*layer._trainable_variables, *layer._non_trainable_variables]:
                kept = nn.ParameterDict()
                for each in own:  # in this order, which a dict given at once would not keep
                    kept[each.name] = each.value
                self.add_module(path, kept)
                self.plan.kept.append((path, own))
        self.eval()

    def forward(self, features: Tensor) -> Tensor:
        with self.plan.carried_out_by(self, features.device):
            y = self.plan.model(self.arrangement(features), training=False)
        return self.reading.scores(y)


class _Plan:
    """The order in which a Keras model calls its layers, and which torch module each of them is."""

    def __init__(self, model: Any, without: Any) -> None:
        self.model = model
        self.without = without
        self.twins: list[tuple[Any, str, Any]] = []
        self.kept: list[tuple[str, list[Any]]] = []

    def __deepcopy__(self, memo: Any) -> _Plan:
        return self

    @contextmanager
    def carried_out_by(self, network: nn.Module, device: torch.device) -> Iterator[None]:
        """Within, the model's layers call the network's modules; afterwards they are as they were."""
        import keras

        with ExitStack() as stack:
            stack.enter_context(keras.device(str(device)))
            stack.enter_context(_Values(keras.Variable))
            for layer, path, call in self.twins:
                self._replace(stack, layer, call(layer, network.get_submodule(path)))
            for path, variables in self.kept:
                values = network.get_submodule(path).parameters(recurse=False)
                for variable, value in zip(variables, values, strict=True):
                    stack.callback(setattr, variable, "_value", variable._value)
                    variable._value = value
            if self.without is not None:
                self._leave_out(stack, network)
            yield

    def _replace(self, stack: ExitStack, layer: Any, call: Call) -> None:
        stack.callback(layer.__dict__.pop, "call", None)
        layer.__dict__["call"] = call

    def _leave_out(self, stack: ExitStack, network: nn.Module) -> None:
        """The last activation."""
        if type(self.without).__name__ in ("Activation", "Softmax"):
            self._replace(stack, self.without, lambda inputs, *_, **__: inputs)
            return
        stack.callback(self.without.__dict__.__setitem__, "activation", self.without.activation)
        self.without.__dict__["activation"] = lambda x: x


class _Values(TorchFunctionMode):
    """Torch functions get a Keras variable's value, so that all who look at what is called know its kind."""

    def __init__(self, variable: Any) -> None:
        super().__init__()
        self.variable = variable

    def __torch_function__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        args = tuple(each.value if isinstance(each, self.variable) else each for each in args)
        return func(*args, **(kwargs or {}))


def _layers(parent: Any, root: str, above: str = "") -> Iterator[tuple[Any, str, Twin | None]]:
    """All layers with names and twins, in the order in which they were made; what has a twin is not looked into."""
    for layer in parent._layers:
        path = (layer.path or layer.name).removeprefix(root)
        if above and not path.startswith(above):
            path = f"{above}/{layer.name}"
        path = path.replace(".", "_")
        twin = twin_of(layer)
        yield layer, path, twin
        if twin is None:
            yield from _layers(layer, root, path)
