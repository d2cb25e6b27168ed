"""What the numbers of one explanation mean, in a sentence that does not flatter it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

MARGIN = 0.05
"""Probabilities closer than this are the same to a listener of one clip."""


def sentence(
    *,
    label: str,
    said: str,
    heard: str,
    area: float,
    original: float,
    kept: float,
    random: float,
    named: bool,
    against: bool = False,
    heard_probability: float | None = None,
) -> str:
    """One sentence about what the model says to the kept part alone, beside a random part of equal area.

    ``label`` is the class explained, ``said`` the model's word for the whole sound and ``heard`` for the kept part
    (of probability ``heard_probability``); ``named`` tells whether the kept part is named as ``label``; ``original``,
    ``kept`` and ``random`` are the probabilities of ``label``. ``against`` says that the mask shows what speaks
    against the class.

    >>> sentence(label="seven", said="seven", heard="seven", area=0.09, original=0.99, kept=0.97, random=0.13,
    ...     named=True)
    'Hearing only these 9 % of the sound, the model still says seven with 0.97; a random 9 % gives 0.13.'
    """
    if area <= 0.0:
        direction = "against" if against else "for"
        return f"Nothing in this sound speaks {direction} {label}, so there is no part of it to hear."
    part = percent(area)
    if against:
        return _against(label=label, part=part, original=original, kept=kept, random=random)
    chance = f"a random {part} gives"
    told = _told(label, said, heard, heard_probability, original, kept, random, named=named, chance=chance)
    return f"Hearing only these {part} of the sound, {told('this part', 'is', 'does')}."


def sentence_of_parts(
    names: Sequence[str],
    *,
    count: int,
    label: str,
    said: str,
    heard: str,
    heard_probability: float,
    original: float,
    kept: float,
    random: float,
    named: bool,
) -> str:
    """One sentence about what the model says to the top parts alone, ``names`` of ``count``, beside random ones.

    >>> sentence_of_parts(["0.4–0.6 s"], count=12, label="seven", said="seven", heard="seven", heard_probability=0.99,
    ...     original=1.0, kept=0.99, random=0.41, named=True)
    'Hearing only the top part of 12 (0.4–0.6 s), the model still says seven with 0.99; 1 random part gives 0.41.'
    """
    n = len(names)
    chance = "1 random part gives" if n == 1 else f"{n} random parts give"
    told = _told(label, said, heard, heard_probability, original, kept, random, named=named, chance=chance)
    which = f"the top part of {count}" if n == 1 else f"the top {n} of {count} parts"
    words = ("this part", "is", "does") if n == 1 else ("these parts", "are", "do")
    return f"Hearing only {which} ({'; '.join(names)}), {told(*words)}."


def _told(
    label: str,
    said: str,
    heard: str,
    heard_probability: float | None,
    original: float,
    kept: float,
    random: float,
    *,
    named: bool,
    chance: str,
) -> Callable[[str, str, str], str]:
    """What the model says to a part, as a function of how that part is spoken of: its pronoun, is/are, does/do."""
    by_chance = f"{chance} {random:.2f}"
    lucky = kept - random < MARGIN

    def told(part: str, be: str, do: str) -> str:
        if named:
            still = "still says" if said == label else "says"
            whole = "" if said == label else f" (the whole sound gives {original:.2f})"
            verdict = f", so {part} {be} no better than chance" if lucky else ""
            return f"the model {still} {label} with {kept:.2f}{whole}; {by_chance}{verdict}"
        instead = heard if heard_probability is None else f"{heard} ({heard_probability:.2f})"
        verdict = f"no longer says {label} ({kept:.2f})" if said == label else f"gives {label} only {kept:.2f}"
        if heard != label:
            verdict += f" but {instead}" if said == label else f" and says {instead}"
        carries = f"{do} not carry {label}" + (f" and {be} no better than chance" if lucky else "")
        return f"the model {verdict}, so {part} alone {carries}; {by_chance}"

    return told


def _against(*, label: str, part: str, original: float, kept: float, random: float) -> str:
    text = (
        f"Hearing only the {part} of the sound that speaks against {label}, the model gives {label} {kept:.2f} "
        f"(the whole sound {original:.2f}); a random {part} gives {random:.2f}"
    )
    return text + (", so this part is no better than chance." if random - kept < MARGIN else ".")


def percent(share: float) -> str:
    """A share for reading.

    >>> percent(0.09), percent(0.004), percent(0.00001)
    ('9 %', '0.4 %', 'less than 0.1 %')
    """
    value = 100.0 * share
    if value < 0.1:
        return "less than 0.1 %"
    return f"{value:.1f} %" if value < 0.95 else f"{value:.0f} %"
