"""The coalition table answers as if every coalition were made as a sound and heard on its own."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from auricle import explain, frontends
from auricle.classifier import Classifier, Length
from auricle.clip import Clip
from auricle.components import Sources, kind_of
from auricle.errors import AuricleError
from auricle.frontends import STFT, Waveform
from auricle.frontends.compression import Decibel
from auricle.methods import ExactShap
from auricle.methods.coalitions import Game, table, watching
from auricle.methods.coalitions.absent import Absence
from auricle.methods.coalitions.table import Table, tables


def every(count: int) -> Tensor:
    return torch.tensor(list(itertools.product([False, True], repeat=count)))


def some(count: int, rows: int = 12, seed: int = 0) -> Tensor:
    drawn = torch.rand(rows, count, generator=torch.Generator().manual_seed(seed)) > 0.5
    return torch.cat([drawn, torch.ones(1, count, dtype=torch.bool), torch.zeros(1, count, dtype=torch.bool)])


def heard_one_by_one(found: Table, coalitions: Tensor) -> Tensor:
    """Each coalition as a clip of its own, through the classifier's windows."""
    classifier = found.classifier
    windows = classifier.windows(found.clip)
    sounds = found.components.compose(coalitions, found.absence.sound)
    rows = []
    for sound in sounds.to(classifier.dtype):
        wanted = windows.samples.shape[1]
        before, after = max(-windows.starts[0], 0), max(windows.starts[-1] + wanted - len(sound), 0)
        padded = nn.functional.pad(sound, (before, after))
        heard = torch.stack([padded[start + before : start + before + wanted] for start in windows.starts])
        rows.append(classifier.logits(heard).double().mean(0))
    return torch.stack(rows)


def small(front: object, *, length: Length | None = None) -> Classifier:
    """A network that is no trivial function of its input, in float64."""

    class Uneven(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.mix = nn.LazyLinear(6)
            self.out = nn.Linear(6, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.out(torch.tanh(self.mix(x.flatten(1))))

    network = Uneven()
    found = Classifier(network, frontend=front, labels=["a", "b", "c"], length=length)  # type: ignore[arg-type]
    network(found.frontend(torch.randn(1, 4000)))
    network.double()
    return found


GRID = STFT(n_fft=256, hop=80)
FRONTS = {
    "samples": Waveform(sample_rate=8000),
    "samples, level set by their peak": Waveform(sample_rate=8000, normalisation="peak"),
    "spectrogram": frontends.Spectrogram(sample_rate=8000, stft_settings=GRID, power=2),
    "spectrogram at its edges mirrored": frontends.Spectrogram(
        sample_rate=8000, stft_settings=STFT(n_fft=256, hop=80, padding="reflect")
    ),
    "spectrogram of whole windows": frontends.Spectrogram(
        sample_rate=8000, stft_settings=STFT(n_fft=256, hop=100, centre=False)
    ),
    "decibels below the clip's loudest": frontends.MelSpectrogram(
        sample_rate=8000, stft_settings=GRID, n_mels=20, compression=Decibel(of="magnitude")
    ),
}


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("baseline", ["silence", "noise", "mean", "blur"])
def test_it_says_what_the_classifier_says_to_each_coalition(front, baseline, clips):
    classifier = small(FRONTS[front], length=Length(seconds=0.5, long="crop"))
    found = table(classifier, clips[1], "time:5", baseline)
    expected = heard_one_by_one(found, every(5))
    torch.testing.assert_close(found.logits(every(5)), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("components", ["time:6", "bands:4", "tiles:3x2", "sources:hpss", "sources:hpss,time:3"])
def test_it_holds_for_every_shape_of_component(components, digits, clips):
    found = table(digits, clips[3], components)
    rows = some(len(found.components))
    torch.testing.assert_close(found.logits(rows), heard_one_by_one(found, rows), rtol=1e-4, atol=1e-4)


def test_all_present_is_the_clip_and_all_absent_the_baseline(digits, clips):
    found = table(digits, clips[0], "time:7", "noise")
    whole, nothing = found.logits(torch.tensor([[True] * 7, [False] * 7]))
    clip = digits.logits(digits.windows(clips[0]).samples)[0].double()
    torch.testing.assert_close(whole, clip, rtol=1e-6, atol=1e-5)
    noise = Clip(found.absence.sound.float().numpy(), 8000)
    torch.testing.assert_close(nothing, digits.logits(digits.windows(noise).samples)[0].double(), rtol=1e-4, atol=1e-4)


def test_a_long_clip_is_heard_through_its_windows_and_no_window_twice_about_the_same(digits, clips):
    spoken = [clip.mono(8000) for clip in clips[:3]]
    long = Clip(torch.cat([torch.tensor(each) for each in spoken]).numpy(), 8000, "three words")
    found = Table(digits, long, kind_of("time:6")(long, 8000, digits.frontend.grid), nothing_of(long))
    torch.testing.assert_close(found.logits(every(6)), heard_one_by_one(found, every(6)), rtol=1e-4, atol=1e-4)
    windows = len(digits.windows(long).starts)
    assert found.forwards < 64 * windows / 2


def nothing_of(clip: Clip) -> Absence:
    return Absence("silence", torch.zeros(len(clip.mono(8000)), dtype=torch.float64))


def test_nothing_is_heard_twice(digits, clips):
    clip = clips[2]
    found = Table(digits, clip, kind_of("time:8")(clip, 8000, digits.frontend.grid), nothing_of(clip))
    rows = some(8, rows=30)
    found.logits(torch.cat([rows, rows]))
    heard = found.forwards
    assert heard == len(rows.unique(dim=0))
    found.logits(rows.flip(0))
    assert found.forwards == heard
    assert found.estimate(rows)[0] == 0
    assert found.estimate(every(8))[0] == 256 - heard


def test_all_who_ask_the_same_share_it_until_the_weights_change(clips):
    classifier = small(FRONTS["samples"], length=Length(seconds=0.5, long="crop"))
    first = table(classifier, clips[0], "time:5")
    assert table(classifier, clips[0], "time:5") is first
    assert table(classifier, clips[0], "time:6") is not first
    assert table(classifier, clips[0], "time:5", "noise").components is first.components
    before = first.logits(every(5))
    with torch.no_grad():
        classifier.network.out.bias.add_(1.0)
    again = table(classifier, clips[0], "time:5")
    torch.testing.assert_close(again.logits(every(5)), before + 1.0)


def test_several_baselines_are_several_tables(digits, clips):
    assert [each.absence.name for each in tables(digits, clips[0], "time:4", "silence,noise")] == ["silence", "noise"]
    assert len(tables(digits, clips[0], "time:4", [clips[1], clips[2]])) == 2
    with pytest.raises(AuricleError, match="one baseline, not 2"):
        table(digits, clips[0], "time:4", "silence,noise")


def test_when_memory_runs_out_the_batch_is_halved(clips):
    class Small(nn.Module):
        largest = 0

        def forward(self, x: Tensor) -> Tensor:
            if len(x) > 3:
                raise RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate")
            self.largest = max(self.largest, len(x))
            return x.reshape(len(x), 2, -1).square().sum(-1)

    network = Small()
    classifier = Classifier(
        network, frontend=FRONTS["samples"], labels=["a", "b"], length=Length(seconds=0.5, long="crop")
    )
    found = table(classifier, clips[0], "time:5")
    torch.testing.assert_close(found.logits(every(5)), heard_one_by_one(found, every(5)), rtol=1e-4, atol=1e-4)
    assert network.largest == 2


def test_who_watches_is_told_what_it_will_take(digits, clips):
    told = []
    clip = clips[4]
    found = Table(digits, clip, kind_of("time:6")(clip, 8000, digits.frontend.grid), nothing_of(clip))
    found.logits(some(6, rows=1))
    with watching(told.append):
        found.logits(some(6, rows=40, seed=1))
    assert told[0].heard == 0
    assert told[-1].heard == told[-1].total > 20
    assert told[0].seconds > 0
    assert [each.heard for each in told] == sorted(each.heard for each in told)


def test_the_shape_of_coalitions_is_checked(digits, clips):
    with pytest.raises(AuricleError, match=r"do not fit 4 components"):
        table(digits, clips[0], "time:4").logits(torch.ones(2, 5, dtype=torch.bool))


def test_scores_of_a_game_are_logits_probabilities_or_log_odds(digits, clips):
    found = table(digits, clips[3], "time:4")
    weights = torch.zeros(10)
    weights[7], weights[9] = 1.0, -1.0
    logits = found.logits(every(4))
    probabilities = torch.softmax(logits, 1)
    rows = every(4)
    games = {score: Game(found, weights, score)(rows) for score in ("logit", "probability", "log-odds")}
    torch.testing.assert_close(games["logit"][:, 0], logits[:, 7] - logits[:, 9])
    torch.testing.assert_close(games["probability"][:, 0], probabilities[:, 7] - probabilities[:, 9])
    odds = torch.log(probabilities / (1 - probabilities))
    torch.testing.assert_close(games["log-odds"][:, 1:], odds, rtol=1e-6, atol=1e-6)


def test_nothing_outdated_is_used_whatever_has_changed(clips):
    classifier = small(FRONTS["samples"], length=Length(seconds=0.5, long="crop"))
    method = ExactShap(components="time:3")

    def full() -> Tensor:
        return explain(clips[0], classifier, method=method, target="a").contributions.full[1:]

    full()
    changes = [
        lambda: classifier.network.out.weight.data.mul_(0.5),  # PyTorch does not count such a change
        lambda: classifier.network.register_forward_hook(lambda module, given, said: -said),
        lambda: setattr(classifier, "frontend", replace(classifier.frontend, normalisation="peak")),
    ]
    for change in changes:
        change()
        now = classifier.logits(classifier.windows(clips[0]).samples)[0]
        torch.testing.assert_close(full(), now, rtol=1e-6, atol=1e-9)


def test_a_separator_that_is_made_again_is_another_one(digits, clips):
    def kind_with(share: float) -> Sources:
        return Sources(lambda samples, rate: {"one": share * samples, "rest": (1 - share) * samples})

    energies = [float(table(digits, clips[0], kind_with(share)).components.energies()[0]) for share in (0.1, 0.5, 0.9)]
    whole = float(torch.tensor(clips[0].mono(8000)).double().square().sum())
    torch.testing.assert_close(energies, [share**2 * whole for share in (0.1, 0.5, 0.9)], rtol=1e-5, atol=0)


def test_a_file_of_intervals_may_be_written_anew(digits, clips, tmp_path):
    file = tmp_path / "words.csv"
    for cut in (0.2, 0.25):
        file.write_text(f"start,end,label\n0,{cut},first\n")
        assert table(digits, clips[0], f"intervals:{file}").components.each[0].end == pytest.approx(cut, abs=1e-3)


def test_many_threads_may_ask_one_table(digits, clips):
    found = Table(digits, clips[2], kind_of("time:10")(clips[2], 8000, digits.frontend.grid), nothing_of(clips[2]))
    asked = [some(10, rows=20, seed=seed) for seed in range(12)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(found.logits, asked))
    for rows, answer in zip(asked, answers, strict=True):
        assert torch.equal(found.logits(rows), answer)
    torch.testing.assert_close(answers[0], heard_one_by_one(found, asked[0]), rtol=1e-4, atol=1e-4)
