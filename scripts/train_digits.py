"""Train the bundled model `digits`, measure it, write it with its card: ``python scripts/train_digits.py``.

Three measurements, all through `auricle.Classifier`: FSDD's official test takes (of speakers whose other
takes were trained on), leave-one-speaker-out (a new network for each of the six, whom it never hears), and espeak-ng
voices that training never hears. Each network trains in one thread from one seed, so the number of workers
changes how long it takes and nothing else.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from digits_augment import background, warped, window
from digits_corpus import (
    ACCENTS,
    DIGITS,
    FSDD,
    SAMPLE_RATE,
    TEST_TAKES,
    UNSEEN_VARIANTS,
    VARIANTS,
    Utterance,
    fsdd,
    synthetic,
)
from torch import Tensor
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from auricle import frontends
from auricle.classifier import Classifier, Length
from auricle.clip import Clip
from auricle.models import BUNDLED
from auricle.models.digits import DigitsCNN

BATCH = 64
BACKGROUND_SHARE = 1 / 32
"""So many windows hold no digit; their target is "any of ten", so the model stays calm without speech."""


def batches(
    real: Sequence[Utterance], made: Sequence[Utterance], *, steps: int, seed: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Samples ``[64, 8000]`` and target probabilities ``[64, 10]``; half is recorded, half synthesised."""
    rng, everyone = np.random.default_rng(seed), [*real, *made]
    for _ in range(steps):
        samples, targets = [], torch.full((BATCH, len(DIGITS)), 1 / len(DIGITS))
        for target in targets:
            if rng.random() < BACKGROUND_SHARE:
                samples.append(background(rng))
                continue
            source = real if rng.random() < 0.5 else made
            utterance = source[rng.integers(len(source))]
            samples.append(window(utterance, everyone, rng))
            target.zero_()[utterance.digit] = 1.0
        yield torch.from_numpy(np.stack(samples)), targets


def train(
    real: Sequence[Utterance], made: Sequence[Utterance], *, steps: int, seed: int, title: str
) -> Classifier:
    """A new classifier after ``steps`` batches; its weights are their moving average."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    network = DigitsCNN().to(memory_format=torch.channels_last)
    classifier = Classifier(
        network,
        frontend=frontends.preset("digits"),
        labels=DIGITS,
        length=Length(seconds=1.0),
        name="digits",
    )
    average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(0.995), use_buffers=True)
    optimiser = torch.optim.AdamW(network.parameters(), weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=steps, pct_start=0.1)
    started, losses = time.time(), []
    for step, (samples, targets) in enumerate(batches(real, made, steps=steps, seed=seed), 1):
        features = warped(classifier.frontend(samples), generator)
        with torch.autocast("cpu", torch.bfloat16):
            logits = network(features)
        loss = F.cross_entropy(logits.float(), targets)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        average.update_parameters(network)
        losses.append(loss.item())
        if step % 250 == 0 or step == steps:
            recent, seconds = np.mean(losses[-250:]), time.time() - started
            print(f"{title}: step {step}/{steps}, loss {recent:.3f}, {seconds:.0f} s", flush=True)
    network.load_state_dict(average.module.state_dict())
    network.to(memory_format=torch.contiguous_format).eval()
    return classifier


def accuracy(classifier: Classifier, utterances: Sequence[Utterance]) -> float:
    """The share of utterances predicted right, each as a clip through the classifier's own length policy."""
    clips = (Clip(each.samples, SAMPLE_RATE, each.speaker) for each in utterances)
    found = [classifier.predict(clip).index for clip in clips]
    return float(np.mean([index == each.digit for index, each in zip(found, utterances, strict=True)]))


def without_speaker(
    speaker: str, real: Sequence[Utterance], made: Sequence[Utterance], *, steps: int, seed: int
) -> float:
    """Accuracy on all recordings of a speaker, of a network trained without any of them."""
    others = [each for each in real if each.speaker != speaker]
    classifier = train(others, made, steps=steps, seed=seed, title=f"without {speaker}")
    score = accuracy(classifier, [each for each in real if each.speaker == speaker])
    print(f"without {speaker}: {score:.1%} of this speaker's recordings are right", flush=True)
    return score


# --- the card ---------------------------------------------------------------------------------------------


def with_interval(share: float, count: int) -> str:
    """A share in percent with its 95 % Wilson interval.

    >>> with_interval(0.99, 300)
    '99.0 % of 300 (95 % interval 97.1 to 99.7 %)'
    """
    z = 1.96
    centre = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    spread = z / (1 + z**2 / count) * math.sqrt(share * (1 - share) / count + z**2 / (4 * count**2))
    low, high = 100 * (centre - spread), 100 * (centre + spread)
    return f"{100 * share:.1f} % of {count} (95 % interval {low:.1f} to {high:.1f} %)"


def card(
    *,
    test: tuple[float, int],
    folds: dict[str, float],
    unseen: tuple[float, int],
    steps: int,
    fold_steps: int,
    seed: int,
) -> dict[str, str | list[str]]:
    mean = np.mean(list(folds.values()))
    return {
        "summary": "English spoken digits, zero to nine: a small CNN on log-mel spectrograms at 8 kHz",
        "task": "which of the ten words zero, one, … nine is said in about one second of sound",
        "training_data": [
            "Free Spoken Digit Dataset (FSDD), Jakobovski and others, CC BY-SA 4.0: takes 5 to 49 of six speakers; "
            "https://github.com/Jakobovski/free-spoken-digit-dataset",
            f"espeak-ng, {len(VARIANTS)} voices in {len(ACCENTS)} English accents, at random pitch and speed",
            "augmented: offset, level, speed, equaliser, rooms, noise, babble, tones and bursts beside it",
        ],
        "accuracy_fsdd_test": f"{with_interval(*test)}: FSDD's official test, takes 0 to 4; "
        "training heard other takes of the same speakers",
        "accuracy_leave_one_speaker_out": [
            f"mean {100 * mean:.1f} %: all recordings of a speaker whom training did not hear; networks of "
            f"the same recipe but {fold_steps} instead of {steps} steps",
            *(f"{speaker} {100 * score:.1f} %" for speaker, score in folds.items()),
            "the network's shape was chosen by its accuracy on nicolas, left out",
        ],
        "accuracy_unseen_synthetic_voices": f"{with_interval(*unseen)}: espeak-ng voices that training "
        f"did not hear ({', '.join(UNSEEN_VARIANTS)})",
        "licence": "weights CC BY-SA 4.0, like the recordings they were trained on",
        "recipe": f"python scripts/train_digits.py --steps {steps} --fold-steps {fold_steps} --seed {seed}",
        "limits": [
            "six recorded speakers, all men; women and most accents are known from synthetic voices only",
            "knows ten words and must choose one: any other word is called a digit, perhaps surely",
            "hears 60 to 4000 Hz; clips longer than one second are heard in windows, logits averaged",
        ],
    }


def as_markdown(card: dict[str, str | list[str]]) -> str:
    lines = ["# The bundled model `digits`", "", "Written by `scripts/train_digits.py`; do not edit.", ""]
    for key, value in card.items():
        lines += [f"## {key.replace('_', ' ').capitalize().replace('fsdd', 'FSDD')}", ""]
        lines += [value, ""] if isinstance(value, str) else [*(f"- {each}" for each in value), ""]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--fsdd", type=Path, default=FSDD, help="FSDD's folder of recordings")
    parser.add_argument(
        "--out", type=Path, default=BUNDLED / "digits", help="where the model and its card go"
    )
    parser.add_argument("--steps", type=int, default=4000, help="batches of 64 windows for the model")
    parser.add_argument("--fold-steps", type=int, default=1000, help="the same for each left-out speaker")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2, help="networks trained at the same time")
    chosen = parser.parse_args()
    torch.set_num_threads(1)

    real = fsdd(chosen.fsdd)
    made, unseen = synthetic(VARIANTS, seed=chosen.seed), synthetic(UNSEEN_VARIANTS, seed=chosen.seed + 1)
    training = [each for each in real if each.take not in TEST_TAKES]
    test = [each for each in real if each.take in TEST_TAKES]
    speakers = sorted({each.speaker for each in real})
    print(f"{len(training)} recordings and {len(made)} synthetic digits to train on", flush=True)

    with ProcessPoolExecutor(chosen.workers, mp_context=get_context("spawn")) as pool:
        model = pool.submit(train, training, made, steps=chosen.steps, seed=chosen.seed, title="digits")
        pending = {
            speaker: pool.submit(
                without_speaker, speaker, real, made, steps=chosen.fold_steps, seed=chosen.seed
            )
            for speaker in speakers
        }
        classifier = model.result()
        classifier.save(chosen.out)
        on_test, on_unseen = accuracy(classifier, test), accuracy(classifier, unseen)
        print(f"FSDD test: {with_interval(on_test, len(test))}")
        print(f"unseen synthetic voices: {with_interval(on_unseen, len(unseen))}", flush=True)
        folds = {speaker: each.result() for speaker, each in pending.items()}
    print(f"leave one speaker out: mean {np.mean(list(folds.values())):.1%}")

    written = card(
        test=(on_test, len(test)),
        folds=folds,
        unseen=(on_unseen, len(unseen)),
        steps=chosen.steps,
        fold_steps=chosen.fold_steps,
        seed=chosen.seed,
    )
    (chosen.out / "card.json").write_text(json.dumps(written, indent=2, ensure_ascii=False) + "\n")
    (chosen.out / "CARD.md").write_text(as_markdown(written))


if __name__ == "__main__":
    main()
