"""A small checkpoint of every family, with random weights, as ``save_pretrained`` writes it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

transformers = pytest.importorskip("transformers", reason="transformers is not installed")
transformers.utils.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()

LABELS = ["seven", "dog", "rain"]
SMALL: dict[str, Any] = {
    "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32,
}  # fmt: skip
SPEECH: dict[str, Any] = {
    **SMALL, "conv_dim": (8, 8, 8), "conv_kernel": (10, 8, 4), "conv_stride": (5, 8, 4), "num_feat_extract_layers": 3,
    "num_conv_pos_embeddings": 8, "num_conv_pos_embedding_groups": 2, "classifier_proj_size": 12,
}  # fmt: skip


def named(labels: list[str] = LABELS, **settings: Any) -> dict[str, Any]:
    """Settings with labels, as a fine-tuned model's config has them."""
    return {"id2label": dict(enumerate(labels)), "label2id": {each: i for i, each in enumerate(labels)}, **settings}


def _speech(kind: str, do_normalize: bool = True, **base: Any) -> Callable[..., tuple[Any, Any]]:
    def make(**settings: Any) -> tuple[Any, Any]:
        config = getattr(transformers, f"{kind}Config")(**SPEECH | base | named(**settings))
        network = getattr(transformers, f"{kind}ForSequenceClassification")(config)
        return network, transformers.Wav2Vec2FeatureExtractor(do_normalize=do_normalize, return_attention_mask=True)

    return make


def _ast(**settings: Any) -> tuple[Any, Any]:
    heard = {"max_length": 100, "num_mel_bins": 32}
    config = transformers.ASTConfig(
        **SMALL, **heard, patch_size=16, frequency_stride=10, time_stride=10, **named(**settings)
    )
    return transformers.ASTForAudioClassification(config), transformers.ASTFeatureExtractor(**heard)


def _whisper(**settings: Any) -> tuple[Any, Any]:
    config = transformers.WhisperConfig(
        d_model=16, encoder_layers=2, encoder_attention_heads=2, encoder_ffn_dim=32, num_mel_bins=20,
        max_source_positions=50, classifier_proj_size=12, decoder_layers=1, decoder_attention_heads=2,
        decoder_ffn_dim=16, vocab_size=50, pad_token_id=0, bos_token_id=1, eos_token_id=2, decoder_start_token_id=1,
        **named(**settings),
    )  # fmt: skip
    return transformers.WhisperForAudioClassification(config), transformers.WhisperFeatureExtractor(
        feature_size=20, chunk_length=1
    )


def _clap(fusion: bool) -> Callable[..., tuple[Any, Any]]:
    def make(**settings: Any) -> tuple[Any, Any]:
        audio = transformers.ClapAudioConfig(
            patch_embeds_hidden_size=8, hidden_size=16, depths=[2, 2], num_attention_heads=[2, 2], window_size=4,
            spec_size=64, num_mel_bins=32, patch_size=4, patch_stride=[4, 4], num_hidden_layers=2, projection_dim=8,
            enable_fusion=fusion, fusion_type="aff_2d" if fusion else None, aff_block_r=2,
        )  # fmt: skip
        text = transformers.ClapTextConfig(**SMALL, vocab_size=60, projection_dim=8, max_position_embeddings=70)
        config = transformers.ClapConfig(audio_config=audio.to_dict(), text_config=text.to_dict(), projection_dim=8)
        extractor = transformers.ClapFeatureExtractor(
            feature_size=32, max_length_s=1, truncation="fusion" if fusion else "rand_trunc"
        )
        processor = transformers.ClapProcessor(extractor, letters())
        return transformers.ClapModel(config), processor

    return make


def letters() -> Any:
    """A tokenizer whose words are letters."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers

    words = {word: i for i, word in enumerate(["<s>", "<pad>", "</s>", "<unk>", *"TThisaounofdglbrekw. ABvzy"])}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("."), behavior="isolated")
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", unk_token="<unk>", pad_token="<pad>",
        model_max_length=60,
    )  # fmt: skip


MAKERS: dict[str, Callable[..., tuple[Any, Any]]] = {
    "wav2vec2-group": _speech("Wav2Vec2", feat_extract_norm="group"),
    "wav2vec2-layer": _speech("Wav2Vec2", feat_extract_norm="layer", conv_bias=True, do_stable_layer_norm=True),
    "wav2vec2-raw": _speech("Wav2Vec2", do_normalize=False),
    "wav2vec2-conformer": _speech("Wav2Vec2Conformer", position_embeddings_type="relative"),
    "data2vec-audio": _speech("Data2VecAudio", conv_pos_kernel_size=5),
    "sew": _speech("SEW", squeeze_factor=1),
    "hubert": _speech("Hubert"),
    "wavlm": _speech("WavLM", num_buckets=8, max_bucket_distance=16),
    "unispeech": _speech("UniSpeech"),
    "unispeech-sat": _speech("UniSpeechSat", use_weighted_layer_sum=True),
    "ast": _ast,
    "whisper": _whisper,
    "clap": _clap(fusion=False),
    "clap-fusion": _clap(fusion=True),
}


def made(family: str, **settings: Any) -> tuple[Any, Any]:
    """A family's network, with weights that are nowhere zero, and its extractor (CLAP: processor)."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network, extractor = MAKERS[family](**settings)
        for key, parameter in network.named_parameters():
            if "original0" in key or ("norm" in key.lower() and key.endswith("weight")):
                nn.init.uniform_(parameter, 0.5, 1.5)
            elif "logit_scale" not in key:
                nn.init.normal_(parameter, 0.0, 0.3)
    return network.eval(), extractor


def saved(folder: Path, family: str, **settings: Any) -> Path:
    """The folder of a small checkpoint."""
    network, extractor = made(family, **settings)
    network.save_pretrained(folder)
    extractor.save_pretrained(folder)
    return folder


def said(folder: Path, **changes: Any) -> None:
    """Change the config of a saved checkpoint; None takes a key away."""
    path = folder / "config.json"
    config = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({key: value for key, value in config.items() if value is not None}))
