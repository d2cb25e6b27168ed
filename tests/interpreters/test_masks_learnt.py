"""Interpreters that draw masks: what their losses are, and what they find where the truth is known."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from small_tasks import RATE, SAMPLES, classifier

import auricle
from auricle.clip import Clip
from auricle.errors import AuricleError
from auricle.interpreters.base import subject_of
from auricle.interpreters.decoder import MaskDecoder
from auricle.interpreters.fitting import fit
from auricle.interpreters.heard import hear
from auricle.interpreters.lmac import LMAC, LMACSettings
from auricle.interpreters.masked import in_log1p, variation
from auricle.interpreters.opening import load_interpreter
from auricle.interpreters.plane import plane
from auricle.interpreters.saliency import AmortisedMask, AmortisedSettings
from auricle.interpreters.taps import Reading
from auricle.metrics.controls import energy_mask
from auricle.metrics.si_sdr import si_sdr
from auricle.naming import method_named
from auricle.report.plot import units


def tones(count, seed=0):
    """Low, high or both, ``[N, n]``, in noise; and the low and the high part alone."""
    draw = np.random.default_rng(seed)
    at = np.arange(SAMPLES) / RATE
    parts = []
    for number in range(count):
        present = [(1, 0), (0, 1), (1, 1)][number % 3]
        low, high = (
            there * draw.uniform(0.2, 0.5) * np.sin(2 * np.pi * draw.uniform(*band) * at)
            for there, band in zip(present, ((300, 1500), (2500, 3700)), strict=True)
        )
        parts.append((low, high))
    clean = np.array(parts)
    mixed = clean.sum(1) + 0.01 * draw.standard_normal((count, SAMPLES))
    return torch.tensor(mixed, dtype=torch.float32), clean


class Batches:
    def __init__(self, samples, size=12):
        self.samples, self.size, self.epoch = samples, size, 0

    def __len__(self):
        return math.ceil(len(self.samples) / self.size)

    def __iter__(self):
        order = torch.randperm(len(self.samples), generator=torch.Generator().manual_seed(self.epoch))
        yield from self.samples[order].split(self.size)


def made(kind, model, **settings):
    torch.manual_seed(0)
    return kind(subject_of(model, (), reads=kind.reads, n=SAMPLES), kind.Settings(**settings))


@pytest.fixture(scope="module")
def several():
    """Of several labels: a mixture has both."""
    return classifier("maps", multi_label=True)


@pytest.fixture(scope="module")
def learnt(several, tmp_path_factory):
    """Both kinds, trained on 60 clips, in folders."""
    samples, _ = tones(60)
    folders = {}
    for kind, given in ((LMAC, {"area": 1.0}), (AmortisedMask, {"area": 1.0})):
        found = made(kind, several, epochs=12, batch=12, learning_rate=8e-3, width=16, **given)
        fit(found, several, Batches(samples), Batches(samples[:12]))
        folders[kind.kind] = found.save(tmp_path_factory.mktemp(kind.kind))
    return folders


@pytest.mark.parametrize("kind", ["lmac", "mask"])
def test_each_class_of_a_mixture_gets_its_own_sound(several, learnt, kind):
    samples, clean = tones(9, seed=1)
    method = method_named(f"{kind}:{learnt[kind]}")
    better, louder = [], []
    for number in (2, 5, 8):  # both
        clip = Clip(samples[number].numpy(), RATE)
        for part, label in enumerate(("low", "high")):
            explanation = auricle.explain(clip, several, method=method, target=label)
            kept = explanation.kept().samples[0]
            mask = explanation.mask()[0]
            power = np.abs(hear(several, samples[number][None], ["features.0"]).spectrum[0].numpy()) ** 2
            assert 0.0 < mask.mean() < 0.7
            own = float(si_sdr(kept, clean[number, part]))
            loud = hear(several, samples[number][None], ["features.0"]).through(
                torch.tensor(energy_mask(mask, power), dtype=torch.float32)
            )
            better.append(own - float(si_sdr(samples[number].numpy(), clean[number, part])))
            louder.append(own - float(si_sdr(loud[0].numpy(), clean[number, part])))
    assert np.mean(better) > 4.0
    assert np.mean(louder) > 4.0


@pytest.mark.parametrize("kind", ["lmac", "mask"])
def test_kept_and_removed_are_the_clip_and_the_kept_part_decides(several, learnt, kind):
    samples, _ = tones(6, seed=2)
    for number in range(6):
        explanation = auricle.explain(Clip(samples[number].numpy(), RATE), several, method=f"{kind}:{learnt[kind]}")
        both = explanation.kept().samples + explanation.removed().samples
        np.testing.assert_allclose(both[0], samples[number], atol=1e-6)
        assert explanation.measure(curves=False).row("Fid-In").value == 1.0
        assert explanation.measure(curves=False).settings["masking"]["shape"] == "given"


def test_a_mask_is_told_in_shares_kept(several, learnt):
    explanation = auricle.explain(Clip(tones(1)[0][0].numpy(), RATE), several, method=f"lmac:{learnt['lmac']}")
    assert units(explanation) == "share kept"
    said = [panel.get_ylabel() for panel in explanation.plot().axes]
    assert "share kept of each cell, for low" in said


def test_what_is_heard_is_what_was_learnt(several, learnt):
    samples, _ = tones(3, seed=3)
    found = load_interpreter(learnt["lmac"])
    heard = hear(several, samples, found.subject.layers)
    with torch.no_grad():
        gain = plane(several.frontend, SAMPLES).gain(found.mask(heard, torch.tensor([0, 1, 0])))
    clip = Clip(samples[0].numpy(), RATE)
    explanation = auricle.explain(clip, several, method=f"lmac:{learnt['lmac']}", target="low")
    np.testing.assert_allclose(explanation.mask()[0], gain[0].numpy(), atol=1e-5)


def test_any_length_is_explained(several, learnt):
    samples, _ = tones(3, seed=4)
    for length in (1000, 2500, 12_000):
        sound = samples[2].repeat(3)[:length].numpy()
        explanation = auricle.explain(Clip(sound, RATE), several, method=f"lmac:{learnt['lmac']}", target="low")
        assert explanation.relevance.shape == explanation.axes.shape
        assert explanation.kept().samples.shape == (1, length)


def test_losses_are_those_of_the_formula():
    model = classifier("maps")
    samples, _ = tones(6)
    found = made(LMAC, model, width=8, masked_in=4.0, masked_out=0.2, area=6.4, smooth=0.5)
    heard = hear(model, samples, found.subject.layers)
    with torch.no_grad():
        terms = found.terms(heard, torch.Generator(), 0)
        said = heard.logits.argmax(1)
        mask = found.mask(heard, said)
        inside = heard.through(plane(model.frontend, SAMPLES).gain(mask))
        kept, removed = model.logits(inside), model.logits(samples - inside)
    expected = {
        "masked_in": 4.0 * torch.nn.functional.cross_entropy(kept, said),
        "masked_out": -0.2 * torch.nn.functional.cross_entropy(removed, said),
        "area": 6.4 * mask.mean(),
        "smooth": 0.5 * (mask.diff(dim=1).square().mean() + mask.diff(dim=2).square().mean()),
    }
    assert terms.keys() == expected.keys()
    for name, value in expected.items():
        torch.testing.assert_close(terms[name], value, rtol=1e-4, atol=1e-6, msg=name)


@pytest.mark.parametrize("kind", [LMAC, AmortisedMask])
def test_the_loss_of_a_batch_is_the_mean_over_its_clips(kind):
    model = classifier("maps")
    samples, _ = tones(6)
    found = made(kind, model, width=8, smooth=0.3)
    with torch.no_grad():
        whole, singles = (
            [sum(found.terms(hear(model, part, found.subject.layers), torch.Generator(), 0).values()) for part in parts]
            for parts in ([samples], samples.split(1))
        )
    assert float(whole[0]) == pytest.approx(float(torch.stack(singles).mean()), rel=1e-4)


def test_with_several_labels_the_removed_part_keeps_the_others(several):
    samples, _ = tones(3)
    found = made(LMAC, several, width=8)
    heard = hear(several, samples, found.subject.layers)
    assert (heard.probabilities[2] >= 0.5).all()
    with torch.no_grad():
        parts = found.parted(heard, torch.tensor([0, 1, 0]))
        inside, outside = found._said(heard, parts)
    kept, removed = torch.sigmoid(parts.kept[2]), torch.sigmoid(parts.removed[2])
    assert float(inside[2]) == pytest.approx(float(-(kept[0].log() + (1 - kept[1]).log())), rel=1e-3)
    assert float(outside[2]) == pytest.approx(float(-((1 - removed[0]).log() + removed[1].log())), rel=1e-3)


def test_of_several_labels_each_one_that_is_said_is_drawn(several):
    samples, _ = tones(3)
    found = made(LMAC, several, width=8)
    heard = hear(several, samples, found.subject.layers)
    draw = torch.Generator().manual_seed(0)
    drawn = torch.stack([found.classes_of(heard, draw) for _ in range(40)])
    assert set(drawn[:, 0].tolist()) == {0}
    assert set(drawn[:, 1].tolist()) == {1}
    assert set(drawn[:, 2].tolist()) == {0, 1}


def test_in_log1p_both_parts_multiply_to_the_whole():
    mask, magnitude = torch.rand(4, 5), 10 * torch.rand(4, 5)
    inside, outside = (in_log1p(each, magnitude) * magnitude for each in (mask, 1 - mask))
    torch.testing.assert_close((1 + inside) * (1 + outside), 1 + magnitude, rtol=1e-5, atol=1e-5)
    assert in_log1p(torch.tensor(0.3), torch.tensor(0.0)) == pytest.approx(0.3)


def test_the_published_domain_explains_too(several):
    samples, _ = tones(3)
    found = made(LMAC, several, width=8, domain="log1p")
    heard = hear(several, samples, found.subject.layers)
    with torch.no_grad():
        gain = found.relevance(heard, torch.eye(2)[[0, 1, 0]])
        mask = plane(several.frontend, SAMPLES).gain(found.mask(heard, torch.tensor([0, 1, 0])))
    assert found.level == "stft"
    frames = gain.shape[2]
    expected = torch.expm1(mask * heard.spectrum.abs().log1p()) / heard.spectrum.abs()
    torch.testing.assert_close(gain, expected[..., :frames], rtol=1e-3, atol=1e-4)


def test_guided_clips_leave_area_out_and_learn_where_the_clean_clip_is_loud(several):
    samples, _ = tones(3)
    found = made(LMAC, several, width=8, guided=4.0, guided_likeness=-1.0, noise="white", noise_db=0.0)
    noisy = samples + 0.1 * torch.randn_like(samples)
    heard = hear(several, noisy, found.subject.layers, clean=samples)
    with torch.no_grad():
        terms = found.terms(heard, torch.Generator().manual_seed(0), 0)
    assert float(terms["area"]) == 0.0
    assert float(terms["guided"]) > 0.0
    nobody = made(LMAC, several, width=8, guided=4.0, guided_likeness=1.1, noise="white")
    assert float(nobody.terms(heard, torch.Generator().manual_seed(0), 0)["guided"].detach()) == 0.0


def test_epochs_before_and_after_guidance_begins_are_judged_by_the_same_loss(several):
    samples, _ = tones(12)
    found = made(
        LMAC, several, epochs=2, width=8, learning_rate=1e-12, guided=4.0, guided_from=1, guided_likeness=-1.0
    )
    fit(found, several, Batches(samples), Batches(samples))
    before, after = found.history
    assert "guided" not in before
    assert after["guided"] > 0.0
    assert before["validate_loss"] == pytest.approx(after["validate_loss"], rel=1e-3)
    assert before["loss"] != pytest.approx(after["loss"], rel=0.1)


def test_a_mask_of_a_single_frame_differs_in_pitch_alone():
    mask = torch.tensor([[[0.0], [1.0], [1.0]]])
    assert float(variation(mask)) == 0.5
    assert float(variation(mask[:, :1])) == 0.0


@pytest.mark.parametrize("noise", ["white", "mixed"])
def test_noise_has_the_level_that_was_asked_for(several, noise):
    samples, _ = tones(6)
    found = made(LMAC, several, width=8, noise=noise, noise_db=6.0, noise_share=1.0)
    added = found.varied(samples, torch.Generator().manual_seed(0)) - samples
    ratio = 10 * torch.log10(samples.square().sum(1) / added.square().sum(1))
    np.testing.assert_allclose(ratio, 6.0, atol=0.01)
    few = made(LMAC, several, width=8, noise=noise, noise_share=0.0)
    assert torch.equal(few.varied(samples, torch.Generator()), samples)


def test_same_seed_same_bits_also_after_an_interruption(several, tmp_path):
    samples, _ = tones(24)

    def train(folder, epochs):
        found = made(LMAC, several, epochs=epochs, width=8)
        fit(found, several, Batches(samples), Batches(samples[:6]), out=folder, seed=5, identity="one")
        return found.state_dict()

    whole = train(tmp_path / "whole", 3)
    train(tmp_path / "parts", 2)
    resumed = train(tmp_path / "parts", 3)
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
    with pytest.raises(AuricleError, match="another unfinished training"):
        fit(made(LMAC, several), several, Batches(samples), Batches(samples[:6]), out=tmp_path / "parts", identity="x")


def test_the_epoch_that_is_kept_is_the_best_on_validation_clips(several):
    samples, _ = tones(24)
    found = made(LMAC, several, epochs=5, width=8, learning_rate=0.05)
    fit(found, several, Batches(samples), Batches(samples[:6]))
    losses = [row["validate_loss"] for row in found.history]
    assert found.facts["best_epoch"] == int(np.argmin(losses))
    assert len(losses) == 5


def test_the_classifier_stays_as_it_is(several):
    before = {name: value.clone() for name, value in several.network.state_dict().items()}
    samples, _ = tones(12)
    fit(made(LMAC, several, epochs=1, width=8), several, Batches(samples), Batches(samples[:0]))
    assert all(torch.equal(before[name], value) for name, value in several.network.state_dict().items())
    assert all(each.requires_grad for each in several.network.parameters())


def test_training_that_diverges_is_told(several):
    samples, _ = tones(12)
    found = made(LMAC, several, epochs=1, width=8, area=1e39)
    with pytest.raises(AuricleError, match="training diverged; lower learning_rate"):
        fit(found, several, Batches(samples), Batches(samples[:0]))


def test_another_model_a_contrast_and_a_wrong_folder_are_refused(several, learnt, tmp_path):
    clip = Clip(tones(3)[0][2].numpy(), RATE)
    method = f"lmac:{learnt['lmac']}"
    other = classifier("maps")
    with pytest.raises(AuricleError, match="was trained to explain another model"):
        auricle.explain(clip, other, method=method)
    assert auricle.explain(clip, other, method=method_named(method, check_weights=False)).relevance.max() <= 1.0
    with pytest.raises(AuricleError, match="one mask for each class and none for a contrast"):
        auricle.explain(clip, several, method=method, target="low-high")
    with pytest.raises(AuricleError, match="holds an interpreter of kind lmac; write lmac:"):
        auricle.explain(clip, several, method=f"mask:{learnt['lmac']}")
    with pytest.raises(AuricleError, match=r"holds no interpreter\.json; train an interpreter"):
        auricle.explain(clip, several, method=f"lmac:{tmp_path}")
    with pytest.raises(AuricleError, match='no method is called "lmax:x"'):
        auricle.explain(clip, several, method="lmax:x")
    with pytest.raises(AuricleError, match="names no folder"):
        auricle.explain(clip, several, method="lmac:")


def test_a_damaged_folder_is_told(learnt, tmp_path):
    import shutil

    for name, content in (("interpreter.json", "{}"), ("interpreter.safetensors", "no")):
        folder = tmp_path / name
        shutil.copytree(learnt["lmac"], folder)
        (folder / name).write_text(content)
        with pytest.raises(AuricleError, match="is damaged"):
            load_interpreter(folder)


def test_a_decoder_for_cnn14_is_a_hundredth_of_the_published_one():
    readings = [Reading(str(n), channels) for n, channels in enumerate((256, 512, 1024, 2048))]
    decoder = MaskDecoder(readings, 50, 32)
    assert sum(each.numel() for each in decoder.parameters()) < 2_000_000
    maps = [torch.randn(1, each.channels, 80 >> n, 430 >> n) for n, each in enumerate(readings)]
    assert decoder(maps, (513, 431)).shape == (1, 50, 513, 431)


@pytest.mark.parametrize("kind", ["samples", "transposed", "tokens"])
@pytest.mark.parametrize("interpreter", [LMAC, AmortisedMask])
def test_networks_of_every_shape_are_explained(kind, interpreter, tmp_path):
    model = classifier(kind)
    found = made(interpreter, model, epochs=1, width=8)
    samples, _ = tones(6)
    fit(found, model, Batches(samples), Batches(samples[:3]))
    explanation = auricle.explain(
        Clip(samples[0].numpy(), RATE), model, method=f"{found.kind}:{found.save(tmp_path)}"
    )
    assert explanation.relevance.shape == explanation.axes.shape
    assert explanation.relevance.min() >= 0.0
    assert explanation.relevance.max() <= 1.0
    both = explanation.kept().samples + explanation.removed().samples
    np.testing.assert_allclose(both[0], samples[0], atol=1e-6)


def test_settings_that_cannot_be_are_told():
    with pytest.raises(AuricleError, match="area"):
        LMACSettings(area=-1.0)
    with pytest.raises(AuricleError, match="learning_rte"):
        AmortisedSettings(learning_rte=0.1)
    assert replace(LMACSettings(), area=0.0).area == 0.0


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")
def test_a_gpu_explains_as_a_cpu_does(learnt):
    clip = Clip(tones(3)[0][2].numpy(), RATE)
    model = classifier("maps", multi_label=True)
    method = f"lmac:{learnt['lmac']}"
    expected = auricle.explain(clip, model, method=method, target="low").relevance
    model.network.to("cuda")
    np.testing.assert_allclose(auricle.explain(clip, model, method=method, target="low").relevance, expected, atol=1e-4)
    samples, _ = tones(12)
    found = made(LMAC, model, epochs=1, width=8, noise="white")
    fit(found, model, Batches(samples), Batches(samples[:3]))
    assert math.isfinite(found.history[0]["loss"])
