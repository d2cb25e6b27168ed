"""Numbers and bytes as the site's scripts read them: short texts, few digits, maps in one byte a cell."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any

import numpy as np

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


def squeezed(values: np.ndarray) -> str:
    """Bytes in zlib's format, as base64."""
    return base64.b64encode(zlib.compress(np.ascontiguousarray(values).tobytes(), 6)).decode()


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
