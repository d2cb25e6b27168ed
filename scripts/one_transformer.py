"""A small Audio Spectrogram Transformer, explained and opened in four frames: ``docs/one-transformer.md``.

``python scripts/one_transformer.py --model FOLDER --recordings FOLDER --out FOLDER`` takes the model of ``auricle train
ast-digits`` and FSDD's recordings. It writes the same weights as a checkpoint of Hugging Face's library, as a Keras
model and as an ONNX file, explains recordings of the test through each, and rewrites the page's tables, which stand
between ``<!-- table NAME -->`` and ``<!-- end -->``; all numbers go to ``OUT/numbers.json``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from reproduced_tables import replaced, table

import auricle
from auricle.adapters.huggingface import huggingface_classifier
from auricle.adapters.keras import keras_classifier
from auricle.adapters.onnx import onnx_classifier
from auricle.classifier import Classifier
from auricle.clip import Clip, load_clip
from auricle.metrics.scores import summarise

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "one-transformer.md"
IMAGE = ROOT / "docs" / "images" / "one-transformer.png"
sys.path.insert(0, str(ROOT / "tests" / "adapters"))

from same_transformer import in_keras, in_onnx  # noqa: E402  (the tests' rebuilding, which they prove equal)

METHODS = ("lrp", "ig", "input-x-gradient", "grad-cam", "attention-rollout")
METRICS = ("AI", "AD", "FF", "deletion", "insertion")
SAME = {"lrp": {}, "ig": {"steps": 16}, "gradient": {}, "exact-shap": {"components": "time:6"}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--recordings", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    classifier = auricle.load_classifier(arguments.model)
    clips = list(tested(arguments.recordings))
    arguments.out.mkdir(parents=True, exist_ok=True)
    trust = trusted(classifier, clips)
    same = compared(classifier, clips[::12], arguments.out)
    picture(classifier, clips)
    (arguments.out / "numbers.json").write_text(json.dumps({"trust": trust, "same": same}, indent=2) + "\n")
    page = PAGE.read_text(encoding="utf-8")
    page = replaced(page, "trust", trust_table(trust))
    page = replaced(page, "same", same_table(same))
    PAGE.write_text(page, encoding="utf-8")


def tested(recordings: Path) -> Iterator[Clip]:
    """Take 0 of every digit by every speaker: sixty recordings of the official test."""
    for path in sorted(recordings.glob("*_0.wav")):
        yield load_clip(path)


def trusted(classifier: Classifier, clips: list[Clip]) -> dict[str, Any]:
    """Of each method: what its sum misses, and its scores beside random and energy masks, over the clips."""
    found: dict[str, Any] = {}
    for method in METHODS:
        explanations = [auricle.explain(clip, classifier, method=method) for clip in clips]
        checks = [{check.name: check for check in each.checks} for each in explanations]
        sums = [each.get("conservation") or each.get("completeness") for each in checks]
        gaps = [float(each.value) for each in sums if each is not None]
        absorbed = [float(each["bias share"].value) for each in checks if "bias share" in each]
        rows = {row.name: row for row in summarise([each.measure() for each in explanations])}
        found[method] = {
            "gap": max(gaps) if gaps else None,
            "absorbed": float(np.median(absorbed)) if absorbed else None,
            "unruled": sorted({name for each in explanations for name in unruled(each)}),
            "scores": {name: rows[name].to_dict() for name in METRICS},
        }
        print(method, {name: round(rows[name].value.mean, 3) for name in METRICS}, "gap", found[method]["gap"])
    return found


def unruled(explanation: auricle.Explanation) -> list[str]:
    """What the check of functions without a rule says, if it does not pass."""
    return [check.text for check in explanation.checks if check.name == "functions without a rule" and not check.passed]


def compared(classifier: Classifier, clips: list[Clip], out: Path) -> dict[str, Any]:
    """Of each other frame: the largest difference of its relevance from the trained classifier's, re its largest."""
    network, frontend = classifier.network.transformer, classifier.frontend
    about = {"labels": list(classifier.labels), "sample_rate": classifier.sample_rate, "frontend": frontend}
    keras_classifier_ = keras_classifier(in_keras(network), **about, length=classifier.length)
    others = {
        "Hugging Face": replaced_length(huggingface_classifier(str(checkpoint(classifier, out / "hf"))), classifier),
        "Keras 3": keras_classifier_,
        "ONNX": onnx_classifier(in_onnx(network, out / "model.onnx"), **about, length=classifier.length),
    }
    found: dict[str, Any] = {}
    for frame, other in others.items():
        found[frame] = {}
        for method, settings in SAME.items():
            differences = []
            for clip in clips:
                one, same = (
                    auricle.explain(clip, each, method=auricle.methods.build(method, **settings)).relevance
                    for each in (classifier, other)
                )
                differences.append(float(np.abs(one - same).max() / np.abs(one).max()))
            found[frame][method] = max(differences)
        print(frame, found[frame])
    return found


def picture(classifier: Classifier, clips: list[Clip]) -> None:
    """Relevance by LRP for the first clip that is rightly heard as "seven", as the page shows it."""
    from PIL import Image

    clip = next(each for each in clips if each.name.startswith("7_") and classifier.predict(each).label == "seven")
    figure = auricle.explain(clip, classifier, method="lrp").plot()
    figure.savefig(IMAGE, dpi=80)
    Image.open(IMAGE).convert("RGB").quantize(64, kmeans=2, dither=Image.Dither.NONE).save(IMAGE, optimize=True)


def checkpoint(classifier: Classifier, folder: Path) -> Path:
    """The classifier's weights and front-end as a checkpoint folder of Hugging Face's library."""
    from transformers import ASTFeatureExtractor

    network, frontend = classifier.network.transformer, classifier.frontend
    network.config.id2label = dict(enumerate(classifier.labels))
    network.config.label2id = {label: number for number, label in enumerate(classifier.labels)}
    network.save_pretrained(folder)
    ASTFeatureExtractor(
        sampling_rate=frontend.sample_rate,
        num_mel_bins=frontend.n_mels,
        max_length=frontend.max_frames,
        mean=frontend.mean,
        std=frontend.std,
    ).save_pretrained(folder)
    return folder


def replaced_length(opened: Classifier, classifier: Classifier) -> Classifier:
    """What an extractor cuts at the end the recipe cuts on both sides; the comparison is of the networks."""
    opened.length = replace(classifier.length)
    return opened


def trust_table(trust: dict[str, Any]) -> str:
    head = ["", "AI, %", "AD, %", "FF", "deletion", "insertion", "insertion less random's", "what the sum misses"]
    rows = []
    for method, found in trust.items():
        gap = "no promise" if found["gap"] is None else f"{100 * found['gap']:.1g} %"
        scores = found["scores"]
        better = told(scores["insertion"]["differences"]["random"], signed=True)
        rows.append([method, *(told(scores[name]["value"]) for name in METRICS), better, gap])
    first = next(iter(trust.values()))["scores"]
    for control in ("random", "energy"):
        rows.append([f"{control}, for lrp", *(told(first[name]["controls"][control]) for name in METRICS), "", ""])
    return table(head, rows)


def told(score: dict[str, Any], *, signed: bool = False) -> str:
    """A mean with its interval: per cent as whole numbers, shares with two decimals."""
    large = max(abs(score[key]) for key in ("mean", "low", "high")) > 2
    form = "+.2f" if signed else ".0f" if large else ".2f"
    return f"{score['mean']:{form}} ({score['low']:{form}} to {score['high']:{form}})"


def same_table(same: dict[str, Any]) -> str:
    rows = [[frame, *(f"{found[m]:.0e}" if found[m] else "0" for m in SAME)] for frame, found in same.items()]
    return table(["", *SAME], rows)


if __name__ == "__main__":
    torch.manual_seed(0)
    main()
