"""A Hugging Face checkpoint, or a model object of transformers, as a `Classifier`."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from auricle.adapters.arranging import written
from auricle.adapters.huggingface.checkpoint import Checkpoint, head_of, no_audio, no_head, read_checkpoint
from auricle.adapters.huggingface.clap import TEMPLATE, ZeroShot, sentences_of
from auricle.adapters.huggingface.extractors import hearing_of
from auricle.adapters.huggingface.hub import folder_of
from auricle.adapters.huggingface.network import NamedInput
from auricle.classifier import Classifier
from auricle.errors import AuricleError

if TYPE_CHECKING:
    from transformers import PreTrainedModel

UNUSED = ("masked_spec_embed",)
"""Weights that only training uses; some checkpoints lack them."""


def huggingface_classifier(
    model: str | Path | PreTrainedModel,
    *,
    extractor: Any = None,
    labels: Sequence[str] | None = None,
    seconds: float | None = None,
    multi_label: bool | None = None,
    template: str = TEMPLATE,
    name: str | None = None,
) -> Classifier:
    """Any ``AutoModelForAudioClassification`` as a classifier, heard through a differentiable twin of its extractor.

    model: a name on the Hugging Face hub, a folder that ``save_pretrained`` wrote, or a model object, which needs its
    feature ``extractor`` (or, for CLAP, its processor). Weights are read from safetensors only, and code that comes
    with a model is never run. labels: names instead of those in the config, one per output; for CLAP what its sound is
    compared with: each is put into ``template``, unless it ends with a full stop. seconds: clips longer than this are
    heard through consecutive windows; by default what the extractor says (wav2vec2 and its relatives: none).
    multi_label: whether each label stands on its own; by default what the config's ``problem_type`` says. A
    ``regression`` gives values instead of probabilities.

    Raises `AuricleError` for a checkpoint without an audio head (also where only its weights are missing), of another
    kind, in pickled files, without an extractor, or that cannot be reached.
    """
    _check_installed()
    if isinstance(model, str | Path):
        text = str(model).removeprefix("hf:")
        name = name or Path(text).name or Path(text).resolve().name
        if extractor is not None:
            raise AuricleError(f"{name} brings its own feature extractor; leave extractor out")
        found = read_checkpoint(folder_of(text), name)
        with _quiet():
            network, extractor, tokenizer = _opened(found)
    else:
        name = name or type(model).__name__
        network, extractor, tokenizer = _given(model, extractor, name)
    config: Any = network.config
    hearing = hearing_of(getattr(extractor, "feature_extractor", extractor), config, name, seconds)
    if config.model_type == "clap":
        if multi_label:
            raise AuricleError(f"{name} is a CLAP model, whose labels compete; leave multi_label out")
        zero_shot = ZeroShot(network, tokenizer, sentences_of(labels, template, name))
        assert labels is not None  # or there would be no sentences
        return Classifier(zero_shot, frontend=hearing.frontend, labels=labels, length=hearing.length, name=name)
    independent = config.problem_type == "multi_label_classification" if multi_label is None else multi_label
    values = config.problem_type == "regression" or (config.num_labels == 1 and not independent)
    return Classifier(
        NamedInput(network, hearing.input_name),
        frontend=hearing.frontend,
        labels=_labels(config, labels, name),
        length=hearing.length,
        multi_label=independent,
        outputs="values" if values else "logits",
        name=name,
    )


def _check_installed() -> None:
    try:
        import transformers  # noqa: F401
    except ImportError as error:
        raise AuricleError(
            f"Hugging Face models need the library transformers ({error}); install it with: pip install 'auricle[hf]'"
        ) from error


def _opened(found: Checkpoint) -> tuple[Any, Any, Any]:
    """Model, extractor and (for CLAP) tokenizer of a checkpoint whose files have been looked at."""
    import transformers

    safely: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    kind: Any = transformers.ClapModel if found.is_clap else transformers.AutoModelForAudioClassification
    tokenizer = None
    try:
        with torch.random.fork_rng(devices=[]):  # weights are drawn before they are read
            network, report = kind.from_pretrained(
                found.folder, use_safetensors=True, output_loading_info=True, torch_dtype=torch.float32,
                ignore_mismatched_sizes=True, **safely,
            )  # fmt: skip
        extractor = transformers.AutoFeatureExtractor.from_pretrained(found.folder, **safely)
        if found.is_clap:
            tokenizer = transformers.AutoTokenizer.from_pretrained(found.folder, **safely)
    except Exception as error:  # transformers raises nearly anything for settings that it cannot use
        said = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
        raise AuricleError(
            f"transformers {transformers.__version__} cannot open {found.name}: {said}; check that the folder is "
            "complete and was written by this version or an older one"
        ) from error
    wrong = sorted(report["mismatched_keys"])
    if wrong:
        key, stored, wanted = wrong[0]
        raise AuricleError(
            f"the weights of {found.name} do not fit its config.json: {key} is {written(tuple(stored))} in the file "
            f"and {written(tuple(wanted))} by the config, which names {network.config.num_labels} labels (id2label); "
            "use the config.json that was saved with these weights"
        )
    missing = sorted(key for key in report["missing_keys"] if not key.endswith(UNUSED))
    if missing:
        some = ", ".join(missing[:3]) + (" …" if len(missing) > 3 else "")
        raise AuricleError(
            f"the weights of {found.name} lack {some}, which would be random; give a checkpoint whose head "
            f"({type(network).__name__}) was trained"
        )
    return network, extractor, tokenizer


def _given(model: Any, extractor: Any, name: str) -> tuple[Any, Any, Any]:
    """A model object, checked, with its extractor and (for CLAP) tokenizer."""
    from transformers import PreTrainedModel

    if not isinstance(model, PreTrainedModel):
        raise AuricleError(
            f"{type(model).__name__} is no transformers model; give a hub name, a folder or a model object, and wrap "
            "other networks in auricle.Classifier"
        )
    head = head_of(model.config.model_type)
    stock = type(model).__module__.startswith("transformers.")  # others have a head of their own making
    if head is None and stock:
        raise no_audio(name, f"{model.config.model_type} model ({type(model).__name__})")
    if stock and type(model).__name__ != head:
        raise no_head(name, type(model).__name__, str(head))
    if extractor is None:
        raise AuricleError(
            f"{name} is a model object, which does not say how it hears; give its extractor= too, from "
            "AutoFeatureExtractor.from_pretrained (for CLAP its AutoProcessor)"
        )
    if model.dtype not in (torch.float32, torch.float64):
        kind = str(model.dtype).removeprefix("torch.")
        raise AuricleError(f"{name} computes in {kind}, which is too coarse to explain; give model.float()")
    tokenizer = getattr(extractor, "tokenizer", None)
    if model.config.model_type == "clap" and tokenizer is None:
        raise AuricleError(f"{name} is a CLAP model and needs its tokenizer too; give its AutoProcessor as extractor=")
    return model, extractor, tokenizer


def _labels(config: Any, labels: Sequence[str] | None, name: str) -> list[str]:
    if labels is None:
        named = {int(index): "" if label is None else str(label) for index, label in config.id2label.items()}
        known = {index: label for index, label in named.items() if label.strip()}
        beyond = next((index for index in known if not 0 <= index < config.num_labels), None)
        if beyond is not None:
            raise AuricleError(
                f'{name} calls its output {beyond} "{known[beyond]}", but its outputs are numbered from 0 to '
                f"{config.num_labels - 1}; give labels, one name for each output"
            )
        found = [known.get(index, f"LABEL_{index}") for index in range(config.num_labels)]
        label, count = Counter(found).most_common(1)[0]
        if count > 1:
            raise AuricleError(f'{name} calls {count} outputs "{label}"; give labels, one name for each output')
        return found
    if len(labels) != config.num_labels:
        outputs = config.num_labels
        raise AuricleError(f"{name} has {outputs} outputs but {len(labels)} labels were given; name each once")
    return [str(label) for label in labels]


@contextmanager
def _quiet() -> Iterator[None]:
    """Without transformers' bars, reports and warnings; what matters of them is said in a sentence."""
    from transformers.utils import logging

    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()
