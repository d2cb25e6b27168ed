"""The parts of a sound on the page, as a person hears and sees them."""

import numpy as np
import pytest
from starting import started
from two_tones import ATTACK, tones

import auricle
from auricle.methods.lime import Lime
from auricle.methods.shap import KernelShap
from auricle.report import compare_page, fragment, page

PLAYER = "document.querySelector('.auricle').auricle"


@pytest.fixture(scope="session")
def parts_page(parts, tmp_path_factory):
    path = tmp_path_factory.mktemp("parts") / "index.html"
    path.write_text(page(parts))
    return path


def test_every_part_is_listed_and_the_strongest_can_be_heard(visit, parts_page, parts):
    window = visit(parts_page)
    section = window.get_by_role("region", name="Parts of the sound")
    assert section.locator("[data-part]").count() == 15
    assert section.locator("[data-hears]").count() == 12
    strongest = max(parts.components(), key=lambda row: row.weight)
    assert section.locator("tbody tr").first.locator(".name").inner_text() == strongest.name
    assert f"({parts.contributions.forwards:,} passes through it)" in section.inner_text()
    assert "time:15" in section.inner_text()
    assert "components (time:15)" in window.locator("main").inner_text()
    section.get_by_text("Weights for every class").click()
    assert section.locator("table.classes thead th").count() == 11


def test_a_part_plays_where_it_is_and_ends_there(visit, parts_page):
    window = visit(parts_page)
    row = window.locator("[data-part]").first
    start, end = (float(row.get_attribute(f"data-{edge}")) for edge in ("start", "end"))
    button = row.locator("[data-hears]")
    # A part is over in a twinkling, so the page itself looks, the moment that it plays.
    pressed, position, voices = window.evaluate(
        f"""() => new Promise(done => {{
            const [player, button] = [{PLAYER}, document.querySelector("[data-part] [data-hears]")];
            const changed = player.changed;
            player.changed = () => {{
                changed();
                if (player.playing) done([button.getAttribute("aria-pressed"), player.position,
                    player.voices.map(v => [v.id, v.gain.gain.value, v.buffer.duration])]);
            }};
            button.click();
        }})"""
    )
    assert pressed == "true"
    assert start - 0.05 < position < end + 0.05
    assert [gain for _, gain, _ in voices] == [0] * 5 + [1]
    assert voices[-1][2] < end - start + 0.05
    window.wait_for_function(f"!{PLAYER}.playing")
    assert window.evaluate(f"{PLAYER}.position") == pytest.approx(start, abs=0.02)
    assert button.get_attribute("aria-pressed") == "false"


def test_from_a_part_one_can_go_back_to_the_whole(visit, parts_page):
    window = visit(parts_page)
    window.get_by_role("button", name="Loop").click()
    started(window, PLAYER, window.locator("[data-hears]").nth(1).click)
    row = window.locator("[data-part]").nth(1)
    window.wait_for_timeout(300)
    start, end = (float(row.get_attribute(f"data-{edge}")) for edge in ("start", "end"))
    assert start - 0.02 <= window.evaluate(f"{PLAYER}.position") <= end + 0.02
    window.keyboard.press("o")
    window.wait_for_function(f"{PLAYER}.playing && {PLAYER}.chosen === 'original'")
    window.wait_for_function(f"{PLAYER}.position > {end + 0.05}")


def test_top_parts_are_in_the_player_and_on_the_keyboard(visit, parts_page):
    window = visit(parts_page)
    assert window.locator(".player [data-sound]").all_inner_texts()[-2:] == ["Top 3 only 4", "Without top 3 5"]
    window.keyboard.press("4")
    assert window.evaluate(f"{PLAYER}.chosen") == "only"
    window.keyboard.press("5")
    assert window.evaluate(f"{PLAYER}.chosen") == "without"
    window.keyboard.press("6")
    assert window.evaluate(f"{PLAYER}.chosen") == "without"
    window.locator("[data-hears]").first.focus()
    (sound,) = started(window, PLAYER, lambda: window.keyboard.press("Enter"))
    assert sound.startswith("part-")


def test_a_row_frames_its_place_on_the_picture(visit, parts_page):
    window = visit(parts_page)
    picture = "document.querySelector('.picture canvas').toDataURL()"
    before = window.evaluate(picture)
    name = window.locator("[data-part] .name").first
    name.click()
    assert window.evaluate(picture) != before
    assert window.locator("tr.marked").count() == 1
    name.click()
    assert window.evaluate(picture) == before


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_parts_without_sideways_scrolling(visit, parts_page, scheme):
    window = visit(parts_page, width=360, height=780, color_scheme=scheme)
    for each in window.locator("details").all():
        each.evaluate("each => each.open = true")
    assert window.evaluate("document.documentElement.scrollWidth") <= 360
    for cell in window.locator(".parts .figure").all():
        assert cell.evaluate("each => each.scrollWidth <= each.clientWidth")
    window.emulate_media(media="print")
    assert not window.locator("[data-hears]").first.is_visible()
    assert window.locator(".parts .name").first.is_visible()


def test_a_notebook_has_the_parts_too(visit, parts, tmp_path):
    path = tmp_path / "notebook.html"
    path.write_text("<!doctype html>" + fragment(parts))
    window = visit(path)
    (sound,) = started(window, PLAYER, window.locator("[data-hears]").first.click)
    assert sound.startswith("part-")


def test_maps_on_different_grids_share_one_frequency_axis(visit, parts, explanation, tmp_path):
    path = tmp_path / "compare.html"
    path.write_text(compare_page([explanation, parts], [None, None], [explanation.sounds(), parts.sounds()]))
    window = visit(path)
    places = window.evaluate(
        "JSON.parse(document.querySelector('script[data-auricle]').textContent).maps.map(map => map.scale)"
    )
    for one, other in zip(*places, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3)
    assert window.locator("[data-hears]").count() == 0


def test_names_of_parts_that_attack_do_nothing(visit, classifier, tmp_path):
    clip = tones()
    found = auricle.explain(clip, classifier, method=KernelShap(components="time:3"))
    each = found.contributions.components.each
    for component in each:
        object.__setattr__(component, "name", f"{ATTACK} {component.name}")
    path = tmp_path / "attack.html"
    path.write_text(page(found))
    window = visit(path)
    assert window.evaluate("window.broken") is None
    assert "onerror" in window.locator(".parts .name").first.inner_text()


def test_weights_that_are_all_against_are_shown(visit, classifier, tmp_path):
    found = auricle.explain(tones(), classifier, method=Lime(components="time:4", samples=40), target="zero")
    found.contributions.weights[:, 0] = -found.contributions.weights[:, 0].abs() - 0.1
    path = tmp_path / "against.html"
    path.write_text(page(found))
    window = visit(path)
    assert window.locator(".player [data-sound]").count() == 3  # nothing speaks for it, so there is no top
    assert window.locator(".diverging .against").count() == 4
