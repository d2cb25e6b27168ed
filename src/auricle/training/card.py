"""The model card: what was trained on what, how well it does on clips it has not heard, and what it cannot do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from auricle.evaluation.writing import json_bytes
from auricle.files import write_whole

if TYPE_CHECKING:
    from auricle.evaluation.scores import Evaluation
    from auricle.training.outcome import Order, Subject
    from auricle.training.train import Trained


def card_of(order: Order, subject: Subject, trained: Trained, evaluation: Evaluation) -> dict[str, Any]:
    """The card as plain values: texts, and lists of texts."""
    recipe, dataset, split = order.recipe, subject.dataset, subject.split
    about = dataset.about
    said = [] if about is None else [f"{about.title}, {about.licence}", about.homepage]
    data = "; ".join(each for each in said if each) or dataset.name
    heard = f"{len(split.train)} clips to train, {len(split.validate)} to choose the epoch, {evaluation.clips} to test"
    limits = [
        f"knows {len(dataset.classes_of(recipe.task))} classes and "
        + ("may name none of them" if evaluation.facts.multi_label else "must choose one, whatever it hears"),
        f"hears {recipe.length.seconds:g} s at a time at {trained.classifier.sample_rate} Hz",
    ]
    if split.known_groups:
        limits.append(f"tested on new clips of each {dataset.group} it was trained on, not on new ones")
    elif dataset.group is None:
        limits.append("the data set does not say who was recorded, so one source may be in training and testing")
    if evaluation.note:
        limits.append(evaluation.note)
    if not len(split.validate):
        kept = "the last, because there are no clips to choose it on"
    elif recipe.training.choose == "last":
        kept = "the last"
    else:
        kept = f"best {recipe.training.choose} in validation"
    worst = [row for row in evaluation.groups if row["column"] == dataset.group and row["errors"]][:3]
    return {
        "summary": recipe.summary,
        "task": f"{recipe.task}: {', '.join(dataset.classes_of(recipe.task))}",
        "training_data": [data, f"{split.name} of {recipe.split}: {heard}", *_missing(trained)],
        "recipe": f'{recipe.name}, in full in recipe.yaml; again with: auricle train recipe.yaml --data "{order.data}" '
        f'--fold "{split.name}" --seed {order.seed}',
        "recipe_source": recipe.source,
        "epochs": f"{len(trained.history)} trained, the weights of epoch {trained.best_epoch + 1} kept ({kept})",
        "test": evaluation.sentence,
        "most_errors": [f"{row['value']}: {row['errors']} of {row['clips']} clips" for row in worst],
        "limits": limits,
    }


def _missing(trained: Trained) -> list[str]:
    count = len(trained.failures)
    return [f"{count} clip{'s' if count > 1 else ''} left out, see failures.csv"] if count else []


def write_card(folder: Path, card: dict[str, Any]) -> None:
    """Write ``CARD.md`` and then ``card.json``, whose presence says that the folder is complete."""
    write_whole(folder / "CARD.md", as_markdown(card, folder.name).encode())
    write_whole(folder / "card.json", json_bytes(card))


def as_markdown(card: dict[str, Any], name: str) -> str:
    """The card for a person."""
    lines = [f"# {name}", ""]
    for key, value in card.items():
        if value:
            lines += [f"## {key.replace('_', ' ').capitalize()}", ""]
            lines += [value, ""] if isinstance(value, str) else [*(f"- {each}" for each in value), ""]
    return "\n".join(lines)
