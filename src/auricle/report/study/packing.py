"""Numbers and bytes as the site's scripts read them: short texts, few digits, maps in no finer steps than the eye's."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any

import numpy as np

from auricle.report.colours import RAMP
from auricle.report.embedded import script_json


def put(name: str, value: Any) -> bytes:
    """A file that hands its value to the page that asked: pages from a disk cannot fetch, but can load scripts."""
    return f"auricleStudy.put({script_json(name)},{script_json(plain(value))});\n".encode()


def plain(value: Any, digits: int = 4) -> Any:
    """Values for JSON: numbers with few digits, nothing for what is not finite."""
    if isinstance(value, dict):
        return {str(key): plain(each, digits) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each, digits) for each in value]
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, float | np.floating):
        if not np.isfinite(value):
            return None
        rounded = float(f"{value:.{digits}g}")
        return int(rounded) if rounded.is_integer() and abs(rounded) < 2**53 else rounded
    return value.item() if isinstance(value, np.generic) else value


STEPS = 31
"""Steps of relevance to either side; they are even in how opaque relevance is drawn."""
GREYS = 63


def packed_relevance(shares: np.ndarray) -> str:
    """Relevance ``[F, T]``, -1 to 1, in ``STEPS`` to either side."""
    return squeezed(np.rint(STEPS * np.sign(shares) * np.abs(shares) ** RAMP).astype(np.int8))


def packed_levels(levels: np.ndarray) -> str:
    """Levels ``[F, T]``, 0 to 1, in ``GREYS`` steps: of each row the first, then differences, which take half the room.

    >>> zlib.decompress(base64.b64decode(packed_levels(np.array([[0.0, 1.0, 1.0]])))).hex()
    '003f00'
    """
    steps = np.rint(GREYS * levels).astype(np.uint8)
    return squeezed(np.diff(steps, axis=1, prepend=np.uint8(0)))


def packed_edges(edges: np.ndarray) -> Any:
    """Edges that are even between the first and the last bin, which may be narrower, as five numbers; or all of them.

    >>> packed_edges(np.array([0.0, 0.5, 1.5, 2.5, 3.0]))
    {'first': 0.0, 'from': 0.5, 'to': 2.5, 'count': 3, 'last': 3.0}
    """
    steps = np.diff(edges[1:-1])
    if len(steps) > 1 and np.ptp(steps) < 1e-3 * abs(steps.mean()):
        first, start, end, last = (round(float(edges[place]), 6) for place in (0, 1, -2, -1))
        return {"first": first, "from": start, "to": end, "count": len(edges) - 2, "last": last}
    return [float(f"{edge:.6g}") for edge in edges]


def squeezed(values: np.ndarray) -> str:
    """Bytes in zlib's format, as base64."""
    # Maps are noisy: matches of bytes are rare, so that zlib does best when it looks for long ones only.
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL, zlib.Z_FILTERED)
    return base64.b64encode(packer.compress(np.ascontiguousarray(values).tobytes()) + packer.flush()).decode()


def png(pixels: np.ndarray, palette: np.ndarray) -> bytes:
    """``pixels [H, W]`` (uint8) as a PNG with a palette ``[n, 4]`` of colours and opacities, 0 to 1."""
    height, width = pixels.shape
    colours = np.rint(255 * np.clip(palette, 0, 1)).astype(np.uint8)
    rows = np.concatenate([np.zeros((height, 1), np.uint8), pixels], axis=1)
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", colours[:, :3].tobytes()),
        (b"tRNS", colours[:, 3].tobytes()),
        (b"IDAT", zlib.compress(rows.tobytes(), 6)),
        (b"IEND", b""),
    ]
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body
