"""The test as a listener takes it, in a headless Chromium, up to the analysis of what was downloaded."""

from itertools import pairwise

import pytest

from auricle.listening import analyse, read_key, read_result

ORDER = """listener => document.querySelector('.auricle').listening.orderOf(listener).map(
  item => [item.id, item.sounds.map(sound => sound.id)])"""
PLAYER = "document.querySelector('.auricle').listening.rating.player"
LETTERS = "abcde"


def begin(window, listener="p07"):
    window.get_by_label("Your pseudonym").fill(listener)
    window.get_by_role("button", name="Begin").click()
    window.wait_for_function("document.querySelector('.auricle').listening.rating !== null")
    return window


def missing(window):
    return window.locator("[data-missing]").inner_text()


def hear(window, key):
    """Press the key and wait until that sound was heard long enough."""
    window.keyboard.press(key)
    window.wait_for_function(f"{PLAYER}.playing")
    name = "reference" if key == "r" else sounds_here(window)["abcde".index(key)]
    window.wait_for_function("name => document.querySelector('.auricle').listening.rating.heard(name)", arg=name)


def sounds_here(window):
    """Ids of this page's sounds, from A on."""
    return window.locator("[data-row]").evaluate_all("rows => rows.map(row => row.dataset.row)")


def test_a_listener_hears_rates_downloads_and_is_analysed(visit, saved, tmp_path):
    key = read_key(saved)
    wanted = {"reference": 100, "input-x-gradient": 60, "grad-cam": 70, "random": 20, "anchor": 10}
    window = visit(accept_downloads=True)
    began = window.evaluate("performance.now()")
    begin(window)
    order = window.evaluate(ORDER, "p07")
    for item, ids in order:
        assert sounds_here(window) == ids
        hear(window, "r")
        for letter, identity in zip(LETTERS, ids, strict=True):
            hear(window, letter)
            window.locator(f"[data-row='{identity}'] input").fill(str(wanted[key.names[item][identity]]))
        window.wait_for_function("document.querySelector('[data-missing]').textContent === ''")
        window.keyboard.press("Enter")
    window.wait_for_selector("text=Thank you.")
    passed = (window.evaluate("performance.now()") - began) / 1000
    with window.expect_download() as expected:
        window.get_by_role("button", name="Download the ratings").click()
    assert expected.value.suggested_filename == "ratings-p07.json"
    path = tmp_path / "ratings-p07.json"
    expected.value.save_as(path)

    result = read_result(path, key)
    assert result.listener == "p07"
    assert list(result.ratings) == [item for item in key.names]
    for ratings in result.ratings.values():
        assert {name: each.rating for name, each in ratings.items()} == wanted
        assert all(each.plays == 1 and each.seconds >= 0.5 for each in ratings.values())
    heard = [each.seconds for ratings in result.ratings.values() for each in ratings.values()]
    assert sum(heard) <= passed + 0.005 * len(heard)  # one at a time; seconds are written with two digits
    assert analyse(key, [result]).of("grad-cam").difference == 50


def test_nobody_goes_on_before_all_is_heard_and_rated(visit):
    window = begin(visit())
    forward = window.get_by_role("button", name="Next")
    assert missing(window) == "Still to hear: the reference, A, B, C, D, E. Still to rate: A, B, C, D, E."
    assert forward.is_disabled()
    for slider in window.locator(".rows input").all():
        slider.fill("40")
    assert missing(window) == "Still to hear: the reference, A, B, C, D, E."
    hear(window, "r")
    window.evaluate(
        """() => {
          const { rating } = document.querySelector('.auricle').listening;
          for (const id of [...rating.letters.keys()].slice(0, 4)) rating.marks[id].seconds = 1;
        }"""
    )
    window.wait_for_function("document.querySelector('[data-missing]').textContent === 'Still to hear: E.'")
    window.keyboard.press("Enter")
    assert window.locator("[data-page]").inner_text() == "Page 1 of 2"
    assert forward.is_disabled()
    hear(window, "e")
    window.wait_for_function("!document.querySelector('[data-action=next]').disabled")
    forward.click()
    assert window.locator("[data-page]").inner_text() == "Page 2 of 2"
    assert "Still to rate: A, B, C, D, E." in missing(window)
    assert not window.evaluate(f"{PLAYER}.playing")


def test_switching_keeps_the_place_and_loops(visit):
    window = begin(visit())
    hear(window, "r")
    began, chosen = window.evaluate(f"{PLAYER}.began"), window.evaluate(f"{PLAYER}.chosen")
    assert chosen == "reference"
    window.get_by_role("button", name="Hear C").click()
    assert window.evaluate(f"{PLAYER}.began") == began
    assert window.evaluate(f"{PLAYER}.chosen") == sounds_here(window)[2]
    gains = f"{PLAYER}.voices.map(voice => Math.round(voice.gain.gain.value * 100))"
    # One sound fades in while the other fades out.
    window.wait_for_function(f"JSON.stringify({gains}.sort((a, b) => a - b)) === '[0,0,0,0,0,100]'")
    window.wait_for_function(f"{PLAYER}.context.currentTime > {PLAYER}.began + {PLAYER}.seconds + 0.1")  # it has ended
    assert window.evaluate(f"{PLAYER}.playing")
    window.keyboard.press(" ")  # the button has the focus: it plays on
    assert window.evaluate(f"{PLAYER}.playing")
    window.locator("[data-question]").focus()
    window.keyboard.press(" ")
    assert not window.evaluate(f"{PLAYER}.playing")


def test_the_order_is_the_listeners_own_and_always_the_same(visit):
    window, other = visit(), visit()
    orders = [window.evaluate(ORDER, f"p{number}") for number in range(40)]
    assert orders == [other.evaluate(ORDER, f"p{number}") for number in range(40)]
    first_items = [order[0][0] for order in orders]
    assert {first_items.count(each) for each in set(first_items)} <= {*range(10, 31)}
    of_one_item = [dict(order)[orders[0][0][0]] for order in orders]
    assert len({tuple(each) for each in of_one_item}) > 30  # of 120 orders
    for identity in of_one_item[0]:  # each is first about as often
        assert 2 <= sum(each[0] == identity for each in of_one_item) <= 18


def test_progress_is_kept_for_this_listener_only(visit):
    window = begin(visit())
    context = window.context
    hear(window, "b")
    window.locator(".rows input").nth(1).fill("73")
    kept = "Object.values(localStorage).some(each => JSON.parse(each).marks[second].rating === 73)"
    window.wait_for_function(f"second => {kept}", arg=sounds_here(window)[1])
    window.close()
    again = begin(visit(window=context))
    assert again.locator(".rows output").all_inner_texts() == ["–", "73", "–", "–", "–"]
    assert "A, C, D, E" in missing(again)
    someone = begin(visit(window=context), "p08")
    assert someone.locator(".rows output").all_inner_texts() == ["–"] * 5


def test_a_keyboard_is_enough(visit):
    window = begin(visit())
    window.keyboard.press("b")
    window.wait_for_function(f"{PLAYER}.playing")
    for _ in range(3):
        window.keyboard.press("ArrowRight")
    assert window.locator(".rows output").all_inner_texts()[1] == "53"
    slider = window.locator(".rows input").nth(1)
    assert slider.get_attribute("aria-valuetext") == "53, fair"
    window.keyboard.press(" ")  # the slider has the focus and does not need the space
    assert not window.evaluate(f"{PLAYER}.playing")


@pytest.mark.parametrize("pseudonym", ["", "Ann Smith", "x" * 33, "../p"])
def test_a_pseudonym_is_short_and_plain(visit, pseudonym):
    window = visit()
    window.get_by_label("Your pseudonym").fill(pseudonym)
    window.get_by_role("button", name="Begin").click()
    assert window.evaluate("document.querySelector('.auricle').listening.rating") is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1200])
def test_it_fits_and_its_words_are_readable(visit, width, scheme):
    window = visit(width=width, color_scheme=scheme)
    assert window.evaluate("document.documentElement.scrollWidth") <= width
    begin(window)
    assert window.evaluate("document.documentElement.scrollWidth") <= width
    colours = window.evaluate(
        """() => ['color', 'backgroundColor'].map(name => {
          const [r, g, b] = getComputedStyle(document.querySelector('.auricle'))[name].match(/[0-9.]+/g).map(Number);
          return (r + g + b) / 3;
        })"""
    )
    assert (colours[0] < 80 and colours[1] > 200) if scheme == "light" else (colours[0] > 200 and colours[1] < 80)
    boxes = window.locator(".scale i").evaluate_all("words => words.map(word => word.getBoundingClientRect())")
    assert len({round(box["top"]) for box in boxes}) == 1  # on one line
    assert all(left["right"] <= right["left"] + 8 for left, right in pairwise(boxes))


def test_without_condition_names_for_the_eye_or_the_screen_reader(visit):
    window = begin(visit())
    said = window.locator(".auricle").inner_text() + str(
        window.locator("*").evaluate_all("all => all.flatMap(each => [...each.attributes].map(one => one.value))")
    )
    for name in ("input-x-gradient", "grad-cam", "anchor", "control"):
        assert name not in said
