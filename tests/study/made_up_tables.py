"""Small tables as a study writes them."""

import numpy as np
import pyarrow as pa


def predictions(clips=24, *, wrong=(), groups=3):
    """``clips`` clips of the classes one and two; numbers in ``wrong`` are predicted as the other."""
    labels = ["one", "two"]
    rows = []
    for number in range(clips):
        actual = labels[number % 2]
        predicted = labels[(number + 1) % 2] if number in wrong else actual
        rows.append({
            "id": f"{number}.wav", "key": f"{number}", "actual": actual, "predicted": predicted,
            "correct": predicted == actual, "probability": 0.9, "seconds": 1.0,
            "group": f"speaker {number % groups}" if groups else None, "probabilities": [0.9, 0.1],
            "logits": [2.0, 0.0],
        })  # fmt: skip
    return pa.Table.from_pylist(rows)


def evaluated(predicted, relevant, random, *, spread=0.05, seed=0, draws=4, asked=None, **more):
    """A table of ``evaluate``: probabilities around ``relevant`` and ``random``; a list names values clip by clip."""
    generator = np.random.default_rng(seed)
    rows = []
    for number, row in enumerate(predicted.to_pylist()):
        for each in ("predicted",) if row["correct"] else (asked or ("predicted", "true", "contrast")):
            value = relevant[number] if isinstance(relevant, list) else relevant
            controls = np.clip(random + spread * generator.normal(size=draws), 0, 1).tolist()
            heard = None if value is None else float(np.clip(value + spread * generator.normal(), 0, 1))
            told = {
                "id": row["id"], "asked": each, "target": row[each] if each == "predicted" else row["actual"],
                "truth": row["actual"], "p_original": 0.95, "p_relevant": heard,
                "p_removed": None if heard is None else 1.0 - heard,
                "p_random": None if heard is None else float(np.mean(controls)),
                "p_randoms": None if heard is None else controls,
            }  # fmt: skip
            told |= {name: value[number] if isinstance(value, list) else value for name, value in more.items()}
            rows.append(told)
    return pa.Table.from_pylist(rows)
