"""The sentence says what happened, also when the explanation fails."""

from auricle.metrics.sentence import percent, sentence, sentence_of_parts

USUAL = dict(label="seven", said="seven", heard="seven", area=0.09, original=0.99, kept=0.97, random=0.13, named=True)


def say(**changes):
    return sentence(**{**USUAL, **changes})


def test_success():
    assert say() == (
        "Hearing only these 9 % of the sound, the model still says seven with 0.97; a random 9 % gives 0.13."
    )


def test_random_as_good():
    text = say(random=0.96)
    assert text.endswith("a random 9 % gives 0.96, so this part is no better than chance.")


def test_another_class():
    text = say(kept=0.21, heard="one", heard_probability=0.55, named=False)
    assert "no longer says seven (0.21) but one (0.55)" in text
    assert "does not carry seven" in text


def test_a_target_that_was_not_predicted():
    assert "the model says seven with 0.97" in say(said="one")
    text = say(said="one", heard="one", kept=0.02, named=False)
    assert "gives seven only 0.02 and says one" in text
    assert text.endswith("does not carry seven and is no better than chance; a random 9 % gives 0.13.")


def test_sigmoid_below_one_half():
    assert "no longer says seven (0.40), so" in say(kept=0.4, named=False)


def test_nothing_to_hear():
    assert say(area=0.0) == "Nothing in this sound speaks for seven, so there is no part of it to hear."


def test_what_speaks_against():
    text = say(against=True, kept=0.02, random=0.4)
    assert "speaks against seven, the model gives seven 0.02 (the whole sound 0.99); a random 9 % gives 0.40." in text
    assert "no better than chance" in say(against=True, kept=0.4, random=0.4)


def test_percent():
    assert [percent(x) for x in (1.0, 0.5, 0.0096, 0.0094, 0.001, 0.0)] == [
        "100 %",
        "50 %",
        "1 %",
        "0.9 %",
        "0.1 %",
        "less than 0.1 %",
    ]


PARTS = dict(
    count=12, label="seven", said="seven", heard="seven", heard_probability=0.97, original=0.99, kept=0.97, random=0.41,
    named=True,
)  # fmt: skip


def say_parts(names=("0.4–0.6 s", "0.6–0.8 s", "1–1.2 s"), **changes):
    return sentence_of_parts(names, **{**PARTS, **changes})


def test_parts_have_names():
    assert say_parts() == (
        "Hearing only the top 3 of 12 parts (0.4–0.6 s; 0.6–0.8 s; 1–1.2 s), the model still says seven with 0.97; "
        "3 random parts give 0.41."
    )
    assert say_parts(("drums",), random=0.95) == (
        "Hearing only the top part of 12 (drums), the model still says seven with 0.97; 1 random part gives 0.95, so "
        "this part is no better than chance."
    )


def test_parts_that_do_not_carry_the_class():
    text = say_parts(kept=0.2, heard="one", heard_probability=0.6, named=False)
    assert text.endswith(
        "the model no longer says seven (0.20) but one (0.60), so these parts alone do not carry seven and are no "
        "better than chance; 3 random parts give 0.41."
    )
