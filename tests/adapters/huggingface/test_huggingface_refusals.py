"""What cannot be explained is said in one sentence, with the remedy, and before anything unsafe is opened."""

from __future__ import annotations

import builtins
import json
import pickle
import sys
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
import torch
from huggingface_hub import errors
from safetensors.torch import load_file, save_file
from small_checkpoints import SMALL, SPEECH, made, said, saved, transformers

from auricle.adapters.huggingface import huggingface_classifier
from auricle.errors import AuricleError


def refusal(model: Any, **settings: Any) -> str:
    with pytest.raises(AuricleError) as caught:
        huggingface_classifier(model, **settings)
    text = str(caught.value)
    assert "\n" not in text
    return text


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return saved(tmp_path / "speech", "wav2vec2-group")


def without_head(tmp_path: Path, kind: str) -> Path:
    getattr(transformers, f"Wav2Vec2{kind}")(transformers.Wav2Vec2Config(**SPEECH, vocab_size=12)).save_pretrained(
        tmp_path
    )
    transformers.Wav2Vec2FeatureExtractor().save_pretrained(tmp_path)
    return tmp_path


# --- heads --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["Model", "ForCTC", "ForPreTraining", "ForXVector", "ForAudioFrameClassification"])
def test_a_checkpoint_without_a_head_for_classes_says_which_is_needed(tmp_path, kind):
    text = refusal(without_head(tmp_path, kind), name="mine")
    assert text.startswith(f"mine is a Wav2Vec2{kind}, which has no head that names sounds")
    assert "Wav2Vec2ForSequenceClassification" in text


def test_a_head_that_would_be_random_is_refused_though_the_config_says_it_is_there(tmp_path):
    said(without_head(tmp_path, "Model"), architectures=["Wav2Vec2ForSequenceClassification"])
    assert "lack classifier.bias, classifier.weight, projector.bias …, which would be random" in refusal(tmp_path)


def test_a_head_that_would_be_random_is_refused_where_the_config_says_nothing(tmp_path):
    said(without_head(tmp_path, "Model"), architectures=None)
    assert "which would be random" in refusal(tmp_path)


def test_one_missing_layer_in_the_middle_is_refused(folder):
    weights = load_file(folder / "model.safetensors")
    save_file({k: v for k, v in weights.items() if "layers.1.attention.k_proj" not in k}, folder / "model.safetensors")
    assert "layers.1.attention.k_proj.bias" in refusal(folder)


def test_what_only_training_uses_may_be_missing(folder):
    weights = load_file(folder / "model.safetensors")
    assert any("masked_spec_embed" in key for key in weights)
    save_file({k: v for k, v in weights.items() if "masked_spec_embed" not in k}, folder / "model.safetensors")
    huggingface_classifier(folder)


@pytest.mark.parametrize("key", ["attn_implementation", "_attn_implementation"])
def test_attention_that_would_be_fetched_as_compiled_code_is_refused(folder, key):
    said(folder, **{key: "someone/kernels"})
    assert "asks for the attention someone/kernels" in refusal(folder)
    said(folder, **{key: "sdpa"})
    huggingface_classifier(folder)


def test_hf_without_a_name_is_told():
    assert refusal("hf:").endswith("hf:OWNER/NAME")


def test_weights_of_another_shape_are_told(folder):
    said(folder, hidden_size=32)
    text = refusal(folder)
    assert text.startswith("the weights of speech do not fit its config.json: ")
    assert "12 × 16 in the file and 12 × 32 by the config" in text


@pytest.mark.parametrize("as_object", [True, False])
def test_a_text_model_is_told(tmp_path, as_object):
    model = transformers.BertForSequenceClassification(transformers.BertConfig(**SMALL, vocab_size=20))
    model.save_pretrained(tmp_path)
    text = refusal(model if as_object else tmp_path)
    assert "bert model (BertForSequenceClassification), which does not classify sound" in text
    assert "Whisper" in text


@pytest.mark.parametrize("kind", ["Wav2Vec2Model", "Wav2Vec2ForCTC"])
def test_an_object_without_a_head_is_told(kind):
    model = getattr(transformers, kind)(transformers.Wav2Vec2Config(**SPEECH, vocab_size=12))
    text = refusal(model, extractor=transformers.Wav2Vec2FeatureExtractor())
    assert text.startswith(f"{kind} is a {kind}, which has no head that names sounds")


def test_half_of_clap_is_told(tmp_path):
    network, processor = made("clap")
    half = transformers.ClapAudioModelWithProjection(network.config.audio_config)
    assert "does not classify sound" in refusal(half, extractor=processor)


# --- labels -------------------------------------------------------------------------------------------------------


def test_too_few_or_too_many_labels_are_counted(folder):
    assert refusal(folder, labels=["a", "b"]) == "speech has 3 outputs but 2 labels were given; name each once"
    assert "3 outputs but 4 labels" in refusal(folder, labels=list("abcd"))


def test_outputs_of_one_name_are_told(folder):
    said(folder, id2label={"0": "dog", "1": "dog", "2": "rain"})
    assert refusal(folder) == 'speech calls 2 outputs "dog"; give labels, one name for each output'


def test_names_of_outputs_that_there_are_not_are_told(folder):
    said(folder, id2label={"0": "dog", "1": "rain", "3": "seven"})
    assert refusal(folder) == (
        'speech calls its output 3 "seven", but its outputs are numbered from 0 to 2; give labels, one name for each '
        "output"
    )
    assert huggingface_classifier(folder, labels=["a", "b", "c"]).labels == ("a", "b", "c")


def test_outputs_without_a_name_have_the_librarys(folder):
    said(folder, id2label={"0": "dog", "1": None, "2": " "})
    assert huggingface_classifier(folder).labels == ("dog", "LABEL_1", "LABEL_2")
    said(folder, id2label={"0": 0, "1": 1, "2": 2})  # spoken digits, say
    assert huggingface_classifier(folder).labels == ("0", "1", "2")


@pytest.mark.parametrize("labels", [None, {"0": "dog", "1": "rain"}])
def test_weights_of_another_number_of_outputs_are_told(folder, labels):
    said(folder, id2label=labels, label2id=None)
    text = refusal(folder)
    assert "classifier.bias is 3 in the file and 2 by the config, which names 2 labels (id2label)" in text


@pytest.mark.parametrize("labels", [None, ["dog"]])
def test_clap_needs_labels_to_compare_with(labels):
    model, processor = made("clap")
    assert "give at least two labels, for example --labels dog,rain" in refusal(
        model, extractor=processor, labels=labels
    )


def test_claps_labels_compete_and_have_a_place_in_the_template():
    model, processor = made("clap")
    asked: dict[str, Any] = {"extractor": processor, "labels": ["dog", "rain"]}
    assert "no place for the label" in refusal(model, template="a sound", **asked)
    assert "whose labels compete" in refusal(model, multi_label=True, **asked)


def test_clap_without_a_tokenizer_is_told():
    model, processor = made("clap")
    text = refusal(model, extractor=processor.feature_extractor, labels=["dog", "rain"])
    assert "give its AutoProcessor" in text


# --- extractors ---------------------------------------------------------------------------------------------------


def test_a_missing_extractor_says_how_to_get_it(folder):
    (folder / "preprocessor_config.json").unlink()
    text = refusal(folder)
    assert "speech has no preprocessor_config.json" in text
    assert "AutoFeatureExtractor.from_pretrained(BASE).save_pretrained(FOLDER)" in text


def test_an_object_needs_its_extractor_and_a_folder_has_one(folder):
    model, extractor = made("wav2vec2-group")
    assert "give its extractor= too" in refusal(model)
    assert "brings its own feature extractor" in refusal(folder, extractor=extractor)


@pytest.mark.parametrize("rate", [0, -16000, "16000", None])
def test_a_rate_at_which_nothing_can_be_heard_is_told(folder, rate):
    path = folder / "preprocessor_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"sampling_rate": rate}))
    assert f"hears at a sampling_rate of {rate!r}, which is no rate of sound" in refusal(folder)


def test_wav2vec2_bert_has_no_twin():
    config = transformers.Wav2Vec2BertConfig(**SMALL, feature_projection_input_dim=160)
    model = transformers.Wav2Vec2BertForSequenceClassification(config)
    text = refusal(model, extractor=transformers.SeamlessM4TFeatureExtractor())
    assert "SeamlessM4TFeatureExtractor (wav2vec2-bert)" in text
    assert "auricle.function_classifier" in text


def test_an_extractor_of_another_kind_is_told():
    model, _ = made("wav2vec2-group")
    assert "EncodecFeatureExtractor, which has no twin; " in refusal(
        model, extractor=transformers.EncodecFeatureExtractor()
    )


@pytest.mark.parametrize(("family", "other"), [("wav2vec2-group", "ast"), ("ast", "whisper"), ("whisper", "ast")])
def test_the_extractor_of_another_family_is_told(family, other):
    model, extractor = made(family)[0], made(other)[1]
    text = refusal(model, extractor=extractor)
    kind = model.config.model_type
    assert text.startswith(f"{type(extractor).__name__} is not what models of type {kind} hear through")


def test_an_extractor_with_other_settings_than_the_model_is_told():
    def with_extractor(family: str, extractor: Any) -> str:
        model, own = made(family)
        if family.startswith("clap"):
            extractor = transformers.ClapProcessor(extractor, own.tokenizer)
        return refusal(model, extractor=extractor, labels=["a", "b", "c"], name="mine")

    ast, whisper, clap = (getattr(transformers, f"{each}FeatureExtractor") for each in ("AST", "Whisper", "Clap"))
    assert "mine hears 32 bands, but its feature extractor makes 128" in with_extractor("ast", ast(max_length=100))
    assert "mine hears 100 frames, but its feature extractor makes 1024" in with_extractor("ast", ast(num_mel_bins=32))
    assert "hears 20 bands, but its feature extractor makes 80" in with_extractor("whisper", whisper(chunk_length=1))
    assert "hears 100 frames, but its feature extractor makes 3000" in with_extractor("whisper", whisper(20))
    assert "hears 1 copies of the sound, but" in with_extractor("clap", clap(feature_size=32, max_length_s=1))
    assert "adds noise to the sound (dither)" in with_extractor("whisper", whisper(20, chunk_length=1, dither=0.1))


@pytest.mark.parametrize("family", ["whisper", "clap"])
def test_what_always_hears_one_length_takes_no_other(family):
    model, extractor = made(family)
    asked: dict[str, Any] = {"extractor": extractor, "labels": ["a", "b", "c"]}
    assert "always hears 1 s at once, not 5 s" in refusal(model, seconds=5, **asked)
    assert huggingface_classifier(model, seconds=1, **asked).length.seconds == 1.0


@pytest.mark.parametrize("seconds", [0, -1.0])
def test_a_length_of_no_seconds_is_told(folder, seconds):
    assert "is no length" in refusal(folder, seconds=seconds)


# --- files that are not opened ------------------------------------------------------------------------------------


class Bomb:
    def __reduce__(self) -> Any:
        return (pytest.fail, ("a pickle was opened",))


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "tf_model.h5"])
def test_pickled_weights_are_refused_with_the_remedy(folder, name):
    (folder / "model.safetensors").unlink()
    (folder / name).write_bytes(pickle.dumps(Bomb()))
    text = refusal(folder)
    assert f"are in {name}, which may run code when opened and is not read" in text
    assert "in a place you trust" in text
    assert "save_pretrained" in text


def test_a_pickle_beside_safetensors_is_not_opened(folder):
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Bomb()))
    (folder / "preprocessor_config.bin").write_bytes(pickle.dumps(Bomb()))
    huggingface_classifier(folder)


def test_a_config_or_an_index_cannot_lead_to_a_pickle(folder):
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Bomb()))
    said(folder, transformers_weights="pytorch_model.bin")
    assert "only safetensors in its folder are read" in refusal(folder)
    said(folder, transformers_weights=None)
    (folder / "model.safetensors").unlink()
    for elsewhere in ("pytorch_model.bin", "../other.safetensors"):
        index = {"metadata": {}, "weight_map": {"classifier.weight": elsewhere}}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index))
        assert f"are said to be in {elsewhere}" in refusal(folder)


def test_weights_in_several_files_are_opened_and_a_lost_one_is_told(tmp_path):
    model, extractor = made("wav2vec2-group")
    model.save_pretrained(tmp_path, max_shard_size="10KB")
    extractor.save_pretrained(tmp_path)
    assert not (tmp_path / "model.safetensors").exists()
    classifier = huggingface_classifier(tmp_path)
    sound = torch.randn(1, 4000)
    same = huggingface_classifier(model, extractor=extractor)
    torch.testing.assert_close(classifier.logits(sound), same.logits(sound))
    next(tmp_path.glob("model-00002-*")).unlink()
    assert "lacks model-00002-of" in refusal(tmp_path)


def test_damaged_weights_are_told(folder):
    (folder / "model.safetensors").write_bytes(b"no safetensors at all")
    assert "cannot open speech" in refusal(folder)


def test_a_folder_without_weights_is_told(folder):
    (folder / "model.safetensors").unlink()
    assert "speech holds no model.safetensors" in refusal(folder)


def test_an_adapter_is_told(folder):
    (folder / "adapter_config.json").write_text("{}")
    assert "merge_and_unload" in refusal(folder)


def test_code_of_strangers_is_never_run(folder):
    (folder / "modeling_mine.py").write_text("raise SystemExit('code of strangers was run')\n")
    remote = {"AutoConfig": "modeling_mine.Config", "AutoModelForAudioClassification": "modeling_mine.Model"}
    for changes in ({"architectures": ["MyModel"]}, {"model_type": "mine", "architectures": ["MyModel"]}):
        said(folder, auto_map=remote, **changes)
        assert "code of its own (trust_remote_code), which auricle never runs" in refusal(folder)
    said(folder, model_type="wav2vec2", architectures=["Wav2Vec2ForSequenceClassification"])
    huggingface_classifier(folder)  # a model of transformers itself is opened as that


@pytest.mark.parametrize(
    ("text", "expected"),
    [("{broken", "cannot be read"), ("[]", "list instead of an object"), ("{}", "names no model_type")],
)
def test_an_unreadable_config_is_told(folder, text, expected):
    (folder / "config.json").write_text(text)
    assert expected in refusal(folder)


def test_a_config_of_nonsense_is_told(folder):
    said(folder, conv_dim=[8, "eight"])
    assert "cannot open speech" in refusal(folder)


def test_a_folder_of_something_else_is_told(tmp_path):
    assert "has no config.json, so it is no Hugging Face model" in refusal(tmp_path)


def test_a_file_and_a_wrong_path_are_told(folder):
    assert "is a file; give the folder" in refusal(folder / "model.safetensors")
    assert "is no folder, and no name on the Hugging Face hub" in refusal(str(folder / "nowhere" / "at all"))


# --- the hub ------------------------------------------------------------------------------------------------------


def raised(kind: type[Exception]) -> Exception:
    return kind.__new__(kind, "said by the hub")  # whose own constructors ask for an answer of the server


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (errors.LocalEntryNotFoundError, "hf download some/model --local-dir model"),
        (errors.OfflineModeIsEnabled, "the Hugging Face hub cannot be reached"),
        (errors.GatedRepoError, "is gated: accept its terms on"),
        (errors.RepositoryNotFoundError, 'no public model "some/model"'),
        (errors.HfHubHTTPError, "cannot be reached"),
        (TimeoutError, "cannot be reached"),
    ],
)
def test_a_name_that_cannot_be_fetched_says_how_to_use_a_folder(monkeypatch, kind, expected):
    def download(*args: Any, **settings: Any) -> str:
        raise raised(kind)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    text = refusal("hf:some/model")
    assert expected in text
    assert "folder" in text or "--local-dir" in text


def test_without_a_network_the_hub_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    text = refusal("nobody/has-this-model")
    assert "then --model hf:has-this-model" in text


def test_only_safe_files_are_fetched(monkeypatch, folder):
    asked: dict[str, Any] = {}

    def download(name: str, **settings: Any) -> str:
        asked.update(settings, name=name)
        return str(folder)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    assert huggingface_classifier("some/model").name == "model"
    assert asked["name"] == "some/model"
    fetched = huggingface_hub.utils.filter_repo_objects(
        ["config.json", "model.safetensors", "model-00001-of-00002.safetensors", "pytorch_model.bin", "modeling.py",
         "model.fp16.safetensors", "preprocessor_config.json", "optimizer.pt", "vocab.json"],
        allow_patterns=asked["allow_patterns"],
    )  # fmt: skip
    assert sorted(fetched) == [
        "config.json", "model-00001-of-00002.safetensors", "model.safetensors", "preprocessor_config.json",
        "vocab.json",
    ]  # fmt: skip


# --- other --------------------------------------------------------------------------------------------------------


def test_transformers_missing_says_how_to_install_it(monkeypatch, folder):
    real = builtins.__import__

    def without(name: str, *args: Any, **settings: Any) -> Any:
        if name.partition(".")[0] == "transformers":
            raise ModuleNotFoundError("No module named 'transformers'", name="transformers")
        return real(name, *args, **settings)

    monkeypatch.setattr(builtins, "__import__", without)
    monkeypatch.delitem(sys.modules, "transformers")
    assert "pip install 'auricle[hf]'" in refusal(folder)


def test_what_is_no_model_is_told():
    assert "Linear is no transformers model" in refusal(torch.nn.Linear(2, 2))


def test_a_model_object_in_half_precision_is_told():
    model, extractor = made("wav2vec2-group")
    assert "computes in float16" in refusal(model.half(), extractor=extractor)
