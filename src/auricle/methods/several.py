"""Relevance that arrives in several shares at once: steps of a backward pass that `torch.vmap` runs for all of them.

Each has an own rule for that, because it decides by what its numbers are, or books them, which vmap cannot see through.
"""

from __future__ import annotations

import torch


class Booked(torch.autograd.Function):
    """Books a share; of several shares of relevance at once (`torch.vmap`), their sum."""

    @staticmethod
    def forward(share, take):  # type: ignore[no-untyped-def]
        take(share)
        return share.new_empty(0)

    @staticmethod
    def setup_context(ctx, inputs, output):  # type: ignore[no-untyped-def]
        pass

    @staticmethod
    def vmap(info, in_dims, share, take):  # type: ignore[no-untyped-def]
        take(share.sum(in_dims[0]))
        return share.new_empty(0), None


class Sent(torch.autograd.Function):
    """What a rule hands on; of several shares of relevance at once (`torch.vmap`), with one denominator for all."""

    @staticmethod
    def forward(g, a, z, call, rule, take):  # type: ignore[no-untyped-def]
        gradient = rule(call, a, z, g)
        for share in call.absorbed:
            take(share)
        call.absorbed.clear()
        return gradient

    @staticmethod
    def setup_context(ctx, inputs, output):  # type: ignore[no-untyped-def]
        pass

    @staticmethod
    def vmap(info, in_dims, g, a, z, call, rule, take):  # type: ignore[no-untyped-def]
        gradient = rule(call, a, z, g.movedim(in_dims[0], 0))
        for share in call.absorbed:
            take(share.sum(0))
        call.absorbed.clear()
        return gradient, 0
