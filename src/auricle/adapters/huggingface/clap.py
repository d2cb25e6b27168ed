"""CLAP as a classifier (zero-shot): a sound is compared with one sentence for each label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from auricle.errors import AuricleError

TEMPLATE = "This is a sound of {label}."


def sentences_of(labels: Sequence[str] | None, template: str, name: str) -> list[str]:
    """A sentence for each label; one that ends with a full stop is a sentence already.

    >>> sentences_of(["rain", "A dog barks."], TEMPLATE, "clap")
    ['This is a sound of rain.', 'A dog barks.']
    """
    if labels is None or len(labels) < 2:
        raise AuricleError(
            f"{name} is a CLAP model, which compares sound with text and has no classes of its own; give at least two "
            "labels, for example --labels dog,rain,siren"
        )
    if "{label}" not in template:
        raise AuricleError(f'the template "{template}" has no place for the label; write for example "{TEMPLATE}"')
    return [each if each.endswith(".") else template.replace("{label}", each) for each in labels]


class ZeroShot(nn.Module):
    """CLAP's audio tower with the embeddings of sentences as its last layer: ``[B, 1, T, F] -> [B, C]``.

    The logits are the cosine of sound and sentence times CLAP's own scale (Wu et al. 2023). The text tower is run
    once, here, and not kept. A network with fusion hears four copies of the sound and is told that every clip is a long
    one, as its feature extractor tells it of a clip on its own, however short it is.
    """

    sentences: Tensor

    def __init__(self, model: Any, tokenizer: Any, sentences: Sequence[str]) -> None:
        super().__init__()
        self.training = model.training
        self.audio_model = model.audio_model
        self.audio_projection = model.audio_projection
        self.fusion = bool(model.config.audio_config.enable_fusion)
        self.register_buffer("sentences", _embedded(model, tokenizer, sentences))

    def forward(self, features: Tensor) -> Tensor:
        # In this layout: of another, torch's batch norm on the CPU (2.13) misplaces the gradient.
        features, longer = features.contiguous(), None
        if self.fusion:
            features = features.expand(-1, 4, -1, -1)
            longer = torch.ones(len(features), 1, dtype=torch.bool, device=features.device)
        pooled = self.audio_model(input_features=features, is_longer=longer, return_dict=True).pooler_output
        sound = self.audio_projection(pooled)
        length = sound.square().sum(-1, keepdim=True).sqrt()  # of functions for which DeepLIFT has rules
        return F.linear(sound / length, self.sentences)


def _embedded(model: Any, tokenizer: Any, sentences: Sequence[str]) -> Tensor:
    """``[C, D]``: unit vectors times the scale of the logits."""
    tokens = tokenizer(list(sentences), padding=True, truncation=True, return_tensors="pt")
    tokens = {key: tokens[key].to(model.device) for key in ("input_ids", "attention_mask")}
    training = [module for module in model.text_model.modules() if module.training]
    try:
        for module in training:
            module.training = False
        with torch.no_grad():
            text = model.text_projection(model.text_model(**tokens, return_dict=True).pooler_output)
            return F.normalize(text, dim=-1) * model.logit_scale_a.exp()
    finally:
        for module in training:
            module.training = True
