"""L2I as a method: names, settings, levels, and clips explained through the whole road."""

import numpy as np
import pytest
import torch
from small_tasks import built, classifier, sounds
from small_tasks import heard as hear_
from test_l2i import dictionary, interpreter

from auricle import demo
from auricle.clip import load_clip
from auricle.errors import AuricleError
from auricle.interpreters.flint import FLINT
from auricle.interpreters.l2i import L2I
from auricle.interpreters.learning import learn_dictionary
from auricle.interpreters.sparse_nmf import SparseNMF
from auricle.naming import method_named
from auricle.road import explain


@pytest.fixture(scope="module")
def folder(digits, tmp_path_factory):
    """An untrained interpreter of the bundled model."""
    clips = [load_clip(path) for path in demo.clips()]
    learnt = learn_dictionary(
        clips, grid=digits.frontend.grid, sample_rate=digits.sample_rate, nmf=SparseNMF(components=16)
    )
    it = built(L2I, digits, components=16, width=8, n=8000)
    return it.with_dictionary(learnt).save(tmp_path_factory.mktemp("l2i"))


def test_both_parts_of_a_clip_add_up_to_it(digits, clips, folder):
    found = explain(clips[0], digits, method=method_named(f"l2i:{folder}"))
    assert found.level == "stft"
    sounds_ = found.sounds()
    original = clips[0].mono(digits.sample_rate)
    total = sounds_.kept.mono(digits.sample_rate) + sounds_.removed.mono(digits.sample_rate)
    np.testing.assert_allclose(total, original, atol=1e-6)
    mask = found.mask()[0]
    assert 0 < mask.mean() < 1


def test_a_lower_threshold_and_no_limit_keep_more(digits, clips, folder):
    areas = [
        explain(clips[0], digits, method=method_named(f"l2i:{folder}", **given)).mask()[0].mean()
        for given in ({"top": 1}, {}, {"top": None, "threshold": 0.0})
    ]
    assert areas[0] < areas[1] < areas[2]


def test_controls_are_methods_of_their_own(digits, heard, folder):
    own, drawn, loud = (method_named(f"{name}:{folder}") for name in ("l2i", "l2i-random", "l2i-energy"))
    assert len({own.name, drawn.name, loud.name}) == 3
    maps = [each(digits, heard, "predicted", level="stft", seed=1).relevance for each in (own, drawn, loud)]
    assert not torch.equal(maps[0], maps[1])
    assert not torch.equal(maps[0], maps[2])
    again = drawn(digits, heard[:1], "predicted", level="stft", seed=1).relevance
    torch.testing.assert_close(again, maps[1][:1], atol=1e-5, rtol=1e-4)  # whoever else is in the batch


def test_contrasts_are_explained(digits, heard, folder):
    found = method_named(f"l2i:{folder}")(digits, heard[:1], f"{digits.labels[0]}-{digits.labels[1]}", level="stft")
    assert found.relevance.shape[1:] == digits.frontend.stft_axes(heard.shape[1]).shape


def test_a_folder_of_another_kind_is_told(digits, heard, folder, tmp_path):
    with pytest.raises(AuricleError, match=f"l2i:{folder}"):
        method_named(f"flint:{folder}")(digits, heard, level="stft")
    built(FLINT, digits, attributes=4, width=8, n=8000).save(tmp_path)
    with pytest.raises(AuricleError, match=f"flint:{tmp_path}"):
        method_named(f"l2i:{tmp_path}")(digits, heard, level="stft")


def test_another_model_is_refused(folder):
    with pytest.raises(AuricleError, match="another model"):
        method_named(f"l2i:{folder}")(classifier(), sounds(1), level="stft")


def test_settings_that_make_no_sense_are_told(folder):
    with pytest.raises(AuricleError, match="l2i cannot use top=0"):
        method_named(f"l2i:{folder}", top=0)
    with pytest.raises(AuricleError, match="l2i cannot use domain=loud"):
        method_named(f"l2i:{folder}", domain="loud")


@pytest.mark.parametrize("centre", [True, False])
def test_relevance_lies_on_the_front_ends_own_frames(centre, tmp_path):
    """A front-end whose frames begin, rather than lie, at multiples of the hop gets what sounds at their centres."""
    model = classifier(centre=centre)
    interpreter(model).save(tmp_path)
    x = sounds(1, n=8000)
    x[:, :4000] = 0
    found = method_named(f"l2i:{tmp_path}")(model, x, level="stft").relevance[0]
    assert found.shape == model.frontend.stft_axes(8000).shape
    opened = method_named(f"l2i:{tmp_path}").interpreter
    batch = hear_(opened, model, x)
    weights = model.target_weights("predicted", batch.logits)
    gain = opened.interpretation(batch, weights).gain[0]
    if centre:
        torch.testing.assert_close(found, gain[:, : found.shape[1]])
    else:  # a frame begins at a multiple of the hop: its centre, half a window on, is that of the next frame
        torch.testing.assert_close(found, gain[:, 1 : 1 + found.shape[1]], atol=1e-5, rtol=1e-4)


def test_an_untrained_network_of_samples_is_heard_on_its_stft(tmp_path):
    model = classifier("samples")
    built(L2I, model, components=12, width=8).with_dictionary(dictionary()).save(tmp_path)
    found = method_named(f"l2i:{tmp_path}")(model, sounds(2), level="stft")
    assert found.relevance.shape[1:] == model.frontend.stft_axes(4000).shape
