"""FLINT: its loss by hand, the sound of its attributes, and that it learns."""

import pytest
import torch
from small_tasks import Batches, built, classifier, heard, sounds

from auricle.interpreters.fitting import fit
from auricle.interpreters.flint import FLINT, entropy
from auricle.interpreters.opening import load_interpreter

ONE = torch.eye(2)


def test_entropy_by_hand():
    p = torch.tensor([0.5, 0.25, 0.25])
    assert float(entropy(p.log())) == pytest.approx(1.5 * float(torch.tensor(2.0).log()), rel=1e-5)


def test_loss_by_hand():
    model = classifier()
    it = built(FLINT, model, attributes=6, width=8, concise=0.3, diverse=0.2, sparsity=0.1, fidelity=2.0).eval()
    batch = heard(it, model, sounds(4))
    terms = {name: float(each) for name, each in it.terms(batch, torch.Generator(), 0).items()}
    codes = it.codes(batch)
    phi = codes.amax(2)
    assert terms["concise"] == pytest.approx(0.3 * float(entropy(phi).mean()), rel=1e-4)
    assert terms["diverse"] == pytest.approx(-0.2 * float(entropy(phi.mean(0))), rel=1e-4)
    assert terms["sparsity"] == pytest.approx(0.1 * float(codes.mean()), rel=1e-4)
    said = -(batch.logits.softmax(1) * it.head(phi).log_softmax(1)).sum(1).mean()
    assert terms["fidelity"] == pytest.approx(2.0 * float(said), rel=1e-4)


def test_what_chosen_attributes_sound_like():
    model = classifier()
    it = built(FLINT, model, attributes=6, width=8).eval()
    batch = heard(it, model, sounds(3))
    codes = it.codes(batch)
    everything = it.share(codes, torch.ones(3, 1, 6, dtype=torch.bool))
    assert torch.equal(everything[:, 0], (it.rebuilt(codes) > 0).float())
    assert not it.share(codes, torch.zeros(3, 1, 6, dtype=torch.bool)).any()
    found = it.interpretation(batch, ONE.expand(3, 2, 2))
    assert found.gain.shape == (3, 2, *batch.spectrum.shape[1:])
    assert found.gain.min() >= 0
    assert found.gain.max() <= 1
    one = it.interpretation(batch, ONE[[1, 1, 1]])
    alone = it.rebuilt(codes * one.chosen.unsqueeze(-1))
    whole = it.rebuilt(codes)
    torch.testing.assert_close(one.gain, torch.where(whole > 0, (alone / whole).clamp(0, 1), 0.0))


def test_it_learns_to_imitate(tmp_path):
    model = classifier()
    it = built(FLINT, model, attributes=8, width=8, epochs=6, learning_rate=5e-3)
    fit(it, model, Batches(sounds(96)), Batches(sounds(32, seed=1)))
    best = it.history[it.facts["best_epoch"]]
    assert best["validate_top_1"] > 0.95
    assert best["validate_reconstruction_error"] < 0.8 * it.history[0]["validate_reconstruction_error"]
    it.save(tmp_path)
    opened = load_interpreter(tmp_path)
    batch = heard(it, model, sounds(2))
    assert torch.equal(opened.interpretation(batch, ONE).gain, it.interpretation(batch, ONE).gain)
