"""The Audio Spectrogram Transformer in any size, as Hugging Face's library computes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from torch import Tensor, nn

from auricle.errors import AuricleError


class AST(nn.Module):
    """``[B, frames, bands] -> [B, classes]``: a transformer on overlapping patches of a log-mel map (Gong et al. 2021).

    Patches are ``patch`` × ``patch`` cells, every ``strides`` (bands, frames); two tokens without a patch are averaged
    for the answer. The default has the published size (86 million weights). ``initial`` is the standard deviation of
    the first weights, which a narrow network needs larger than the published 0.02. The network itself is
    ``transformers.ASTForAudioClassification``, so that a checkpoint of either opens in the other.
    Raises `AuricleError` where transformers is not installed, and for patches that do not fit the map.
    """

    architecture: ClassVar[str] = "ast"

    def __init__(
        self,
        *,
        classes: int = 527,
        bands: int = 128,
        frames: int = 1024,
        patch: int = 16,
        strides: Sequence[int] = (10, 10),
        width: int = 768,
        layers: int = 12,
        heads: int = 12,
        hidden: int | None = None,
        dropout: float = 0.0,
        initial: float = 0.02,
    ) -> None:
        super().__init__()
        try:
            from transformers import ASTConfig, ASTForAudioClassification
        except ImportError as error:
            raise AuricleError("the network ast needs transformers; pip install 'auricle[hf]'") from error
        if patch > min(bands, frames) or width % heads:
            wrong = f"patches of {patch} cells do not fit {bands} bands × {frames} frames"
            if width % heads:
                wrong = f"{heads} heads do not divide a width of {width}"
            raise AuricleError(f"ast cannot be made: {wrong}; change its settings")
        self.settings = {
            "classes": classes,
            "bands": bands,
            "frames": frames,
            "patch": patch,
            "strides": list(strides),
            "width": width,
            "layers": layers,
            "heads": heads,
            "hidden": hidden or 4 * width,
            "dropout": dropout,
            "initial": initial,
        }
        config = ASTConfig(
            hidden_size=width,
            num_hidden_layers=layers,
            num_attention_heads=heads,
            intermediate_size=hidden or 4 * width,
            hidden_dropout_prob=dropout,
            attention_probs_dropout_prob=0.0,
            initializer_range=initial,
            patch_size=patch,
            frequency_stride=strides[0],
            time_stride=strides[1],
            max_length=frames,
            num_mel_bins=bands,
        )
        config.num_labels = classes
        self.transformer = ASTForAudioClassification(config)

    def forward(self, features: Tensor) -> Tensor:
        return self.transformer(input_values=features).logits
