"""The families of audio transformers that people use, each small, with random weights and in double precision.

Each is a `Classifier` that hears 3 classes; their front-ends stand in for the extractors, whose twins are tested
elsewhere: what is explained here is the network.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
import torch
from oracles import noise
from torch import Tensor, nn

from auricle.classifier import Classifier
from auricle.frontends import Waveform

SMALL: dict[str, Any] = {
    "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32, "num_labels": 3,
}  # fmt: skip
SPEECH: dict[str, Any] = {
    **SMALL, "conv_dim": (8, 8), "conv_kernel": (10, 4), "conv_stride": (5, 4), "num_conv_pos_embeddings": 8,
    "num_conv_pos_embedding_groups": 2, "classifier_proj_size": 12, "num_feat_extract_layers": 2,
}  # fmt: skip


class Heard(nn.Module):
    """Plain samples in the shape that a network of ``transformers`` wants, and its logits."""

    def __init__(self, network: nn.Module, shape: tuple[int, ...], keyword: str) -> None:
        super().__init__()
        self.network, self.shape, self.keyword = network, shape, keyword

    def forward(self, samples: Tensor) -> Tensor:
        return self.network(**{self.keyword: samples.unflatten(1, self.shape)}).logits


class Clap(nn.Module):
    """CLAP's audio half with a dense head, as audio classifiers are made of it."""

    def __init__(self, config: Any) -> None:
        super().__init__()
        from transformers import ClapAudioModel

        self.body = ClapAudioModel(config)
        self.head = nn.Linear(config.hidden_size, 3)

    def forward(self, samples: Tensor) -> Tensor:
        features = samples.unflatten(1, (1, 64, 16))
        return self.head(self.body(features, is_longer=torch.ones(len(samples), 1, dtype=torch.bool)).pooler_output)


def _speech(kind: str, **settings: Any) -> Callable[[], nn.Module]:
    def make() -> nn.Module:
        import transformers

        config = getattr(transformers, f"{kind}Config")(**{**SPEECH, **settings})
        return Heard(getattr(transformers, f"{kind}ForSequenceClassification")(config), (-1,), "input_values")

    return make


def _ast() -> nn.Module:
    import transformers

    config = transformers.ASTConfig(
        **SMALL, patch_size=8, frequency_stride=4, time_stride=4, max_length=32, num_mel_bins=16
    )
    return Heard(transformers.ASTForAudioClassification(config), (32, 16), "input_values")


def _whisper() -> nn.Module:
    import transformers

    config = transformers.WhisperConfig(
        d_model=16, encoder_layers=2, encoder_attention_heads=2, encoder_ffn_dim=32, num_mel_bins=8,
        max_source_positions=20, num_labels=3, classifier_proj_size=12, use_weighted_layer_sum=True,
        decoder_layers=1, decoder_attention_heads=2, decoder_ffn_dim=16, vocab_size=50, pad_token_id=0,
        bos_token_id=1, eos_token_id=2, decoder_start_token_id=1,
    )  # fmt: skip
    return Heard(transformers.WhisperForAudioClassification(config), (8, 40), "input_features")


def _clap() -> nn.Module:
    import transformers

    return Clap(
        transformers.ClapAudioConfig(
            patch_embeds_hidden_size=8, hidden_size=16, depths=[2, 2], num_attention_heads=[2, 2], window_size=4,
            spec_size=32, num_mel_bins=16, patch_size=4, patch_stride=[4, 4], num_hidden_layers=2, projection_dim=8,
            enable_fusion=False,
        )
    )  # fmt: skip


FAMILIES: dict[str, tuple[Callable[[], nn.Module], int]] = {
    "wav2vec2 (group norm)": (_speech("Wav2Vec2", feat_extract_norm="group"), 400),
    "wav2vec2 (layer norm)": (
        _speech("Wav2Vec2", feat_extract_norm="layer", conv_bias=True, do_stable_layer_norm=True), 400,
    ),
    "hubert": (_speech("Hubert", feat_extract_norm="group"), 400),
    "wavlm": (_speech("WavLM", num_buckets=8, max_bucket_distance=16, use_weighted_layer_sum=True), 400),
    "unispeech": (_speech("UniSpeech"), 400),
    "unispeech-sat": (_speech("UniSpeechSat", use_weighted_layer_sum=True), 400),
    "conformer": (_speech("Wav2Vec2Conformer", conv_depthwise_kernel_size=3), 400),
    "ast": (_ast, 32 * 16),
    "whisper": (_whisper, 8 * 40),
    "clap": (_clap, 64 * 16),
}  # fmt: skip


@cache
def family(name: str) -> Classifier:
    """A family's classifier; shared, so it must not be changed."""
    pytest.importorskip("transformers", reason="transformers is not installed")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = FAMILIES[name][0]()
        for key, parameter in network.named_parameters():  # the library begins with tokens and biases of zero
            if "original0" in key or ("norm" in key.lower() and key.endswith("weight")):
                nn.init.uniform_(parameter, 0.5, 1.5)
            else:
                nn.init.normal_(parameter, 0.0, 0.3)
    return Classifier(
        network.double().eval(), frontend=Waveform(sample_rate=8000, channel=False), labels=["a", "b", "c"], name=name
    )


def sound(name: str, clips: int = 2) -> Tensor:
    """Something to hear, ``[clips, n]``."""
    return noise(clips, FAMILIES[name][1])
