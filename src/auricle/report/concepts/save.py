"""A clip in concepts as a folder of files: page, numbers, picture and sounds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from auricle.clip import write_sound
from auricle.errors import AuricleError
from auricle.files import make_folder, write_whole
from auricle.report.concepts.clip_page import concept_page
from auricle.report.concepts.figure import concept_plot
from auricle.report.concepts.shares import Share, shares_of
from auricle.report.embedded import as_heard
from auricle.report.plot import png
from auricle.report.record import plain, record

if TYPE_CHECKING:
    from auricle.concepts.explained import ConceptExplanation
    from auricle.sonify import Sounds


def save_concepts(explained: ConceptExplanation, folder: str | Path) -> Path:
    """Write page, picture, JSON, relevance and sounds to ``folder``, and return it.

    ``index.html`` is the page and ``concepts.png`` its picture; ``relevance.npz`` holds ``standard [F, T]``, ``maps
    [K, F, T]`` and their bin edges, ``hertz_edges`` and ``seconds_edges``; ``explanation.json`` all figures. The sounds
    have exactly the clip's length: ``original.wav``, ``standard.wav``, ``concept-K.wav`` (louder is more relevant),
    ``concept-K-equal.wav`` (as loud as the original) and ``rest.wav``, with ``original = Σ concept-K + rest``. Raises
    `AuricleError` if nothing can be written.
    """
    folder = make_folder(Path(folder))
    standard = explained.whole.sounds()
    sounds, equal = explained.sounds(), explained.sounds(loudness="equal")
    shares = shares_of(explained, sounds)
    files = files_of(shares)
    heard = {"original": as_heard(explained.clip, standard.kept), "standard": standard.kept}
    for share, own, louder in zip(shares, sounds, equal, strict=True):
        heard |= {share.id: own.kept, f"{share.id}-equal": louder.kept}
    heard["rest"] = explained.rest(sounds)
    try:
        for name, clip in heard.items():
            write_sound(folder / f"{name}.wav", clip.samples, clip.sample_rate)
        _write_maps(explained, folder / "relevance.npz")
    except OSError as error:
        reason = error.strerror or str(error)
        raise AuricleError(f"{folder} cannot be written ({reason}); choose another folder or free its place") from error
    write_whole(folder / "concepts.png", png(concept_plot(explained)))
    content = _record(explained, shares, standard, sounds, equal, files)
    write_whole(
        folder / "explanation.json", json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    )
    page = concept_page(explained, sounds, equal, standard=standard, files=files)
    write_whole(folder / "index.html", page)  # last: where it is, all it links is there
    return folder


def files_of(shares: Sequence[Share]) -> dict[str, str]:
    """The files beside the page, with what each is."""
    return {
        "original.wav": "the recording as the model hears it",
        "standard.wav": "what the standard explanation keeps",
        **{
            name: meaning
            for share in shares
            for name, meaning in (
                (f"{share.id}.wav", share.name),
                (f"{share.id}-equal.wav", f"{share.name}, as loud as the original"),
            )
        },
        "rest.wav": "everything else",
        "concepts.png": "the picture",
        "relevance.npz": "all maps with their axes, for numpy",
        "explanation.json": "all figures, for programs",
    }


def _write_maps(explained: ConceptExplanation, path: Path) -> None:
    assert explained.axes.hertz is not None
    np.savez_compressed(
        path,
        standard=explained.whole.map()[0],
        maps=explained.maps,
        hertz_edges=np.asarray(explained.axes.hertz, float),
        seconds_edges=np.asarray(explained.axes.seconds, float),
    )


def _record(
    explained: ConceptExplanation,
    shares: Sequence[Share],
    standard: Sounds,
    sounds: Sequence[Sounds],
    equal: Sequence[Sounds],
    files: dict[str, str],
) -> dict[str, Any]:
    """What `auricle.report.record.record` says of the whole, and the concepts with their figures."""
    concepts, axes = explained.concepts, explained.axes
    assert axes.hertz is not None
    whole = record(explained.whole, scores=None, masking=None, sounds=standard, files=["index.html", *files])
    found = [
        {
            "id": share.id,
            "name": share.name,
            "relevance": share.sum,
            "relevance_at_layer": share.total,
            "logit_fall_without_it": share.removed,
            "over_time": explained.maps[k].sum(0),
            "over_frequency": explained.maps[k].sum(1),
            "sound": sounds[k].notes,
            "sound_equal": equal[k].notes,
        }
        for k, share in enumerate(shares)
    ]
    return whole | plain(
        {
            "concepts": {
                "label": explained.label,
                "layer": concepts.layer,
                "relevance": float(explained.sums.sum()),
                "relevance_at_layer": float(explained.totals.sum()),
                "axes": {"hertz_edges": axes.hertz, "seconds_edges": axes.seconds},
                "fit": concepts[explained.label].statistics,
                "shares": found,
            }
        }
    )
