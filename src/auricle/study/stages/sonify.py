"""The regions of each explanation as sound, beside what they leave and random controls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from auricle.sonify.loudness import loudness
from auricle.study.maps import axes_of
from auricle.study.naming import clip_key
from auricle.study.sounds import flac_bytes
from auricle.study.sounds import make as made_of
from auricle.study.stages.regions import regions_of

if TYPE_CHECKING:
    from auricle.study.worker import Shard, Worker


def make(worker: Worker, shard: Shard) -> None:
    """The sounds of a block's explanations by one method, each a FLAC file, and what there is to know of it."""
    method, block = shard.task.method, shard.task.block
    assert method is not None
    assert block is not None
    classifier = worker.classifier(worker.plan.blocks[block].part)
    explained = worker.store.read_table(
        shard.task.name.replace("sonify", "explain", 1), ["id", "asked", "hertz", "seconds"]
    ).to_pylist()
    axes = {(row["id"], row["asked"]): axes_of(row) for row in explained}
    for row in worker.store.read_table(shard.task.name.replace("sonify", "regions", 1)).to_pylist():
        with shard.guarding(row["id"], row["asked"]):
            folder = f"audio/{method}/{clip_key(row['id'])}"
            # Whatever sounds an earlier run wrote of it, of other settings perhaps.
            for name in worker.store.names(folder, ".flac"):
                if name.rsplit("/", 1)[1].startswith(f"{row['asked']}-"):
                    worker.store.remove(name)
            clip = worker.load(row["id"])
            regions = regions_of(row, axes[row["id"], row["asked"]])
            made = made_of(clip, classifier, regions, worker.config.sound, seed=worker.config.seed)
            original = clip.samples if worker.config.sound.full_band else clip.mono(classifier.sample_rate)
            energy = float(np.square(original, dtype=np.float64).sum())
            for kind, sound in made.sounds.items():
                content, gain_db, peak = flac_bytes(sound)
                name = f"{folder}/{row['asked']}-{kind}.flac"
                worker.store.write(name, content)
                level = loudness(sound.samples, sound.sample_rate)
                share = float(np.square(sound.samples, dtype=np.float64).sum()) / energy
                shard.rows.append(
                    {
                        **{column: row[column] for column in ("id", "asked", "target")},
                        "kind": kind,
                        "path": name,
                        "seconds": sound.seconds,
                        "sample_rate": sound.sample_rate,
                        "peak": peak,
                        "gain_db": gain_db,
                        "loudness": level if np.isfinite(level) else None,
                        "energy": share,
                    }
                )
