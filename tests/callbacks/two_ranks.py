"""A small training on two processes (DDP), watched or not; ``test_two_ranks`` runs it: FOLDER [watched]."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import lightning.pytorch as pl
from small_training import batches, classifier, digest, tones
from test_in_lightning import Module
from torch.utils.data import DataLoader, TensorDataset

from auricle.callbacks import ExplainCallback


def main(folder: Path, *, watched: bool) -> None:
    model = classifier()
    pl.seed_everything(0, verbose=False)
    module = Module(model.network)
    logger = pl.loggers.TensorBoardLogger(folder, name=None, version="")
    callback = ExplainCallback(tones(1), classifier=model, methods=["lrp", "grad-cam"], quiet=True)
    trainer = pl.Trainer(
        max_epochs=2, accelerator="cpu", strategy="ddp", devices=2, callbacks=[callback] if watched else [],
        logger=logger, enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
        default_root_dir=folder,
    )  # fmt: skip
    data = TensorDataset(*batches(model))
    trainer.fit(module, DataLoader(data, batch_size=4, shuffle=True), DataLoader(data, batch_size=8))
    explained = "yes" if callback.logger is not None else "no"
    (folder / f"rank{trainer.global_rank}.txt").write_text(f"{digest(module)} {explained} {os.getpid()}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), watched=sys.argv[2:] == ["watched"])
