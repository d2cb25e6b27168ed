"""Synthetic voices: espeak-ng's C library, brought by the package ``espeakng_loader`` (extra ``speech``).

Speech is float32 ``[n]`` at espeak-ng's own rate. The library remembers what it said before (where the flutter of a
voice had got to), so the same call sounds a little different the second time; `said_afresh` does not.
"""

from __future__ import annotations

import ctypes
import io
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from auricle.errors import AuricleError

_SYNCHRONOUS, _UTF8 = 2, 1
_RATE, _PITCH, _RANGE = 1, 3, 4
_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class Espeak:
    """espeak-ng's C library, which exists once in a process; use `espeak`. Raises `AuricleError` without it."""

    def __init__(self) -> None:
        try:
            import espeakng_loader
        except ImportError as error:
            raise AuricleError(
                "synthetic voices need espeak-ng, which is not installed; run: pip install 'auricle[speech]'"
            ) from error
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        self._chunks: list[np.ndarray] = []
        self._callback = _Callback(self._collect)  # kept, or it would be collected while C still calls it
        data = espeakng_loader.get_data_path()
        self.sample_rate: int = self._library.espeak_Initialize(_SYNCHRONOUS, 0, data.encode(), 0)
        if self.sample_rate <= 0:
            raise AuricleError(f"espeak-ng could not start from {data}; install espeakng-loader again")
        self._library.espeak_SetSynthCallback(self._callback)

    def _collect(self, samples: ctypes._Pointer[ctypes.c_short], count: int, events: int | None) -> int:
        if samples and count > 0:
            self._chunks.append(np.ctypeslib.as_array(samples, (count,)).astype(np.float32) / 32768)
        return 0

    def say(
        self,
        text: str,
        *,
        voice: str = "en-us",
        words_per_minute: int = 175,
        pitch: int = 50,
        pitch_range: int = 50,
    ) -> np.ndarray:
        """``text`` as samples ``[n]`` at ``self.sample_rate``; pitch and its range go from 0 to 100.

        ``voice`` is an accent, or an accent and a variant of the voice, as ``en-gb-scotland+f2``.
        """
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise AuricleError(f'espeak-ng has no voice "{voice}"; give an accent and a variant, as en-us+m3')
        for parameter, value in ((_RATE, words_per_minute), (_PITCH, pitch), (_RANGE, pitch_range)):
            self._library.espeak_SetParameter(parameter, int(value), 0)
        self._library.espeak_ng_SetRandSeed(ctypes.c_long(1))  # flutter and breath are drawn at random
        self._chunks = []
        encoded = text.encode()
        status = self._library.espeak_Synth(encoded, ctypes.c_size_t(len(encoded) + 1), 0, 1, 0, _UTF8, None, None)
        if status != 0 or not self._chunks:
            raise AuricleError(
                f'espeak-ng\'s voice "{voice}" said nothing for "{text}" (status {status}); take another'
            )
        return np.concatenate(self._chunks)


@cache
def espeak() -> Espeak:
    """The one running espeak-ng; raises `AuricleError` where it is not installed."""
    return Espeak()


def said_afresh(sayings: Sequence[Mapping[str, Any]]) -> tuple[list[np.ndarray], int]:
    """What a fresh process says, one after the other, and its rate; each saying holds the arguments of `Espeak.say`.

    The same list always gives the same samples, and so does the beginning of a longer one.
    """
    espeak()  # what is not installed is told here, in a sentence
    told = subprocess.run(
        [sys.executable, "-c", "from auricle.datasets.voices import _say_all; _say_all()"],
        input=json.dumps(list(sayings)).encode(),
        capture_output=True,
        check=False,
    )
    if told.returncode != 0:
        reason = told.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"]
        raise AuricleError(f"espeak-ng stopped while it spoke ({reason[-1]}); install espeakng-loader again")
    held = np.load(io.BytesIO(told.stdout), allow_pickle=False)
    return [held[f"said {number}"] for number in range(len(sayings))], int(held["sample rate"])


def _say_all() -> None:
    """The fresh process of `said_afresh`: sayings as JSON come in, arrays go out."""
    voice = espeak()
    said = {f"said {number}": voice.say(**saying) for number, saying in enumerate(json.load(sys.stdin))}
    held = io.BytesIO()
    np.savez(held, **{"sample rate": np.array(voice.sample_rate)}, **said)  # type: ignore[arg-type]
    sys.stdout.buffer.write(held.getvalue())


def trim(samples: np.ndarray, sample_rate: int) -> np.ndarray:
    """Without what is 40 dB below the peak before and after the word, but for 10 ms."""
    loud = np.flatnonzero(np.abs(samples) > 0.01 * np.abs(samples).max())
    margin = round(0.01 * sample_rate)
    return samples[max(loud[0] - margin, 0) : loud[-1] + 1 + margin]
