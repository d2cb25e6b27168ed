"""Take the bundled model `heart` from a K-fold run: ``python scripts/bundle_heart.py auricle-folds/heart``.

The run is ``auricle kfold heart --data yaseen:FOLDER --out auricle-folds``. The network is that of fold 0; the card
tells what all ten did on the recordings that each had not heard.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
from pathlib import Path
from typing import Any

from auricle.models import BUNDLED, load_classifier
from auricle.training.card import as_markdown

CONDITIONS = {
    "N": "normal",
    "MVP": "mitral valve prolapse",
    "MS": "mitral stenosis",
    "MR": "mitral regurgitation",
    "AS": "aortic stenosis",
}


def card(run: Path) -> dict[str, Any]:
    with open(run / "folds.csv", newline="", encoding="utf-8") as file:
        rows = {row["split"]: row for row in csv.DictReader(file)}
    mean, spread = rows.pop("mean"), rows.pop("std")
    with open(run / "classes.csv", newline="", encoding="utf-8") as file:
        recalls = [f"{CONDITIONS[row['label']]} {100 * float(row['recall']):.1f} %" for row in csv.DictReader(file)]
    first = json.loads((run / "fold-0" / "run.json").read_text())
    return {
        "summary": "heart sounds, normal and four valve diseases: a small CNN on log-mel spectrograms at 4 kHz",
        "task": "which of five conditions is heard: " + ", ".join(f"{key} {text}" for key, text in CONDITIONS.items()),
        "training_data": [
            "Yaseen, Son, Kwon 2018, Classification of heart sound signal using multiple features, Applied Sciences "
            "8(12) 2344: 1,000 recordings of about 2.4 s, published for research",
            f"this network trained on {first['clips']['train']} of them, {first['clips']['validate']} chose its epoch",
        ],
        "accuracy_of_ten_folds": [
            f"mean {100 * float(mean['accuracy']):.1f} ± {100 * float(spread['accuracy']):.1f} %: ten networks, each "
            "tested on the tenth of the recordings that it had not heard",
            "recall: " + ", ".join(recalls),
        ],
        "accuracy_of_this_network": f"{100 * float(rows['fold 0']['accuracy']):.1f} % of {rows['fold 0']['clips']} "
        "recordings that it had not heard",
        "licence": "weights for research, like the recordings they were trained on",
        "recipe": f"auricle kfold {run.name} --data yaseen:FOLDER --seed {first['seed']}, then scripts/bundle_heart.py",
        "limits": [
            "no medical device: it has learned one collection, of unknown patients, whose classes may differ in how "
            "they were recorded as much as in the disease",
            "the collection does not name patients, so the same heart may be in training and in testing, and other "
            "stethoscopes will give lower accuracy",
            "must choose one of five, whatever it hears; hears three seconds at a time, 25 to 900 Hz",
        ],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="the recipe's folder in that of auricle kfold")
    parser.add_argument("--out", type=Path, default=BUNDLED / "heart")
    chosen = parser.parse_args()
    classifier = load_classifier(chosen.run / "fold-0")
    classifier.name = "heart"
    shutil.rmtree(chosen.out, ignore_errors=True)
    classifier.save(chosen.out)
    written = card(chosen.run)
    (chosen.out / "card.json").write_text(json.dumps(written, indent=2, ensure_ascii=False) + "\n")
    (chosen.out / "CARD.md").write_text(as_markdown(written, "The bundled model `heart`"))


if __name__ == "__main__":
    main()
