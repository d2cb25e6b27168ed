"""Every family gives what transformers gives, through the twin of its extractor, with a gradient on the samples."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_checkpoints import LABELS, MAKERS, made, said, saved, transformers

from auricle import Clip, load_classifier
from auricle.adapters.huggingface import huggingface_classifier
from auricle.adapters.huggingface.clap import TEMPLATE
from auricle.classifier import Classifier
from auricle.errors import AuricleError

FAMILIES = list(MAKERS)


class Opened(dict[str, Classifier]):
    """Each family's classifier, opened when it is first wanted."""

    def __init__(self, folders: dict[str, Path]) -> None:
        self.folders = folders

    def __missing__(self, family: str) -> Classifier:
        return self.setdefault(family, huggingface_classifier(self.folders[family], labels=words(family)))


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("checkpoints")
    return {family: saved(root / family, family) for family in FAMILIES}


@pytest.fixture(scope="module")
def opened(folders: dict[str, Path]) -> Opened:
    return Opened(folders)


def words(family: str) -> list[str] | None:
    return LABELS if family.startswith("clap") else None


def theirs(folder: Path, samples: np.ndarray) -> torch.Tensor:
    """Logits ``[1, C]`` as the library's own extractor and model give them for one clip."""
    extractor = transformers.AutoFeatureExtractor.from_pretrained(folder)
    inputs = extractor(samples, sampling_rate=extractor.sampling_rate, return_tensors="pt")
    with torch.no_grad():
        if folder.name.startswith("clap"):
            tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
            text = tokenizer([TEMPLATE.format(label=each) for each in LABELS], padding=True, return_tensors="pt")
            model = transformers.ClapModel.from_pretrained(folder)
            asked = {"input_ids": text["input_ids"], "attention_mask": text["attention_mask"]}
            features = inputs["input_features"].float()
            return model(input_features=features, is_longer=inputs["is_longer"], **asked).logits_per_audio
        return transformers.AutoModelForAudioClassification.from_pretrained(folder)(**inputs).logits


@pytest.mark.parametrize("family", FAMILIES)
def test_logits_are_those_of_the_original_pipeline(family, folders, opened, clips):
    classifier = opened[family]
    for clip in clips:
        ours = classifier.logits(classifier.windows(clip).samples)
        expected = theirs(folders[family], clip.mono(classifier.sample_rate))
        assert expected.std() > 1e-3
        torch.testing.assert_close(ours, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
def test_logits_of_a_recording_are_those_of_the_original_pipeline(family, folders, opened, fsdd):
    classifier = opened[family]
    expected = theirs(folders[family], fsdd.mono(classifier.sample_rate))
    torch.testing.assert_close(classifier.logits(classifier.windows(fsdd).samples), expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_clip_does_not_depend_on_its_batch_mates(family, opened, clips):
    classifier = opened[family]
    short = min(classifier.windows(clip).samples.shape[1] for clip in clips)
    together = torch.cat([classifier.windows(clip).samples[:, :short] for clip in clips])
    alone = torch.cat([classifier.logits(row[None]) for row in together])
    torch.testing.assert_close(classifier.logits(together), alone, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_gradient_reaches_the_samples(family, opened, clips):
    classifier = opened[family]
    samples = classifier.windows(clips[0]).samples.clone().requires_grad_()
    with classifier.inference():
        classifier.logits_from_features(classifier.frontend(samples))[0, 0].backward()
    assert samples.grad is not None
    assert torch.isfinite(samples.grad).all()
    loud = samples[0].abs() > 0.01 * samples.abs().max()
    assert (samples.grad[0, loud] != 0).float().mean() > 0.95


@pytest.mark.parametrize("family", FAMILIES)
def test_labels_rate_and_mode(family, opened):
    classifier = opened[family]
    assert classifier.labels == tuple(LABELS)
    assert classifier.sample_rate == (48000 if family.startswith("clap") else 16000)
    assert not classifier.multi_label
    assert not classifier.network.training
    assert classifier.outputs == "logits"


@pytest.mark.parametrize("family", FAMILIES)
def test_an_opened_model_can_be_saved_and_read_again(family, opened, clips, tmp_path):
    before = opened[family]
    network, extractor = made(family)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(0.5)
    other = huggingface_classifier(network, extractor=extractor, labels=words(family))
    after = load_classifier(before.save(tmp_path / family), network=other.network)
    assert (after.frontend, after.length, after.labels) == (before.frontend, before.length, before.labels)
    samples = before.windows(clips[0]).samples
    torch.testing.assert_close(after.logits(samples), before.logits(samples))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_model_object_is_the_same_as_its_folder_and_is_not_changed(family, opened, clips):
    network, extractor = made(family)
    network.train()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    classifier = huggingface_classifier(network, extractor=extractor, labels=words(family))
    samples = classifier.windows(clips[0]).samples
    torch.testing.assert_close(classifier.logits(samples), opened[family].logits(samples))
    assert all(module.training for module in network.modules())
    assert all(torch.equal(before[key], value) for key, value in network.state_dict().items())


def test_unlabelled_outputs_keep_their_numbers_and_can_be_named(tmp_path):
    network, extractor = made("ast", labels=["LABEL_0", "LABEL_1"])
    assert huggingface_classifier(network, extractor=extractor).labels == ("LABEL_0", "LABEL_1")
    renamed = huggingface_classifier(network, extractor=extractor, labels=["cat", "dog"], name="pets")
    assert (renamed.labels, renamed.name) == (("cat", "dog"), "pets")


@pytest.mark.parametrize(
    ("settings", "independent", "outputs"),
    [
        ({"problem_type": "multi_label_classification"}, True, "logits"),
        ({"problem_type": "single_label_classification"}, False, "logits"),
        ({"problem_type": "regression"}, False, "values"),
        ({"labels": ["pleasant"]}, False, "values"),
        ({"labels": ["speech"], "problem_type": "multi_label_classification"}, True, "logits"),
    ],
)
def test_the_kind_of_head_comes_from_the_config(settings, independent, outputs):
    network, extractor = made("ast", **settings)
    classifier = huggingface_classifier(network, extractor=extractor)
    assert (classifier.multi_label, classifier.outputs) == (independent, outputs)


def test_a_head_can_be_said_to_have_independent_labels():
    network, extractor = made("ast")
    assert huggingface_classifier(network, extractor=extractor, multi_label=True).multi_label


class OwnHead(transformers.Wav2Vec2PreTrainedModel):
    """A head of one's own, as fine-tuning scripts have it."""

    def __init__(self, body: Any, answer: str) -> None:
        super().__init__(body.config)
        self.body, self.answer = body, answer

    def forward(self, input_values: torch.Tensor) -> Any:
        logits = self.body(input_values).logits
        return {"tuple": (logits, None), "dict": {"logits": logits}, "tensor": logits, "nothing": {"scores": logits}}[
            self.answer
        ]


@pytest.mark.parametrize("answer", ["tuple", "dict", "tensor"])
def test_a_head_may_return_a_tuple_a_dict_or_a_tensor(answer, opened, clips):
    network, extractor = made("wav2vec2-raw")
    classifier = huggingface_classifier(OwnHead(network, answer), extractor=extractor)
    samples = classifier.windows(clips[0]).samples
    torch.testing.assert_close(classifier.logits(samples), opened["wav2vec2-raw"].logits(samples))


def test_a_head_that_returns_no_logits_is_told(clips):
    network, extractor = made("wav2vec2-raw")
    classifier = huggingface_classifier(OwnHead(network, "nothing"), extractor=extractor)
    with pytest.raises(AuricleError, match="returned dict with scores and no logits"):
        classifier.predict(clips[0])


def test_clips_of_other_lengths_are_never_padded_together(opened, clips):
    classifier = opened["wav2vec2-layer"]
    lengths = {classifier.windows(clip).samples.shape[1] for clip in clips}
    assert len(lengths) > 1
    assert lengths == {len(clip.mono(16000)) for clip in clips}


@pytest.mark.parametrize("family", ["wav2vec2-group", "ast", "whisper", "clap"])
def test_each_window_of_a_long_clip_is_what_the_pipeline_says_of_that_piece(family, folders, opened):
    classifier = opened[family]
    if family == "wav2vec2-group":
        classifier = huggingface_classifier(folders[family], seconds=1.0)
    rate = classifier.sample_rate
    sound = 0.1 * np.random.default_rng(0).standard_normal(round(2.5 * rate)).astype(np.float32)
    windows = classifier.windows(Clip(sound, sample_rate=rate, name="noise"))
    assert len(windows.starts) == 3
    wide = windows.samples.shape[1]
    for start, logits in list(zip(windows.starts, classifier.logits(windows.samples), strict=True))[:2]:
        expected = theirs(folders[family], sound[start : start + wide])
        torch.testing.assert_close(logits[None], expected, rtol=0, atol=1e-4)


def test_a_checkpoint_in_half_precision_is_opened_in_single(tmp_path):
    network, extractor = made("ast")
    network.half().save_pretrained(tmp_path)
    extractor.save_pretrained(tmp_path)
    assert huggingface_classifier(tmp_path).dtype == torch.float32


@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
def test_weights_in_single_precision_are_not_rounded_though_the_config_says_half(kind, folders, opened, tmp_path):
    # transformers 5 opens a model in the config's precision
    folder = tmp_path / "ast"
    shutil.copytree(folders["ast"], folder)
    said(folder, dtype=kind, torch_dtype=kind)
    weights, stored = (each.network.state_dict() for each in (huggingface_classifier(folder), opened["ast"]))
    assert all(torch.equal(weights[key], value) for key, value in stored.items())


def test_a_sentence_is_used_as_it_is(folders, opened, clips):
    as_words = opened["clap"]
    sentences = [TEMPLATE.format(label=each) for each in LABELS]
    samples = as_words.windows(clips[0]).samples
    spoken = huggingface_classifier(folders["clap"], labels=sentences)
    assert spoken.labels == tuple(sentences)
    torch.testing.assert_close(spoken.logits(samples), as_words.logits(samples))
    other = huggingface_classifier(folders["clap"], labels=LABELS, template="A {label}")
    assert not torch.allclose(other.logits(samples), as_words.logits(samples), atol=1e-3)


def test_opening_leaves_the_random_state_and_the_librarys_reports(folders):
    logging = transformers.utils.logging
    before, verbosity = torch.get_rng_state(), logging.get_verbosity()
    huggingface_classifier(folders["ast"])
    assert torch.equal(before, torch.get_rng_state())
    assert logging.get_verbosity() == verbosity
