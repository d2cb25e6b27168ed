"""Explainers compared fairly: the same cases, calibrated masks, controls beside them, true sources where known.

Conventions: a *scene* is a clip of a protocol with what is known to be in it; a *case* is a class in a scene; masks are
``[F, frames]`` on the listening STFT at the model's rate.
"""

from auricle.protocols.catalogue import PROTOCOLS, Protocol, protocol
from auricle.protocols.columns import COLUMNS, Column
from auricle.protocols.comparing import Comparison, compare
from auricle.protocols.scenes import Scene, scenes
from auricle.protocols.summary import Figure, summarise

__all__ = [
    "COLUMNS",
    "PROTOCOLS",
    "Column",
    "Comparison",
    "Figure",
    "Protocol",
    "Scene",
    "compare",
    "protocol",
    "scenes",
    "summarise",
]
