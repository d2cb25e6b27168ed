"""The protocols by name: what each does to the test clips, and which flags mean something to it."""

from __future__ import annotations

from dataclasses import dataclass

from auricle.errors import AuricleError, nearest

COMPARED = ("methods", "area", "limit", "explain", "legacy")
"""Settings of every protocol that puts explainers side by side on clips."""


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """A protocol's facts; ``settings`` are those that mean something to it."""

    name: str
    summary: str
    source: str
    settings: tuple[str, ...]


PROTOCOLS: dict[str, Protocol] = {
    each.name: each
    for each in (
        Protocol(
            name="clean",
            summary="the test clips as they are; true sources are known where the corpus has stems",
            source="Parekh et al. 2022; Paissan et al. 2024 (without contamination)",
            settings=COMPARED,
        ),
        Protocol(
            name="overlap",
            summary="two test clips of different classes at once, at an SNR or a weight λ",
            source="Parekh et al. 2022 (Listen to Interpret): λ of 0.6, 0.15, 1.0 and 0.09 for four pairs",
            settings=(*COMPARED, "snr", "weight"),
        ),
        Protocol(
            name="noise",
            summary="each clip with noise, white or pink, at 6 dB and at 0 dB",
            source="Paissan et al. 2024 (L-MAC): white, 6 dB; Parekh et al. 2022: white, 0 dB",
            settings=(*COMPARED, "colour"),
        ),
        Protocol(
            name="mixtures",
            summary="each clip with another of another class, 12 dB below it",
            source="Paissan et al. 2024 (L-MAC), where the other clip may be of the same class",
            settings=COMPARED,
        ),
        Protocol(
            name="speech",
            summary="each clip with speech, 12 dB below it",
            source="Paissan et al. 2024 (L-MAC), with LJSpeech",
            settings=(*COMPARED, "speech"),
        ),
        Protocol(
            name="randomisation",
            summary="do maps change when the network's layers are drawn anew, from the top down?",
            source="Adebayo et al. 2018; Paissan et al. 2024",
            settings=("methods", "limit"),
        ),
        Protocol(
            name="roar",
            summary="remove the most relevant cells of every clip, train anew, and see how far accuracy falls",
            source="Hooker et al. 2019",
            settings=("methods", "set", "seeds"),
        ),
    )
}


def protocol(name: str) -> Protocol:
    """A protocol's facts by its name.

    >>> protocol("noise").settings[-1]
    'colour'
    """
    if name not in PROTOCOLS:
        raise AuricleError(f'no protocol is called "{name}"; {nearest(name, PROTOCOLS)}')
    return PROTOCOLS[name]
