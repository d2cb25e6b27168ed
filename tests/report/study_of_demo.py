"""A small study of the demo clips, as folders of classes: one clip is in a wrong folder, so that it is a mistake."""

import shutil
from pathlib import Path

import numpy as np
import soundfile

from auricle import demo
from auricle.study.config import StudyConfig
from auricle.study.run import run_study

CONFIG = {
    "model": "digits",
    "methods": ["gradient", {"name": "lrp", "as": "second"}, {"name": "lime", "components": "time:5", "samples": 30}],
    "regions": {"settings": {"percentile": 90, "min_cluster_size": 20, "min_samples": 10}},
    "sound": {"random": 2},
    "evaluate": {"curves": 1, "steps": 3, "sanity": 0, "draws": 100},
    "workers": 1,
}
WORDS = ("three", "five", "seven", "nine")


def recordings(folder: Path) -> Path:
    """Three of each digit: the demo clip, quieter, and with its first 50 ms cut; then a seven among the nines."""
    for word in WORDS:
        path = next(each for each in demo.clips() if Path(each).stem == word)
        samples, rate = soundfile.read(path)
        (folder / word).mkdir(parents=True)
        for number, made in enumerate((samples, 0.7 * samples, samples[rate // 20 :])):
            soundfile.write(folder / word / f"{word} {number}.wav", np.asarray(made), rate)
    shutil.copy(folder / "seven" / "seven 0.wav", folder / "nine" / "a & b's <i>.wav")
    return folder


def study(folder: Path) -> Path:
    """The folder of the store."""
    config = StudyConfig.model_validate({
        **CONFIG, "data": str(recordings(folder / "sounds")), "clips": {"part": "all"}, "out": str(folder / "store"),
    })  # fmt: skip
    run_study(config)
    return folder / "store"
