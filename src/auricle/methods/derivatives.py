"""The rule engine: a forward pass in which some torch *functions* get another derivative.

`Derivatives` is a ``TorchFunctionMode``. While it is active every torch function that the network calls, as a module, a
function or an operator, passes through it. A function that has a handler returns its true value with the handler's
derivative attached; a function whose own derivative is right passes unchanged; any other through which gradient
flows keeps its own derivative and is counted in ``unruled``, so that the explanation can say so. One backward pass
then explains the whole batch. The network itself is never touched: parameters are seen as constants, in-place
functions are carried out out of place (later uses of the tensor see the new value).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

Handler = Callable[..., Any]
COMPILED = "_orig_mod."
"""What torch.compile puts before the names of a network's parts."""

# Functions that are linear in what carries relevance, or select from it: with input × gradient their own derivative
# hands on exactly what they received.
LINEAR = frozenset(
    """
    add sub neg positive sum mean mean_dim cumsum view reshape flatten unflatten permute transpose swapaxes
    swapdims movedim moveaxis t squeeze unsqueeze expand expand_as repeat repeat_interleave tile cat concat
    concatenate stack hstack vstack dstack split split_with_sizes tensor_split chunk unbind narrow select
    getitem setitem index_select gather take take_along_dim masked_select scatter scatter_add index_add
    index_put masked_fill where pad constant_pad_nd roll flip rot90 diagonal tril triu unfold fold as_strided
    clone contiguous to type type_as float double half bfloat16 cpu cuda identity view_as view_as_real
    view_as_complex real imag conj resolve_conj complex stft istft rfft irfft fft ifft relu leaky_relu prelu
    threshold max_pool1d max_pool2d max_pool3d max_pool1d_with_indices max_pool2d_with_indices
    max_pool3d_with_indices adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d avg_pool1d avg_pool2d
    avg_pool3d adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d amax amin max min maximum minimum
    clamp clamp_min clamp_max clip topk sort kthvalue dropout dropout1d dropout2d dropout3d feature_dropout
    alpha_dropout feature_alpha_dropout interpolate upsample upsample_nearest upsample_bilinear pixel_shuffle
    pixel_unshuffle channel_shuffle abs linear conv1d conv2d conv3d conv_transpose1d conv_transpose2d
    conv_transpose3d matmul mm bmm mv dot addmm baddbmm einsum tensordot outer ger inner lerp addcmul nan_to_num
    requires_grad_ get set __get__ __set__ retain_grad batch_norm detach item tolist size numel dim
    """.split()
)

_OPERATOR = re.compile(r"^__(i?)(r?)(add|sub|mul|matmul|truediv|div|pow|getitem|setitem|neg|pos|abs)__$")
_CANONICAL = {
    "truediv": "div",
    "true_divide": "div",
    "divide": "div",
    "multiply": "mul",
    "subtract": "sub",
    "rsub": "rsub",
    "absolute": "abs",
    "square": "square",
    "pos": "positive",
    "negative": "neg",
}


def canonical(func: Callable[..., Any]) -> tuple[str, bool, bool]:
    """A function's plain name, whether it works in place, and whether its operands are swapped.

    >>> canonical(torch.Tensor.__iadd__), canonical(torch.relu_), canonical(torch.Tensor.__rsub__)
    (('add', True, False), ('relu', True, False), ('sub', False, True))
    """
    name = getattr(func, "__name__", type(func).__name__)
    match = _OPERATOR.match(name)
    if match:
        plain = _CANONICAL.get(match[3], match[3])
        return plain, bool(match[1]) or plain == "setitem", bool(match[2])
    if name == "rsub":
        return "sub", False, True
    in_place = name.endswith("_") and not name.endswith("__") and name not in ("requires_grad_",)
    plain = name.rstrip("_") if in_place else name
    return _CANONICAL.get(plain, plain), in_place, False


def carries(value: Any) -> bool:
    """Whether relevance can flow through a value (a tensor, or a list of them)."""
    if isinstance(value, Tensor):
        return value.requires_grad
    return isinstance(value, list | tuple) and any(carries(each) for each in value)


class Derivatives(TorchFunctionMode):
    """Runs handlers by function name: ``handlers[name](mode, func, args, kwargs)``.

    ``own`` names the functions whose own derivative is right; None means all of them.
    """

    def __init__(
        self, handlers: Mapping[str, Handler], *, network: nn.Module | None = None, own: frozenset[str] | None = LINEAR
    ) -> None:
        super().__init__()
        self.handlers = handlers
        self.own = own
        self.unruled: Counter[str] = Counter()
        self.parameter_names: dict[int, str] = {}
        if network is not None:
            named = network.named_parameters(remove_duplicate=False)
            self.parameter_names = {id(p): name.replace(COMPILED, "") for name, p in named}
        self._replaced: dict[int, tuple[Tensor, Tensor]] = {}
        self._names: dict[int, tuple[Tensor, str]] = {}

    def __torch_function__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        if getattr(func, "__name__", "") == "__get__" and not carries(args):
            return func(*args, **(kwargs or {}))
        args = tuple(self._seen(each) for each in args)
        kwargs = {key: self._seen(each) for key, each in (kwargs or {}).items()}
        if not torch.is_grad_enabled() or not (carries(args) or carries(tuple(kwargs.values()))):
            return func(*args, **kwargs)
        name, in_place, swapped = canonical(func)
        if kwargs.get("inplace") is True:
            kwargs["inplace"], in_place = False, True
        if name == "setitem":
            changed = args[0].clone()
            changed[args[1]] = args[2]
            self._replace(args[0], changed)
            return None
        if in_place and (plain := getattr(torch.Tensor, name, None)) is not None:
            func = plain if not isinstance(kwargs.get("inplace"), bool) else func
        handler = self.handlers.get(name)
        if handler is not None:
            operands = (args[1], args[0], *args[2:]) if swapped else args
            result = handler(self, _forward(func, swapped), operands, kwargs)
        else:
            result = func(*args, **kwargs)
            if self.own is not None and name not in self.own and carries(result):
                self.unruled[name] += 1
        if in_place:
            self._replace(args[0], result)
        return result

    def name_of(self, parameter: Any) -> str | None:
        """The name of the parameter that a handler was given, where it is one of the network's own."""
        entry = self._names.get(id(parameter))
        return entry[1] if entry is not None and entry[0] is parameter else None

    def _seen(self, value: Any) -> Any:
        """A value as the handlers see it: parameters as constants, tensors changed in place as they are now."""
        if isinstance(value, nn.Parameter):
            constant = value.detach()
            name = self.parameter_names.get(id(value))
            if name is not None:
                self._names[id(constant)] = (constant, name)
            return constant
        if isinstance(value, Tensor):
            while id(value) in self._replaced and self._replaced[id(value)][0] is value:
                value = self._replaced[id(value)][1]
            return value
        if type(value) in (list, tuple):
            return type(value)(self._seen(each) for each in value)
        return value

    def _replace(self, old: Tensor, new: Tensor) -> None:
        self._replaced[id(old)] = (old, new)


def _forward(func: Callable[..., Any], swapped: bool) -> Callable[..., Any]:
    """The function for operands in written order: ``__rsub__(x, 1)`` is ``1 - x``."""
    if not swapped:
        return func
    return lambda first, second, *rest, **named: func(second, first, *rest, **named)


def unknown(mode: Derivatives, func: Handler, args: Any, kwargs: Any) -> Any:
    """A handler for what has no rule: its own derivative, and its name is counted."""
    mode.unruled[getattr(func, "__name__", "function").strip("_")] += 1
    return func(*args, **kwargs)


def with_derivative(value: Tensor, surrogate: Tensor) -> Tensor:
    """The numbers of ``value`` with the derivative of ``surrogate``."""
    return surrogate + (value - surrogate).detach()


class Scale(torch.autograd.Function):
    """A value whose derivative with respect to ``x`` is the given element-wise ``slope``."""

    @staticmethod
    def forward(ctx, x, value, slope):  # type: ignore[no-untyped-def]
        ctx.save_for_backward(slope)
        return value.detach()

    @staticmethod
    def backward(ctx, gradient):  # type: ignore[no-untyped-def]
        (slope,) = ctx.saved_tensors
        return gradient * slope, None, None


def with_slope(x: Tensor, value: Tensor, slope: Tensor) -> Tensor:
    """The numbers of ``value``; its derivative with respect to ``x`` is ``slope``, element by element."""
    return Scale.apply(x, value, slope)
