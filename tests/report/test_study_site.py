"""The site of a study as a person uses it, in a headless Chromium, straight from the disk."""

import json
import re

import pytest
import study_of_demo

from auricle.report.study.packing import put


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return study_of_demo.study(tmp_path_factory.mktemp("study"))


@pytest.fixture
def index(visit, store):
    window = visit(store / "site" / "index.html")
    window.wait_for_selector("#clips tbody tr")
    return window


def told(window):
    return window.locator("[data-count]").inner_text()


def choose(window, name, value):
    window.locator(f"#clips select[name={name}]").select_option(value)


def column(window, place):
    return window.evaluate(
        "place => [...document.querySelectorAll('#clips tbody tr')].map(row => row.cells[place].innerText.trim())",
        place,
    )


def test_the_first_page_says_what_was_found(index):
    assert index.locator("h1").inner_text() == "12 of 13 clips are recognised"
    assert "random parts of the same sizes" in index.locator(".sentence").inner_text()
    assert index.locator("#clips tbody tr").count() == 13
    assert told(index).startswith("13 of 13 clips, 12 of them right")


def test_filters_leave_what_was_asked_for(index):
    choose(index, "correct", "wrong")
    assert told(index).startswith("1 of 13 clips")
    assert index.locator("#clips tbody tr td").nth(1).inner_text().endswith("a & b's <i>.wav")
    index.get_by_role("button", name="All clips").click()
    choose(index, "actual", "five")
    index.wait_for_function("document.querySelectorAll('#clips tbody tr').length === 3")
    index.get_by_label("name contains").fill("five 1")
    index.wait_for_function("document.querySelectorAll('#clips tbody tr').length === 1")
    choose(index, "predicted", "nine")
    index.wait_for_function("document.querySelector('[data-count]').textContent.startsWith('No clip')")


def test_sorting_by_confidence_and_by_any_score(index):
    index.get_by_role("button", name=re.compile("^probability")).click()
    falling = [float(each) for each in column(index, 4)]
    assert falling == sorted(falling, reverse=True)
    index.get_by_role("button", name=re.compile("^probability")).click()
    rising = [float(each) for each in column(index, 4)]
    assert rising == sorted(rising)
    choose(index, "method", "lrp@second")
    choose(index, "sort", "FF")
    index.wait_for_selector("th[aria-sort] button[data-sort=FF]")
    shown = [each for each in column(index, -1 + index.locator("#clips thead th").count()) if each != "–"]
    values = [float(each.replace("−", "-")) for each in shown]
    assert len(values) > 5
    assert values == sorted(values)


def test_going_back_finds_the_same_table(index):
    choose(index, "actual", "seven")
    choose(index, "method", "lime")
    index.wait_for_function("location.hash.includes('lime')")
    index.locator("#clips tbody a").nth(1).click()
    index.wait_for_selector(".card canvas")
    index.go_back()
    index.wait_for_selector("#clips tbody tr")
    assert index.locator("select[name=method]").input_value() == "lime"
    assert index.locator("#clips tbody tr").count() == 3


def test_a_row_opens_the_page_of_its_clip(index):
    choose(index, "correct", "wrong")
    index.locator("#clips tbody a").nth(1).click()
    index.wait_for_selector(".card canvas")
    assert index.locator("h1").inner_text().startswith("The model heard: seven, ")
    assert "but it is nine" in index.locator(".subject").inner_text()
    assert "a & b's <i>.wav" in index.locator(".subject").inner_text()
    assert index.locator(".card").count() == 3
    assert index.locator("[data-bars] li").count() == 10
    assert "Hearing only the relevant part" in index.locator(".card .told").first.inner_text()
    index.get_by_role("button", name="why it could be nine (true)").click()
    index.wait_for_selector("[data-ask=true][aria-pressed=true]")
    index.wait_for_function("document.querySelectorAll('.card').length === 3")


def test_maps_are_drawn_with_regions_in_colours(index):
    index.locator("#clips tbody a").nth(1).click()
    index.wait_for_selector(".card canvas")
    colours = """() => {
      const canvas = document.querySelector('.card canvas');
      const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
      const seen = new Set();
      for (let i = 0; i < pixels.length; i += 4) seen.add(65536 * pixels[i] + 256 * pixels[i + 1] + pixels[i + 2]);
      return seen.size;
    }"""
    index.wait_for_function(f"({colours})() > 100")
    before = index.evaluate("document.querySelector('.card canvas').toDataURL()")
    index.get_by_label("regions", exact=True).uncheck()
    assert index.evaluate("document.querySelector('.card canvas').toDataURL()") != before


def test_sounds_are_loaded_when_they_are_played(index):
    asked = []
    index.on("request", lambda request: asked.append(request.url))
    index.locator("#clips tbody a").nth(1).click()
    index.wait_for_selector(".hears button")
    index.wait_for_timeout(300)
    assert not [each for each in asked if each.endswith(".flac")]
    index.locator(".card").nth(1).get_by_role("button", name="relevant only").click()
    index.wait_for_function("document.querySelector('audio').currentTime > 0.1")
    assert [each.split("/store/")[1].split("/")[1] for each in asked if each.endswith(".flac")] == ["lrp%40second"]
    index.locator(".hears button", has_text="whole sound").first.click()
    index.wait_for_function("document.querySelector('[data-playing]').textContent === 'whole sound'")


def test_what_was_written_quieter_is_not_heard_as_quieter(index):
    index.locator("#clips tbody a").nth(1).click()
    index.wait_for_selector(".hears button")
    index.wait_for_function("document.querySelector('[data-study]').page !== undefined")
    volumes = index.evaluate("""() => {
      const { page } = document.querySelector('[data-study]');
      page.clip.original.gain_db = -6.0206;
      const sounds = [page.clip.original, { kind: 'relevant', gain_db: 0 }, { kind: 'matched', gain_db: 9 }];
      return sounds.map(each => page.volume(each));
    }""")
    assert volumes == pytest.approx([1.0, 0.5, 0.5], abs=1e-3)


def test_every_section_is_filled_when_it_is_opened(index):
    assert index.locator("[data-pictures] img").count() == 0
    for name, has in (
        ("Which method to trust", "#trust .verdicts li"), ("Pictures", "[data-pictures] a.spot"),
        ("Classes", "[data-classes] table"), ("Map of clips", "[data-map] svg a"), ("About", "pre.settings"),
    ):  # fmt: skip
        index.get_by_role("link", name=name).click()
        index.wait_for_selector(has)
    index.get_by_role("link", name="Map of clips").click()
    assert index.locator("[data-map] svg a").count() == 13
    index.locator("[data-map] svg a").first.evaluate(
        "each => each.dispatchEvent(new MouseEvent('click', {bubbles: true}))"
    )
    index.wait_for_selector(".card canvas")


def test_a_picture_leads_to_the_sound_of_a_clip(visit, store):
    window = visit(store / "site" / "index.html")
    window.goto((store / "site" / "index.html").as_uri() + "#pictures")
    spot = window.locator("a.spot").first
    spot.focus()
    window.keyboard.press("Enter")
    window.wait_for_selector(".card canvas")


def test_a_clip_that_is_not_there_is_said(visit, store):
    page = visit(store / "site" / "clip.html")
    assert page.locator("h1").inner_text() == "No clip was chosen"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_needs_no_sideways_scrolling(visit, store, scheme):
    site = (store / "site" / "index.html").as_uri()
    window = visit(store / "site" / "index.html", width=390, height=780, color_scheme=scheme)
    for name in ("clips", "trust", "pictures", "classes", "map", "failures", "about"):
        window.goto(f"{site}#{name}")
        window.wait_for_timeout(150)
        assert window.evaluate("document.documentElement.scrollWidth") <= 390, name
    window.goto(f"{site}#clips")
    window.locator("#clips tbody a").nth(1).click()
    window.wait_for_selector(".card canvas")
    assert window.evaluate("document.documentElement.scrollWidth") <= 390


def test_names_that_look_like_html_are_text(index, store):
    assert index.locator("#clips i").count() == 0
    assert "<i>.wav" not in (store / "site" / "data" / "clips.js").read_text()


def larger(store, folder, clips):
    """The same site with so many clips in its table."""
    import shutil

    site = shutil.copytree(store / "site", folder / "site")
    for name in ("clips", "scores-0"):
        text = (site / "data" / f"{name}.js").read_text()
        columns = json.loads(text[text.index(",") + 1 : text.rindex(")")])
        many = {key: [values[place % len(values)] for place in range(clips)] for key, values in columns.items()}
        if name == "clips":
            many["id"] = [f"clip {place}" for place in range(clips)]
        (site / "data" / f"{name}.js").write_bytes(put(name, many))
    return site


def test_2000_clips_load_one_table_and_what_is_on_the_screen(visit, store, tmp_path, browser):
    site = larger(store, tmp_path, 2000)
    asked = []
    window = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    window.on("request", lambda request: asked.append(request.url.split("/site/")[-1]))
    window.goto((site / "index.html").as_uri())
    window.wait_for_selector("#clips tbody tr")
    window.wait_for_timeout(300)
    scripts = [each for each in asked if each.startswith("data/")]
    assert scripts == ["data/clips.js", "data/scores-0.js"]
    assert not [each for each in asked if each.startswith("clips/") or ".flac" in each]
    assert sum((site / each).stat().st_size for each in scripts) < 2_000_000
    assert window.locator("#clips tbody tr").count() == 50
    seconds = window.evaluate("""async () => {
      const select = document.querySelector('#clips select[name=actual]');
      const begun = performance.now();
      select.value = 'five';
      select.dispatchEvent(new Event('input', { bubbles: true }));
      while (!document.querySelector('[data-count]').textContent.startsWith('462 '))
        await new Promise(done => setTimeout(done));
      return (performance.now() - begun) / 1000;
    }""")
    assert seconds < 5
    print(f"filter of 2,000 clips: {1000 * seconds:.0f} ms")
    window.get_by_role("button", name="next →").click()
    assert "page 2 of 10" in window.locator("[data-pages]").inner_text()
    window.context.close()
