"""Multi-head attention as torch's ``nn.MultiheadAttention`` computes it, from functions that have rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

NAMES = (
    "query key value embed_dim_to_check num_heads in_proj_weight in_proj_bias bias_k bias_v add_zero_attn "
    "dropout_p out_proj_weight out_proj_bias training key_padding_mask need_weights attn_mask "
    "use_separate_proj_weight q_proj_weight k_proj_weight v_proj_weight static_k static_v "
    "average_attn_weights is_causal"
).split()


def multi_head_attention(
    mode: Any, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Tensor, Tensor | None]:
    """Projections by ``mode.linear``, scores and mixing by ``mode.handlers``; same result as torch's own."""
    given: dict[str, Any] = {**dict.fromkeys(NAMES), **dict(zip(NAMES, args, strict=False)), **kwargs}
    if given["bias_k"] is not None or given["add_zero_attn"] or given["static_k"] is not None:
        mode.unruled["multi_head_attention with added keys"] += 1
        return func(*args, **kwargs)
    query, key, value = given["query"], given["key"], given["value"]
    unbatched = query.ndim == 2
    if unbatched:
        query, key, value = query.unsqueeze(1), key.unsqueeze(1), value.unsqueeze(1)
    if given["use_separate_proj_weight"]:
        weights = given["q_proj_weight"], given["k_proj_weight"], given["v_proj_weight"]
    else:
        weights = given["in_proj_weight"].chunk(3)
    biases = (None,) * 3 if given["in_proj_bias"] is None else given["in_proj_bias"].chunk(3)
    width, heads = query.shape[-1], given["num_heads"]

    def project(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        y = mode.linear(x, weight, bias)  # [T, B, E] -> [B, heads, T, E / heads]
        return y.unflatten(-1, (heads, width // heads)).permute(1, 2, 0, 3)

    q, k, v = (project(x, w, b) for x, w, b in zip((query, key, value), weights, biases, strict=True))
    mask = _mask(given, q)
    product, softmax = mode.handlers["matmul"], mode.handlers["softmax"]
    scores = product(mode, torch.matmul, (q * (width // heads) ** -0.5, k.transpose(-1, -2)), {})
    weights_of_keys = softmax(mode, F.softmax, (scores if mask is None else scores + mask,), {"dim": -1})
    mixed = product(mode, torch.matmul, (weights_of_keys, v), {})
    output = mode.linear(
        mixed.permute(2, 0, 1, 3).flatten(-2), given["out_proj_weight"], given["out_proj_bias"]
    )
    attention = None
    if given["need_weights"] is not False:
        attention = weights_of_keys.detach()
        if given["average_attn_weights"] is not False:
            attention = attention.mean(1)
    if unbatched:
        output = output.squeeze(1)
        attention = None if attention is None else attention.squeeze(0)
    return output, attention


def _mask(given: dict[str, Any], like: Tensor) -> Tensor | None:
    total = None
    mask, padding = given["attn_mask"], given["key_padding_mask"]
    if mask is not None:
        if mask.ndim == 3:
            mask = mask.unflatten(0, (-1, given["num_heads"]))
        total = _additive(mask, like)
    if padding is not None:
        padding = _additive(padding, like)[:, None, None, :]
        total = padding if total is None else total + padding
    return total


def _additive(mask: Tensor, like: Tensor) -> Tensor:
    if mask.dtype == torch.bool:
        return torch.zeros_like(mask, dtype=like.dtype).masked_fill(mask, float("-inf"))
    return mask.to(like.dtype)


def dot_product_weights(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Tensor, Tensor]:
    """The attention ``[…, queries, keys]`` of ``F.scaled_dot_product_attention`` and the values it mixes."""
    names = ("query", "key", "value", "attn_mask", "dropout_p", "is_causal", "scale", "enable_gqa")
    given: dict[str, Any] = {**dict.fromkeys(names), **dict(zip(names, args, strict=False)), **kwargs}
    query, key, value, mask = (given[name] for name in names[:4])
    if given["enable_gqa"]:
        times = query.shape[-3] // key.shape[-3]
        key, value = key.repeat_interleave(times, -3), value.repeat_interleave(times, -3)
    scores = query @ key.transpose(-1, -2) * (given["scale"] or query.shape[-1] ** -0.5)
    if given["is_causal"]:
        mask = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril()
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf")) if mask.dtype == torch.bool else scores + mask
    return F.softmax(scores, dim=-1), value
