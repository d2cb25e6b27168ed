"""L2I: what its loss is made of, how relevance and masks come about, that it learns, and what it refuses."""

import pytest
import torch
from small_tasks import Batches, built, classifier, heard, sounds
from torch.testing import assert_close

from auricle.clip import Clip
from auricle.errors import AuricleError
from auricle.frontends import STFT
from auricle.interpreters import Dictionary
from auricle.interpreters.fitting import fit
from auricle.interpreters.interpretation import relevance_of
from auricle.interpreters.l2i import L2I
from auricle.interpreters.opening import load_interpreter

K = 12
COLUMNS = torch.rand(65, K, generator=torch.Generator().manual_seed(5)) ** 3


def dictionary(columns=COLUMNS, **given):
    known = {"groups": ("all",) * columns.shape[1], "grid": STFT(n_fft=128, hop=64), "sample_rate": 8000, **given}
    return Dictionary(columns / columns.norm(dim=0), **known)


def interpreter(model, **given):
    return built(L2I, model, components=K, width=8, **given).with_dictionary(dictionary()).eval()


ONE = torch.eye(2)


@pytest.mark.parametrize("kind", ["maps", "transposed", "samples", "tokens"])
@pytest.mark.parametrize("n", [700, 4000, 5001])
def test_gains_are_masks_on_the_listening_stft_of_any_network_and_length(kind, n):
    model = classifier(kind)
    it = interpreter(model)
    batch = heard(it, model, sounds(3, n=n))
    found = it.interpretation(batch, ONE[[0, 1, 0]])
    assert found.gain.shape == batch.spectrum.shape
    assert found.gain.min() >= 0
    assert found.gain.max() <= 1
    laid = it.laid(batch, found.gain)
    assert laid.shape[1:] == model.frontend.stft_axes(n).shape
    assert_close(laid, found.gain[..., : laid.shape[-1]])  # a centred STFT has these frames


def test_kept_and_removed_parts_add_up_to_the_clip():
    model = classifier()
    it = interpreter(model)
    batch = heard(it, model, sounds(3).double().float())
    gain = it.interpretation(batch, ONE[[0, 1, 0]]).gain
    assert_close(batch.through(gain) + batch.through(1 - gain), batch.samples, atol=1e-6, rtol=0)
    assert 0 < gain.mean() < 1


def test_in_the_log_domain_one_plus_both_parts_multiply_to_one_plus_the_clip():
    model = classifier()
    it = interpreter(model, level="own")
    batch = heard(it, model, sounds(2))
    x = batch.spectrum.abs()
    share = it.interpretation(batch, ONE).gain
    kept = it.interpretation(batch, ONE, domain="log1p").gain * x
    assert_close(kept, torch.expm1(share * x.log1p()), atol=1e-5, rtol=1e-4)
    removed = torch.expm1((1 - share) * x.log1p())
    assert_close((1 + kept) * (1 + removed), 1 + x, atol=1e-4, rtol=1e-4)


def test_relevance_choice_and_mask_by_hand():
    model = classifier()
    it = interpreter(model, pooling="max")
    it.theta.linear.weight.data = torch.randn(2, K, generator=torch.Generator().manual_seed(0))
    batch = heard(it, model, sounds(2))
    found = it.interpretation(batch, ONE, top=3, threshold=0.1)
    h, z, w = found.codes[1].detach(), found.codes[1].detach().amax(1), it.theta.weight[1].detach()
    parts = [float(z[k] * w[k]) for k in range(K)]
    largest = max(abs(each) for each in parts)
    assert found.relevance[1].tolist() == pytest.approx([each / largest for each in parts], abs=1e-6)
    best = [k for k in sorted(range(K), key=lambda k: -parts[k])[:3] if parts[k] / largest > 0.1]
    assert found.chosen[1].nonzero()[:, 0].tolist() == sorted(best)
    whole = it.columns @ h
    kept = sum(torch.outer(it.columns[:, k], h[k]) for k in best)
    assert_close(found.gain[1], torch.where(whole > 0, kept / whole, 0.0), atol=1e-5, rtol=1e-4)
    everything = it.interpretation(batch, ONE, top=None, threshold=0.1)
    assert everything.chosen[1].nonzero()[:, 0].tolist() == [k for k in range(K) if parts[k] / largest > 0.1]


def test_several_classes_at_once_and_contrasts():
    model = classifier()
    it = interpreter(model)
    batch = heard(it, model, sounds(3))
    both = it.interpretation(batch, ONE.expand(3, 2, 2))
    assert both.gain.shape == (3, 2, *batch.spectrum.shape[1:])
    for number in range(2):
        single = it.interpretation(batch, ONE[number].expand(3, 2))
        assert_close(both.gain[:, number], single.gain)
        assert_close(both.relevance[:, number], single.relevance)
    contrast = it.interpretation(batch, torch.tensor([[1.0, -1.0]]).expand(3, 2))
    parts = contrast.pooled * (it.theta.weight[0] - it.theta.weight[1])
    assert_close(contrast.relevance, parts / parts.abs().amax(1, keepdim=True))


def test_no_component_above_the_threshold_means_nothing_is_kept():
    model = classifier()
    it = interpreter(model, pooling="mean")
    it.theta.linear.weight.data.fill_(-1.0)
    batch = heard(it, model, sounds(2))
    for by in ("relevance", "energy", "random"):
        found = it.interpretation(batch, ONE, by=by)
        assert found.empty.all()
        assert not found.gain.any()


def test_the_published_normalisation_turns_signs_where_all_speak_against_a_class():
    pooled, against = torch.tensor([[1.0, 2.0]]), torch.tensor([[-0.5, -1.0]])
    assert relevance_of(pooled, against, torch.ones(1, 1), "abs").tolist() == [[-0.25, -1.0]]
    assert relevance_of(pooled, against, torch.ones(1, 1), "signed").tolist() == [[1.0, 4.0]]


def test_controls_take_as_many_components():
    model = classifier()
    it = interpreter(model)
    batch = heard(it, model, sounds(4))
    weights = ONE[[0, 1, 0, 1]]
    own = it.interpretation(batch, weights)
    loud = it.interpretation(batch, weights, by="energy")
    drawn = it.interpretation(batch, weights, by="random", seed=4)
    assert loud.chosen.sum(1).tolist() == drawn.chosen.sum(1).tolist() == own.chosen.sum(1).tolist()
    energy = own.codes.square().sum(2)
    for clip in range(4):
        count = int(own.chosen[clip].sum())
        assert set(energy[clip].topk(count).indices.tolist()) == set(loud.chosen[clip].nonzero()[:, 0].tolist())
    assert torch.equal(drawn.chosen, it.interpretation(batch, weights, by="random", seed=4).chosen)
    assert not torch.equal(drawn.chosen, it.interpretation(batch, weights, by="random", seed=5).chosen)


def test_loss_by_hand():
    model = classifier()
    it = interpreter(model, reconstruction=3.0, sparsity=0.7, fidelity=0.5)
    x = sounds(3)
    batch = heard(it, model, x)
    terms = {name: float(each.detach()) for name, each in it.terms(batch, torch.Generator(), 0).items()}
    v = (batch.spectrum.abs() / x.abs().amax(1)[:, None, None]).log1p()
    codes = it.codes(batch)
    scores = it.theta(codes)[1]
    error = (v - it.columns @ codes.detach()).square().mean()
    assert terms["reconstruction"] == pytest.approx(3 * float(error), rel=1e-4)
    assert terms["sparsity"] == pytest.approx(0.7 * float(codes.detach().mean()), rel=1e-4)
    said = -(batch.logits.softmax(1) * scores.log_softmax(1)).sum(1).mean()
    said = said.detach()
    assert terms["fidelity"] == pytest.approx(float(said), rel=1e-4)  # doubled: it is not training
    it.train()
    it.theta.eval()
    it.psi.eval()
    first, later = (float(it.terms(batch, torch.Generator(), epoch)["fidelity"].detach()) for epoch in (18, 19))
    assert first == pytest.approx(0.5 * float(said), rel=1e-4)
    assert later == pytest.approx(2 * first, rel=1e-4)


def test_with_several_labels_each_is_imitated_for_itself():
    model = classifier(multi_label=True)
    it = interpreter(model, pooling="mean")
    batch = heard(it, model, sounds(4, both=True))
    scores = it.theta(it.codes(batch))[1]
    p, q = batch.logits.sigmoid(), scores.sigmoid()
    by_hand = -(p * q.log() + (1 - p) * (1 - q).log()).mean()
    assert float(it.terms(batch, torch.Generator(), 0)["fidelity"]) == pytest.approx(float(by_hand), rel=1e-4)
    figures = it.figures(batch)
    alike = (scores > 0) == (batch.logits > 0)
    assert_close(figures["agreement"], alike.float().mean(1))


def test_level_of_the_recording_does_not_matter():
    model = classifier()
    it = interpreter(model, reads="input")
    x = sounds(2)
    loud, quiet = (it.codes(heard(it, model, gain * x)) for gain in (1.0, 0.01))
    assert_close(loud, quiet, atol=1e-5, rtol=1e-4)
    assert not torch.allclose(loud, interpreter(model, reads="input", level="own").codes(heard(it, model, 0.01 * x)))


@pytest.mark.parametrize("multi_label", [False, True])
def test_it_learns_to_imitate_and_to_rebuild(multi_label):
    model = classifier(multi_label=multi_label)
    given = {"epochs": 12, "learning_rate": 5e-3, "dropout": 0.0, "pooling": "attention"}
    if multi_label:
        given |= {"epochs": 16, "pooling": "max", "fidelity": 2.0}
    it = built(L2I, model, components=K, width=8, batch=16, **given)
    clips = [(Clip(each.numpy(), 8000), ()) for each in sounds(16, seed=9, both=multi_label)]
    it.prepare(clips)
    fit(it, model, Batches(sounds(96, both=multi_label)), Batches(sounds(32, seed=1, both=multi_label)))
    first, best = it.history[0], it.history[it.facts["best_epoch"]]
    assert best["validate_loss"] < 0.7 * first["validate_loss"]
    assert best["validate_reconstruction_error"] < 0.7 * first["validate_reconstruction_error"]
    assert best["validate_agreement" if multi_label else "validate_top_1"] > 0.95
    # What it takes for a class lies in the band that decides about it.
    batch = heard(it, model, sounds(8, seed=2))
    gain = it.interpretation(batch, ONE[batch.logits.argmax(1)]).gain
    energy = gain * batch.spectrum.abs().square()
    low, high = energy[:, :32].sum((1, 2)), energy[:, 32:].sum((1, 2))
    assert ((high > low) == (batch.logits.argmax(1) == 1)).all()


def test_same_seed_same_bits_and_an_interrupted_training_goes_on(tmp_path):
    def trained(epochs, out=None):
        model = classifier()
        it = built(L2I, model, components=K, width=8, epochs=epochs)
        if out is None or not out.exists():
            it.with_dictionary(dictionary())
        fit(it, model, Batches(sounds(24)), Batches(sounds(8, seed=1)), out=out, identity="this")
        return it

    whole = trained(3)
    again = trained(3)
    assert all(torch.equal(one, other) for one, other in zip(whole.parameters(), again.parameters(), strict=True))
    trained(2, tmp_path / "state")
    resumed = trained(3, tmp_path / "state")
    assert all(torch.equal(one, other) for one, other in zip(whole.parameters(), resumed.parameters(), strict=True))
    assert torch.equal(resumed.columns, whole.columns)
    assert resumed.dictionary.groups == ("all",) * K


def test_saved_and_opened_it_says_the_same(tmp_path):
    model = classifier("tokens")
    it = interpreter(model, pooling="max")
    it.save(tmp_path)
    opened = load_interpreter(tmp_path)
    x = sounds(2)
    assert torch.equal(
        opened.interpretation(heard(opened, model, x), ONE).gain, it.interpretation(heard(it, model, x), ONE).gain
    )
    assert torch.equal(opened.dictionary.columns, it.dictionary.columns)
    assert not list(tmp_path.glob("*.p*"))


def test_what_it_refuses():
    model = classifier()
    it = built(L2I, model, components=K, width=8)
    with pytest.raises(AuricleError, match="no dictionary yet"):
        it.codes(heard(it, model, sounds(1)))
    with pytest.raises(AuricleError, match=r"16000 Hz.*8000 Hz"):
        it.with_dictionary(dictionary(sample_rate=16000))
    with pytest.raises(AuricleError, match=r"hop=32.*hop=64"):
        it.with_dictionary(dictionary(grid=STFT(n_fft=128, hop=32)))
    with pytest.raises(AuricleError, match="domain=log1p"):
        it.with_dictionary(dictionary(domain="magnitude"))
    with pytest.raises(AuricleError, match="components=5"):
        it.with_dictionary(dictionary(COLUMNS[:, :5]))
    with pytest.raises(AuricleError, match=r"nowhere.*features\.1, features\.2"):
        built(L2I, model, layers=("nowhere",))
