"""A training that goes on as if nobody had looked: weights, modes, gradients and draws are as they were."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn


@contextmanager
def undisturbed(network: nn.Module) -> Iterator[None]:
    """Within, ``network`` may be explained; afterwards all that training depends on is as before.

    Of every module its mode, of every parameter its gradient (the very tensor) and whether it needs one; whether
    gradients are recorded, and the settings of cuDNN; the state of each random generator of Python, NumPy and PyTorch,
    on every CUDA device that is in use.
    """
    modes = [(module, module.training) for module in network.modules()]
    learnt = [(each, each.grad, each.requires_grad) for each in network.parameters()]
    recorded, cudnn = torch.is_grad_enabled(), torch.backends.cudnn
    flags = cudnn.enabled, cudnn.benchmark, cudnn.deterministic
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002
    devices = list(range(torch.cuda.device_count())) if torch.cuda.is_initialized() else []
    try:
        with torch.random.fork_rng(devices=devices):
            for parameter, _, _ in learnt:
                parameter.grad = None
            yield
    finally:
        cudnn.enabled, cudnn.benchmark, cudnn.deterministic = flags
        torch.set_grad_enabled(recorded)
        for parameter, gradient, needed in learnt:
            parameter.requires_grad_(needed)
            parameter.grad = gradient
        for module, mode in modes:
            module.training = mode
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002
