"""What a checkpoint's folder says before anything is loaded: which model, with which head, in which files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auricle.errors import AuricleError

FAMILIES = "wav2vec2, HuBERT, WavLM, UniSpeech, AST, Whisper, CLAP"
PICKLED = (".bin", ".pt", ".pth", ".ckpt", ".h5")
_CONVERT = (
    "convert it in a place you trust: AutoModelForAudioClassification.from_pretrained(folder)"
    ".save_pretrained(new_folder)"
)


@dataclass(frozen=True)
class Checkpoint:
    """A folder whose files can be opened safely, and what its ``config.json`` says."""

    folder: Path
    name: str
    config: dict[str, Any]

    @property
    def is_clap(self) -> bool:
        return self.config["model_type"] == "clap"


def read_checkpoint(folder: Path, name: str) -> Checkpoint:
    """Check a folder; raises `AuricleError` for a model that is no audio classifier or that could run code."""
    config = _json(folder / "config.json", name)
    _check_kind(config, name)
    _check_attention(config, name)
    _check_weights(folder, config, name)
    _check_extractor(folder, name)
    return Checkpoint(folder, name, config)


def head_of(model_type: str) -> str | None:
    """The class of transformers that classifies sound with such a model; None where there is none."""
    from transformers.models.auto.modeling_auto import MODEL_FOR_AUDIO_CLASSIFICATION_MAPPING_NAMES as heads

    found = "ClapModel" if model_type == "clap" else heads.get(model_type)
    return None if found is None else str(found)


def no_head(name: str, given: str, wanted: str) -> AuricleError:
    return AuricleError(
        f"{name} is a {given}, which has no head that names sounds; give a checkpoint of {wanted} (fine-tune this one "
        "first, or choose one that was)"
    )


def no_audio(name: str, kind: str) -> AuricleError:
    return AuricleError(f"{name} is a {kind}, which does not classify sound; give an audio classifier ({FAMILIES})")


def _json(path: Path, name: str) -> dict[str, Any]:
    if not path.exists():
        raise AuricleError(
            f"{name} has no {path.name}, so it is no Hugging Face model; give the folder that "
            "model.save_pretrained() wrote"
        )
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(found, dict):
            raise ValueError(f"{type(found).__name__} instead of an object")
    except (ValueError, OSError) as error:
        raise AuricleError(f"{path} cannot be read ({error}); save or download the model again") from error
    return found


def _check_kind(config: dict[str, Any], name: str) -> None:
    model_type = config.get("model_type")
    named = config.get("architectures")
    given = named[0] if isinstance(named, list) and named and isinstance(named[0], str) else None
    if not isinstance(model_type, str):
        raise AuricleError(f"the config.json of {name} names no model_type, so it is no transformers model")
    head = head_of(model_type)
    if config.get("auto_map") and (head is None or given not in (None, head)):
        raise AuricleError(
            f"{name} brings Python code of its own (trust_remote_code), which auricle never runs; load it yourself in "
            "a place you trust and wrap the network in auricle.Classifier"
        )
    if head is None:
        raise no_audio(name, f"{model_type} model" + (f" ({given})" if given else ""))
    if given not in (None, head):
        raise no_head(name, str(given), head)


def _check_attention(config: dict[str, Any], name: str) -> None:
    """Other attention than torch's own is compiled code, which transformers would fetch from the hub and run."""
    for part in (config, *(each for each in config.values() if isinstance(each, dict))):
        for key in ("attn_implementation", "_attn_implementation"):
            if part.get(key) not in (None, "eager", "sdpa"):
                raise AuricleError(
                    f"{name} asks for the attention {part[key]} ({key} in its config.json), which would be compiled "
                    "code from elsewhere; take that line out, and torch's own serves"
                )


def _check_weights(folder: Path, config: dict[str, Any], name: str) -> None:
    """Only safetensors are ever opened, so nothing is unpickled, whatever the settings say."""
    if (folder / "adapter_config.json").exists():
        raise AuricleError(
            f"{name} is an adapter (LoRA) for another model; merge them where you trust both: "
            "model.merge_and_unload().save_pretrained(new_folder)"
        )
    explicit = config.get("transformers_weights")
    index = folder / "model.safetensors.index.json"
    if explicit is not None:
        files = [str(explicit)]
    elif (folder / "model.safetensors").exists():
        return
    elif index.exists():
        listed = _json(index, name).get("weight_map")
        files = sorted({str(each) for each in listed.values()}) if isinstance(listed, dict) else []
    else:
        pickled = sorted(each.name for each in folder.iterdir() if each.suffix in PICKLED)
        if pickled:
            raise AuricleError(
                f"the weights of {name} are in {pickled[0]}, which may run code when opened and is not read; {_CONVERT}"
            )
        raise AuricleError(f"{name} holds no model.safetensors, so it has no weights; download or save it again")
    for each in files:
        if not each.endswith(".safetensors") or Path(each).name != each:
            raise AuricleError(
                f"the weights of {name} are said to be in {each}, and only safetensors in its folder are read; "
                f"{_CONVERT}"
            )
        if not (folder / each).exists():
            raise AuricleError(f"{name} lacks {each}, a part of its weights; download it again")


def _check_extractor(folder: Path, name: str) -> None:
    if (folder / "preprocessor_config.json").exists():
        return
    if (folder / "processor_config.json").exists() and "feature_extractor" in _json(
        folder / "processor_config.json", name
    ):
        return
    raise AuricleError(
        f"{name} has no preprocessor_config.json, so nothing says how it hears; write it from the model that it was "
        "fine-tuned from: AutoFeatureExtractor.from_pretrained(BASE).save_pretrained(FOLDER)"
    )
