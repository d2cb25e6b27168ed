"""The callback of Lightning: into the trainer's logger, from the learner's classifier, without a trace in training."""

from __future__ import annotations

import inspect
import logging
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from small_training import batches, classifier, digest, events, tones
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from auricle.callbacks import ExplainCallback, ExplainLogger, Files
from auricle.callbacks.trainers import WatchSettings
from auricle.classifier import Classifier
from auricle.errors import AuricleError

pl = pytest.importorskip("lightning.pytorch")


class Module(pl.LightningModule):  # type: ignore[misc]
    """Anybody's module: it has a network, and nothing of auricle's."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.aside = nn.BatchNorm1d(2)

    def training_step(self, batch: tuple[Tensor, Tensor], _: int) -> Tensor:
        return nn.functional.cross_entropy(self.aside(self.network(batch[0])), batch[1])

    def validation_step(self, batch: tuple[Tensor, Tensor], _: int) -> None:
        self.network(batch[0])

    def configure_optimizers(self) -> Any:
        return torch.optim.AdamW(self.parameters(), lr=0.01)


def fit(
    folder: Path,
    callbacks: list[Any],
    *,
    model: Classifier,
    epochs: int = 2,
    logger: Any = False,
    module: Any = None,
    sanity: int = 2,
) -> str:
    """Train and return a digest of the module."""
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)
    data = TensorDataset(*batches(model))
    torch.manual_seed(0)
    module = module or Module(model.network)
    trainer = pl.Trainer(
        max_epochs=epochs, callbacks=callbacks, logger=logger, accelerator="cpu", enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False, num_sanity_val_steps=sanity, default_root_dir=folder,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer.fit(module, DataLoader(data, batch_size=4, shuffle=True), DataLoader(data, batch_size=8))
    return digest(module)


def test_training_ends_with_the_same_bits_with_and_without(tmp_path: Path) -> None:
    alone = fit(tmp_path, [], model=classifier())
    model = classifier()
    watching = ExplainCallback(tones(1), classifier=model, methods=["lrp", "smoothgrad"], quiet=True)
    assert fit(tmp_path, [watching], model=model) == alone


def test_it_writes_into_the_trainers_tensorboard_once_an_epoch(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = classifier()
    logger = pl.loggers.TensorBoardLogger(tmp_path, name=None, version="")
    watching = ExplainCallback(tones(1), classifier=model, targets="true")
    fit(tmp_path, [watching], model=model, logger=logger)
    found = events(tmp_path)
    assert [each.step for each in found.Images("lrp/low0")] == [0, 1]  # no sanity check
    assert "FF/lrp" in found.Tags()["scalars"]
    assert len(list(tmp_path.glob("events.out*"))) == 1
    assert "auricle: explanations took" in capsys.readouterr().out


def test_without_a_logger_it_has_a_folder_of_its_own(tmp_path: Path) -> None:
    model = classifier()
    fit(tmp_path, [ExplainCallback(tones(1), classifier=model, quiet=True)], model=model, epochs=1)
    assert events(tmp_path / "explained").Images("lrp/low0")


def test_beside_a_logger_of_tables_it_writes_files(tmp_path: Path) -> None:
    model = classifier()
    logger = pl.loggers.CSVLogger(tmp_path, name="run", version="a")
    fit(tmp_path, [ExplainCallback(tones(1), classifier=model, quiet=True)], model=model, epochs=1, logger=logger)
    assert (tmp_path / "run/a/explained/lrp/low0/0000.png").exists()


def test_a_module_without_a_classifier_is_told_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(AuricleError, match="Module has no classifier"):
        fit(tmp_path, [ExplainCallback(tones(1))], model=classifier())


def test_wrong_settings_end_training_before_it_begins(tmp_path: Path) -> None:
    model = classifier()
    before = {key: value.clone() for key, value in model.network.state_dict().items()}
    with pytest.raises(AuricleError, match='did you mean "lrp"'):
        fit(tmp_path, [ExplainCallback(tones(1), classifier=model, methods=["lpr"])], model=model)
    assert all(torch.equal(before[key], value) for key, value in model.network.state_dict().items())


def test_other_ranks_explain_nothing(tmp_path: Path) -> None:
    watching = ExplainCallback(tones(1), classifier=classifier())

    class Trainer:
        is_global_zero = False

    watching.on_fit_start(Trainer(), None)
    watching.on_train_epoch_end(Trainer(), None)
    watching.on_fit_end(Trainer(), None)
    assert watching.overhead == ""


def test_it_has_every_setting_of_the_logger_and_no_other(tmp_path: Path) -> None:
    of_logger = inspect.signature(ExplainLogger).parameters.values()
    handed_on = {each.name for each in of_logger if each.kind is each.KEYWORD_ONLY} - {"to"}
    assert handed_on == set(WatchSettings.__annotations__)

    model = classifier()
    given: Any = {
        "methods": ["gradient"], "layers": ["2"], "targets": "true", "every_n_epochs": 2, "log_audio": False,
        "log_scalars": False, "max_seconds": 7.0, "n_per_class": 1, "seed": 3,
    }  # fmt: skip
    assert set(given) == handed_on
    watching = ExplainCallback(tones(2), classifier=model, to=Files(tmp_path), quiet=True, **given)
    fit(tmp_path, [watching], model=model, epochs=1)
    logger = watching.logger
    assert logger is not None
    assert (logger.every_n_epochs, logger.max_seconds, logger.seed) == (2, 7.0, 3)
    assert (logger.log_audio, logger.log_scalars) == (False, False)
    assert set(logger.methods) == {"gradient", "activation-map-2"}
    assert logger.targets == ["low", "high"]  # one clip of each of the classes

    with pytest.raises(AuricleError, match='ExplainCallback has no setting "method"; did you mean "methods"'):
        ExplainCallback(tones(1), method=["lrp"])  # type: ignore[call-arg]
