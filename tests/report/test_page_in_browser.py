"""The page as a person uses it, in a headless Chromium."""

import pytest
from starting import started

from auricle.report import compare_page, fragment, index_page, page
from auricle.report.page import Entry
from auricle.report.save import FILES

PLAYER = "document.querySelector('.auricle').auricle"
PLAYHEAD = "new DOMMatrix(getComputedStyle(document.querySelector('.playhead')).transform).e"


def state(window, root=0):
    return window.evaluate(
        """root => {
          const { position, playing, chosen } = document.querySelectorAll('.auricle')[root].auricle;
          return { position, playing, chosen };
        }""",
        root,
    )


def painted(window, place=0):
    """How many different colours the picture has."""
    return window.evaluate(
        """place => {
          const canvas = document.querySelectorAll('.picture canvas')[place];
          const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
          const colours = new Set();
          for (let i = 0; i < pixels.length; i += 4) {
            colours.add(65536 * pixels[i] + 256 * pixels[i + 1] + pixels[i + 2]);
          }
          return colours.size;
        }""",
        place,
    )


def play(window, *, ends=False):
    if not ends:
        window.get_by_role("button", name="Loop").click()
    assert started(window, PLAYER, window.get_by_role("button", name="Play", exact=True).click) == ["original"]


def test_everything_is_on_the_page(visit, saved, explanation):
    window = visit(saved / "index.html")
    label, probability = explanation.prediction.label, explanation.prediction.probability
    assert window.locator("h1").inner_text() == f"The model heard: {label}, {probability:.2f}"
    assert "Hearing only these 9\u00a0% of the sound" in window.locator(".sentence").inner_text()
    assert window.locator(".bars li").count() == 10
    assert window.locator(".checks li").count() == len(explanation.checks)
    assert window.get_by_role("region", name="Scores and controls").locator("tbody tr").count() == 2
    assert window.get_by_role("region", name="Windows").locator("tbody tr").count() == 2
    assert window.locator(".charts svg[role=img]").count() == 1
    for name in set(FILES) - {"index.html"}:
        assert window.locator(f"a[href='{name}']").count() == 1
        assert (saved / name).exists()
    assert painted(window) > 100


def test_sound_plays_and_the_playhead_moves(visit, saved):
    window = visit(saved / "index.html")
    before = window.evaluate(PLAYHEAD)
    play(window)
    window.wait_for_function(f"{PLAYER}.position > 0.2 && {PLAYHEAD} > {before + 50}")
    window.get_by_role("button", name="Pause", exact=True).click()
    rest = state(window)["position"]
    window.wait_for_timeout(150)
    assert state(window) == {"position": rest, "playing": False, "chosen": "original"}


def test_playback_ends_and_can_begin_again(visit, saved):
    window = visit(saved / "index.html")
    play(window, ends=True)
    window.wait_for_function(f"!{PLAYER}.playing")
    assert state(window)["position"] == 0
    play(window, ends=True)


def test_switching_sounds_keeps_the_position_and_the_clock(visit, saved):
    window = visit(saved / "index.html")
    play(window)
    window.wait_for_function(f"{PLAYER}.position > 0.2")
    drift = window.evaluate(
        """() => {
          const player = document.querySelector('.auricle').auricle;
          const now = { currentTime: player.context.currentTime, outputLatency: player.context.outputLatency };
          for (const name in now) {
            Object.defineProperty(player.context, name, { get: () => now[name], configurable: true });
          }
          const [began, before] = [player.began, player.position];
          document.querySelector('[data-sound=kept]').click();
          const drift = [player.began - began, player.position - before];
          for (const name in now) delete player.context[name];
          return drift;
        }"""
    )  # with the clock held still, so that a busy machine takes no time between the two looks
    assert drift == [0, 0]
    gains = f"{PLAYER}.voices.map(voice => [voice.id, Math.round(voice.gain.gain.value * 100)])"
    wanted = [["original", 0], ["kept", 100], ["removed", 0]]
    window.wait_for_function(f"wanted => JSON.stringify({gains}) === JSON.stringify(wanted)", arg=wanted)
    assert state(window)["playing"]
    assert window.locator("[data-sound=kept]").get_attribute("aria-pressed") == "true"


def test_what_is_heard_are_the_saved_sounds(visit, saved):
    import soundfile

    window = visit(saved / "index.html")
    play(window)
    peaks = window.evaluate(
        f"""{PLAYER}.voices.map(
          v => [v.buffer.duration, v.buffer.getChannelData(0).reduce((a, b) => Math.max(a, Math.abs(b)), 0)]
        )"""
    )
    for name, (seconds, peak) in zip(("original", "kept", "removed"), peaks, strict=True):
        samples, rate = soundfile.read(saved / f"{name}.wav")
        assert seconds == pytest.approx(len(samples) / rate, abs=1e-3)
        assert peak == pytest.approx(abs(samples).max(), rel=0.1)  # the browser resamples


def test_keyboard(visit, saved):
    window = visit(saved / "index.html")
    window.keyboard.press("ArrowRight")
    moved = state(window)["position"]
    assert 0 < moved < 0.1
    window.keyboard.press("ArrowLeft")
    assert state(window)["position"] < 1e-9
    for key, chosen in (("2", "kept"), ("r", "removed"), ("o", "original"), ("3", "removed"), ("K", "kept")):
        window.keyboard.press(key)
        assert state(window)["chosen"] == chosen
    window.keyboard.press("l")
    assert window.get_by_role("button", name="Loop").get_attribute("aria-pressed") == "true"
    window.keyboard.press(" ")
    window.wait_for_function(f"{PLAYER}.playing")
    window.wait_for_function("document.querySelector('[role=status]').textContent === 'Playing: kept'")
    window.keyboard.press(" ")
    assert not state(window)["playing"]


def test_space_on_a_focused_button_presses_that_button(visit, saved):
    window = visit(saved / "index.html")
    window.locator("[data-sound=removed]").focus()
    window.keyboard.press(" ")
    assert state(window)["chosen"] == "removed"
    assert not state(window)["playing"]


def test_a_click_on_the_picture_seeks(visit, saved, explanation):
    window = visit(saved / "index.html")
    canvas = window.locator(".picture canvas")
    box = canvas.bounding_box()
    canvas.click(position={"x": box["width"] / 2, "y": 150})
    position = state(window)["position"]
    assert 0.3 * explanation.clip.seconds < position < 0.7 * explanation.clip.seconds
    slider = window.get_by_role("slider", name="Position")
    assert float(slider.get_attribute("aria-valuenow")) == pytest.approx(position, abs=1e-3)
    assert "relevance" in window.locator("[data-readout]").inner_text()


def test_opacity_and_signs_change_the_picture(visit, saved):
    window = visit(saved / "index.html")
    full = painted(window)
    window.locator("input[data-look=opacity]").fill("0")
    assert painted(window) < full
    window.locator("input[data-look=opacity]").fill("90")
    window.get_by_label("speaks for").uncheck()
    window.get_by_label("speaks against").uncheck()
    assert painted(window) < full
    window.get_by_label("frequency spaced").uncheck()
    assert painted(window) > 20


def test_dark_mode_and_its_toggle(visit, saved):
    ground = "getComputedStyle(document.querySelector('.auricle')).backgroundColor"
    light = visit(saved / "index.html", color_scheme="light").evaluate(ground)
    window = visit(saved / "index.html", color_scheme="dark")
    assert window.evaluate(ground) != light
    window.get_by_role("button", name="Light / dark").click()
    assert window.evaluate(ground) == light


@pytest.mark.parametrize("width", [360, 390])
def test_a_phone_needs_no_sideways_scrolling(visit, saved, explanation, scores, tmp_path, width):
    sounds = explanation.sounds()
    comparison = tmp_path / "compare.html"
    comparison.write_text(compare_page([explanation] * 3, [scores] * 3, [sounds] * 3))
    for path in (saved / "index.html", comparison):
        window = visit(path, width=width, height=780, device_scale_factor=2)
        assert window.evaluate("document.documentElement.scrollWidth") <= width
        sharpness = window.locator(".picture canvas").first.evaluate("each => each.width / each.clientWidth")
        assert sharpness == pytest.approx(2, abs=0.02)


def test_reduced_motion_and_print_do_no_harm(visit, saved):
    window = visit(saved / "index.html", reduced_motion="reduce")
    play(window)
    window.wait_for_function(f"{PLAYER}.position > 0.5 && {PLAYHEAD} > 100")
    window.keyboard.press("o")
    window.emulate_media(media="print")
    assert not window.locator(".player").is_visible()
    assert window.locator(".picture canvas").is_visible()


def test_two_fragments_live_on_one_page(visit, explanation, on_samples, tmp_path):
    path = tmp_path / "notebook.html"
    path.write_text("<!doctype html><p id=mine>mine</p>" + fragment(explanation) + fragment(on_samples))
    window = visit(path)
    assert window.locator(".auricle[data-started]").count() == 2
    assert painted(window, 0) > 100
    assert painted(window, 1) > 100
    window.locator(".picture").nth(1).focus()
    window.keyboard.press("ArrowRight")
    window.keyboard.press("2")
    assert state(window, 1)["position"] > 0
    assert state(window, 1)["chosen"] == "kept"
    assert state(window, 0) == {"position": 0, "playing": False, "chosen": "original"}
    assert window.locator(".still:visible").count() == 0


def test_without_scripts_a_fragment_shows_a_still_picture(new_window, explanation, tmp_path):
    path = tmp_path / "untrusted.html"
    path.write_text("<!doctype html>" + fragment(explanation))
    window = new_window(java_script_enabled=False)
    page = window.new_page()
    page.goto(path.as_uri())
    assert page.locator(".still").is_visible()
    assert not page.locator(".player").is_visible()
    window.close()


def test_comparison_plays_any_method_from_one_clock(visit, explanation, scores, tmp_path):
    path = tmp_path / "compare.html"
    sounds = explanation.sounds()
    path.write_text(compare_page([explanation, explanation], [scores, None], [sounds, sounds]))
    window = visit(path)
    assert window.locator(".card").count() == 2
    assert painted(window, 1) > 100
    window.get_by_role("button", name="Loop").click()
    assert started(window, PLAYER, window.locator("[data-sound=kept-1]").click) == ["kept-1"]
    began = window.evaluate(f"{PLAYER}.began")
    window.locator("[data-sound=removed-0]").click()
    assert window.evaluate(f"{PLAYER}.began") == began
    assert state(window)["chosen"] == "removed-0"


def test_index_links_the_pages(visit, saved, explanation, scores):
    entries = [Entry.of(explanation, "index.html", scores), Entry.of(explanation, "a b#c/index.html", scores)]
    path = saved / "all.html"
    path.write_text(index_page(entries, failures=["x.wav is empty (0 bytes)"]))
    window = visit(path)
    assert window.locator(".clips li").count() == 2
    assert "x.wav is empty" in window.locator(".warning").inner_text()
    assert window.locator("table.scores tbody tr").count() == 2
    address = window.locator(".clips a").nth(1).evaluate("each => each.pathname")
    assert address.endswith("/a%20b%23c/index.html")
    window.locator(".clips a").first.click()
    window.wait_for_selector(".picture")


def test_hostile_names_do_nothing(visit, hostile, scores, tmp_path):
    text = page(hostile, scores, hostile.sounds())
    assert "<img src=x" not in text
    path = tmp_path / "hostile.html"
    path.write_text(text)
    window = visit(path)
    assert window.evaluate("window.broken") is None
    assert "onerror" in window.locator(".subject").inner_text()
    assert "{{7*7}}" in window.locator(".subject").inner_text()
    assert window.locator("ol.bars").count() == 2
    other = tmp_path / "others.html"
    other.write_text(
        compare_page([hostile], [scores], [hostile.sounds()])
        + fragment(hostile)
        + index_page([Entry.of(hostile, "javascript:window.broken=1")])
    )
    assert visit(other).evaluate("window.broken") is None
