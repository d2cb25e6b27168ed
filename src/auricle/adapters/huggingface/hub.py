"""Where a checkpoint lies: a local folder, or the hub, of which only safe files are fetched."""

from __future__ import annotations

import re
from pathlib import Path

from auricle.errors import AuricleError

WANTED = (
    "config.json", "preprocessor_config.json", "processor_config.json", "adapter_config.json",
    "model.safetensors", "model.safetensors.index.json", "model-*.safetensors",
    "tokenizer.json", "tokenizer_config.json", "vocab.json", "merges.txt", "special_tokens_map.json",
    "added_tokens.json",
)  # fmt: skip
"""What is fetched: settings, words and safetensors; never pickles or code."""
_HUB_NAME = re.compile(r"[\w-][\w.-]*(/[\w.-]+)?")


def folder_of(name: str) -> Path:
    """The local folder of a checkpoint; a name of the hub is fetched into transformers' own cache."""
    if not name:
        raise AuricleError("hf: wants a name on the Hugging Face hub, or a folder, after it: hf:OWNER/NAME")
    path = Path(name).expanduser()
    if path.is_dir():
        return path
    if path.exists():
        raise AuricleError(f"{name} is a file; give the folder that model.save_pretrained() wrote, or a hub name")
    if _HUB_NAME.fullmatch(name) is None:
        raise AuricleError(f"{name} is no folder, and no name on the Hugging Face hub (owner/name); check the path")
    return _fetched(name)


def _fetched(name: str) -> Path:
    import huggingface_hub
    from huggingface_hub import errors

    local = f"hf download {name} --local-dir {name.rpartition('/')[2]}, then --model hf:{name.rpartition('/')[2]}"
    try:
        return Path(huggingface_hub.snapshot_download(name, allow_patterns=list(WANTED)))
    except errors.GatedRepoError as error:
        raise AuricleError(
            f"{name} is gated: accept its terms on huggingface.co/{name} and log in with hf auth login; or fetch it "
            f"where you may: {local}"
        ) from error
    except (errors.RepositoryNotFoundError, errors.HFValidationError) as error:
        raise AuricleError(
            f'the Hugging Face hub has no public model "{name}", and there is no such folder; check the name, or log '
            "in with hf auth login if it is private"
        ) from error
    except Exception as error:  # what a network raises when it fails differs with the library's version
        raise AuricleError(
            f'there is no folder "{name}", and the Hugging Face hub cannot be reached '
            f"({type(error).__name__}); fetch the model where there is a network: {local}"
        ) from error
