"""Concepts pages as a person uses them, in a headless Chromium."""

import pytest
from concepts_of_digits import classifier, clips, concepts, explained, gallery, hostile, with_negative

from auricle.report.concepts import concept_page, write_site
from auricle.report.concepts.site import page_name

PIECE = "document.querySelector('.auricle').concepts[{}]"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "clip.html"
    path.write_text(concept_page(explained(), equal=explained().sounds(loudness="equal")))
    return path


@pytest.fixture(scope="module")
def class_page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    write_site(classifier(), concepts(), gallery(), clips().__getitem__, folder)
    return folder / page_name(1, gallery().labels[0])


def chosen(window, place=0):
    return window.evaluate(f"{PIECE.format(place)}.player.chosen")


def playing(window):
    """The number of the piece that plays; -1 for none."""
    return window.evaluate("document.querySelector('.auricle').concepts.findIndex((each) => each.player.playing)")


def colours(window, selector):
    """How many different colours a canvas has."""
    return window.evaluate(
        """selector => {
          const canvas = document.querySelector(selector);
          const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
          const found = new Set();
          for (let i = 0; i < pixels.length; i += 4) found.add(65536 * pixels[i] + 256 * pixels[i + 1] + pixels[i + 2]);
          return found.size;
        }""",
        selector,
    )


def test_figures_and_letters_choose_the_sound(visit, page):
    window = visit(page)
    assert chosen(window) == "original"
    for key, id in (("1", "concept-1"), ("4", "concept-4"), ("s", "standard"), ("r", "rest"), ("0", "original")):
        window.keyboard.press(key)
        assert chosen(window) == id
        assert window.locator(".sounds [aria-pressed=true]").get_attribute("data-sound") == id
    window.keyboard.press("9")  # there is no ninth
    assert chosen(window) == "original"


def test_space_plays_and_switching_keeps_the_clock(visit, page):
    window = visit(page)
    window.keyboard.press("l")  # so that it does not end by itself
    window.keyboard.press(" ")
    window.wait_for_function(f"{PIECE.format(0)}.player.playing")
    began = window.evaluate(f"{PIECE.format(0)}.player.began")
    window.keyboard.press("2")
    assert window.evaluate(f"{PIECE.format(0)}.player.began") == began
    assert window.locator("[data-card=concept-2] .hear").get_attribute("data-playing") == "true"
    window.keyboard.press(" ")
    assert playing(window) == -1


def test_equal_loudness_is_another_sound_of_the_same_concept(visit, page):
    window = visit(page)
    window.keyboard.press("2")
    window.keyboard.press("e")
    assert chosen(window) == "concept-2-equal"
    assert window.get_by_role("button", name="Equal loudness").get_attribute("aria-pressed") == "true"
    window.keyboard.press("3")
    assert chosen(window) == "concept-3-equal"
    window.keyboard.press("0")
    assert chosen(window) == "original"
    window.keyboard.press("e")
    window.keyboard.press("3")
    assert chosen(window) == "concept-3"


def test_the_large_picture_shows_the_relevance_of_what_is_chosen(visit, page):
    window = visit(page)
    large = "figure.picture canvas"
    plain = colours(window, large)
    window.keyboard.press("1")
    assert colours(window, large) > plain + 50
    assert window.locator("[data-shown]").inner_text() == "Laid over it: the relevance of hiss."
    seen = window.locator(large).evaluate("canvas => canvas.toDataURL()")
    window.keyboard.press("2")
    assert window.locator(large).evaluate("canvas => canvas.toDataURL()") != seen
    overlay = f"{PIECE.format(0)}.large.layers.relevance.toDataURL()"
    second = window.evaluate(overlay)
    window.keyboard.press("3")
    assert window.evaluate(overlay) != second
    window.keyboard.press("0")
    assert colours(window, large) == plain
    assert all(colours(window, f"[data-map='{place}'] canvas") > 100 for place in range(5))


def test_space_on_a_button_presses_that_button(visit, page):
    window = visit(page)
    window.get_by_role("button", name="Loop").focus()
    window.keyboard.press(" ")
    assert window.get_by_role("button", name="Loop").get_attribute("aria-pressed") == "true"
    assert playing(window) == -1
    window.locator("input[data-look=opacity]").focus()
    window.keyboard.press("1")
    assert chosen(window) == "original"


def test_a_card_plays_its_concept_and_stops_it(visit, page):
    window = visit(page)
    window.keyboard.press("l")  # so that it does not end by itself
    button = window.locator("[data-card=concept-1] .hear")
    button.click()
    window.wait_for_function(f"{PIECE.format(0)}.player.playing")
    assert chosen(window) == "concept-1"
    button.click()
    assert playing(window) == -1


def test_the_mouse_reads_values(visit, page):
    window = visit(page)
    window.locator("[data-map='1'] canvas").hover(position={"x": 150, "y": 60})
    text = window.locator("[data-readout]").inner_text()
    assert text.startswith("hiss: ")
    assert "relevance" in text


@pytest.mark.parametrize("width", [360, 1200])
def test_nothing_is_wider_than_the_screen(visit, page, class_page, width):
    for path in (page, class_page, class_page.parent / "index.html"):
        window = visit(path, width=width, height=780)
        assert window.evaluate("document.documentElement.scrollWidth") <= width


def test_hostile_names_do_nothing(visit, tmp_path):
    path = tmp_path / "hostile.html"
    path.write_text(concept_page(hostile()))
    window = visit(path)
    window.keyboard.press("2")
    assert window.evaluate("window.broken") is None
    assert "onerror" in window.locator("[data-shown]").inner_text()
    assert "{{7*7}}" in window.locator(".subject").inner_text()


def test_a_negative_concept_is_told_first(visit, tmp_path):
    path = tmp_path / "negative.html"
    path.write_text(concept_page(with_negative()))
    window = visit(path)
    warning = window.locator(".warning", has_text="speaks against").first.bounding_box()
    assert warning["y"] < window.locator(".player").bounding_box()["y"]


def test_keys_lead_through_the_prototypes(visit, class_page):
    window = visit(class_page)
    first = len(gallery().prototypes[gallery().labels[0]][0])
    at = "document.activeElement.getAttribute('aria-label')"
    window.keyboard.press("n")
    assert window.evaluate(at).startswith("hiss, prototype 1")
    window.keyboard.press("l")  # crops are short
    window.keyboard.press("c")
    window.keyboard.press(" ")
    window.wait_for_function(f"{PIECE.format(0)}.player.playing")
    assert chosen(window) == "concept"
    window.keyboard.press("2")  # the second concept's first prototype
    window.wait_for_function(f"document.querySelector('.auricle').concepts[{first}].player.playing")
    assert chosen(window, first) == "concept"
    window.keyboard.press("p")
    window.keyboard.press("n")
    assert window.evaluate(at).startswith("concept 2, prototype 1")
    window.keyboard.press("ArrowUp")
    assert window.evaluate(at).startswith("hiss, prototype 1")
    window.keyboard.press("p")
    assert window.evaluate(at).startswith("hiss, prototype 1")  # there is none before


def test_only_one_thing_plays_at_a_time(visit, class_page):
    window = visit(class_page)
    window.keyboard.press("n")
    window.keyboard.press("l")  # crops are short
    window.locator("[data-crop-piece] [data-sound=original]").first.click()
    window.wait_for_function(f"{PIECE.format(0)}.player.playing")
    window.locator("[data-clip-piece] [data-action=loop]").first.click()  # so that it does not end by itself
    window.locator("[data-clip-piece] [data-action=play]").first.click()
    window.wait_for_function("document.querySelector('[data-clip-piece] .play').dataset.playing === 'true'")
    count = "document.querySelector('.auricle').concepts.filter((each) => each.player.playing).length"
    assert window.evaluate(count) == 1


def test_the_index_leads_to_a_concept(visit, class_page):
    window = visit(class_page.parent / "index.html")
    window.locator(".legend a", has_text="hiss").first.click()
    window.wait_for_selector("#concept-1 .crop canvas")
    assert window.url.endswith("#concept-1")
    assert colours(window, ".crop canvas") > 50
