"""The site of a study as a person uses it, in a headless Chromium, straight from the disk."""

import json
import re
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
import study_of_demo

from auricle.axes import Axes
from auricle.clip import Clip
from auricle.report.study.clip_files import _left_out
from auricle.report.study.explained import Explained
from auricle.report.study.frequencies import ranges_by_class
from auricle.report.study.packing import packed_levels, packed_relevance, put
from auricle.study.config import Sound
from auricle.study.maps import mask_bytes


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


def read(file):
    text = file.read_text()
    return json.loads(text[text.index(",") + 1 : text.rindex(")")])


@pytest.fixture
def own_site(store, tmp_path):
    """A copy of the site whose data may be changed."""
    return shutil.copytree(store / "site", tmp_path / "site")


def test_maps_come_back_as_they_were_packed(index):
    index.locator("#clips tbody a").nth(1).click()
    index.wait_for_selector(".card canvas")
    generator = np.random.default_rng(0)
    shares, levels = generator.uniform(-1, 1, (5, 7)), generator.uniform(0, 1, (5, 7))
    packed = [packed_relevance(shares), packed_levels(levels)]
    unpack = """([values, levels]) => {
      const { page } = document.querySelector('[data-study]');
      const even = (count) => ({ first: 0, from: 1, to: count - 1, count: count - 1, last: count });
      page.clip.drawing = { ...page.clip.drawing, hertz: even(5), times: even(7), levels };
      page.sound().then(() => page.map({ strongest: 1, hertz: even(5), times: even(7), values })).then((map) => {
        const bytes = (text) => [...atob(text)].map((each) => each.charCodeAt(0));
        window.back = [bytes(map.values), bytes(page.base.sound.values)];
        window.edges = map.seconds;
      });
    }"""
    index.evaluate(unpack, packed)
    index.wait_for_function("window.back")
    values, sound = (np.array(each) for each in index.evaluate("window.back"))
    assert np.where(values > 127, values - 256, values).reshape(5, 7) / 127 == pytest.approx(shares, abs=0.03)
    assert sound.reshape(5, 7) / 255 == pytest.approx(levels, abs=0.01)
    assert index.evaluate("window.edges") == list(range(8))


def test_a_clip_takes_little_more_than_its_maps(store):
    """Axes, names and paths that are the same for all methods are written once."""
    for file in (store / "site" / "clips").iterdir():
        clip = read(file)
        maps = sum(len(each["values"]) for each in clip["explanations"])
        drawn = len(clip["drawing"]["levels"]) + sum(map(len, clip["drawing"]["wave"]))
        assert file.stat().st_size < maps + drawn + 2500 * len(clip["explanations"])


def test_clips_without_regions_come_last_by_area(visit, own_site):
    scores = read(own_site / "data" / "scores-0.js")
    assert None not in scores["area"]
    assert not [name for name in scores if name.endswith((" random", " energy", " everything"))]
    scores["area"][0] = None
    (own_site / "data" / "scores-0.js").write_bytes(put("scores-0", scores))
    page = visit(own_site / "index.html")
    page.wait_for_selector("#clips tbody tr")
    for _ in range(2):
        page.get_by_role("button", name=re.compile("^area")).click()
        shown = column(page, page.locator("#clips thead th").count() - 1)
        assert shown[-1] == "–"
        assert shown.count("–") == 1


def test_regions_that_are_empty_have_no_area(store):
    from auricle.report.study.clip_files import _area

    nothing = {"empty": True, "area": 0.0}
    assert _area(SimpleNamespace(regions=nothing)) is None
    assert _area(SimpleNamespace(regions={"empty": False, "area": 0.25})) == 0.25


def test_random_boxes_without_a_free_place_are_told(index):
    axes = Axes(np.linspace(0, 1, 11), np.linspace(0, 1000, 6))
    box = {"low": 0.0, "high": 1000.0, "start": 0.0, "end": 0.9}
    mask = np.zeros(axes.shape)
    mask[:, :9] = 1
    rows, columns = axes.shape
    regions = {
        "boxes": [box], "mask": mask_bytes(mask), "rows": rows, "columns": columns, "empty": False, "notes": "{}",
    }  # fmt: skip
    each = Explained({}, mask, axes, regions, mask)
    heard = SimpleNamespace(clip=Clip(np.zeros((1, 2000), np.float32), 2000))
    assert _left_out(each, heard, Sound(random=2, overlap=False), seed=0) == [1, 1]
    assert _left_out(each, heard, Sound(random=2, overlap=True), seed=0) == []

    index.locator("#clips tbody a").nth(1).click()
    index.wait_for_function("document.querySelector('[data-study]').page !== undefined")
    told = "told => document.querySelector('[data-study]').page.leftOut(told)"
    assert "1 in random 2" in index.evaluate(told, {"random_left_out": [0, 1], "boxes": [1, 2, 3]})
    assert index.evaluate(told, {"random_left_out": [0, 0], "boxes": [1]}) == ""


def test_a_hum_in_one_class_can_be_found(visit, own_site):
    found = read(own_site / "data" / "classes-0.js")
    rows = [
        {"class": label, "low": low, "high": high, "share": 0.4, "agreement": 0.9, "clips": 3}
        for label, low, high in (("five", 400.0, 1600.0), ("seven", 500.0, 1800.0), ("nine", 31.0, 93.0))
    ]
    found["ranges"] = ranges_by_class(rows, ["five", "seven", "nine"])
    (own_site / "data" / "classes-0.js").write_bytes(put("classes-0", found))
    page = visit(own_site / "index.html")
    page.goto((own_site / "index.html").as_uri() + "#classes")
    page.wait_for_selector(".frequencies .hum")
    assert "Where mains hum is: nine (31 Hz to 93 Hz)." in page.locator("[data-classes] .note").first.inner_text()
    row = page.locator(".frequencies tbody tr", has_text="nine")
    assert "where mains hum is, no other class" in row.inner_text()
    assert page.locator(".frequencies .hum").count() == 1
    hum, voice = (page.locator(f".frequencies tbody tr:nth-child({place}) i").bounding_box() for place in (3, 1))
    assert hum["x"] + hum["width"] < voice["x"]
    found["ranges"] = ranges_by_class([{**row, "low": 31.0, "high": 93.0} for row in rows], ["five", "seven", "nine"])
    (own_site / "data" / "classes-0.js").write_bytes(put("classes-0", found))
    page.reload()
    page.wait_for_selector(".frequencies .hum")
    assert "3 of 3 classes have a range where mains hum is" in page.locator("[data-classes] .note").first.inner_text()


def test_groups_say_what_they_are_made_of(visit, own_site):
    found = read(own_site / "data" / "map-0.js")
    one = next(each for each in found["clusters"] if each["scope"] == "all")
    whole = {**one, "cluster": 0, "clips": 13, "share": 1.0, "silhouette": None, "suspicion": 0.0}
    (own_site / "data" / "map-0.js").write_bytes(put("map-0", {**found, "clusters": [whole]}))
    page = visit(own_site / "index.html")
    page.goto((own_site / "index.html").as_uri() + "#map")
    page.wait_for_selector("[data-map] svg a")
    assert "All 13 clips form one group" in page.locator("[data-map]").inner_text()
    assert "within no class" in page.locator("[data-map]").inner_text()
    hum = {
        **whole, "cluster": 1, "clips": 3, "share": 3 / 13, "class": "nine", "classes": {"nine": 3}, "purity": 1.0,
        "coverage": 0.75, "low": 40.0, "high": 70.0, "silhouette": 0.8, "suspicion": 0.7, "members": [0, 1, 2],
    }  # fmt: skip
    (own_site / "data" / "map-0.js").write_bytes(put("map-0", {**found, "clusters": [hum, whole]}))
    page.reload()
    page.wait_for_selector("[data-map] svg a")
    first = page.locator(".clusters li").first
    assert "Group 2: 3 clips, 23 % of all clips" in first.inner_text()
    assert "100 % of them are nine: 75 % of that class" in first.inner_text()
    assert "40 Hz and 70 Hz" in first.inner_text()
    assert "1 kHz" in first.locator(".mini-hertz").inner_text()
    assert page.locator("[data-map]").inner_text().startswith("13 clips form 2 groups")


def larger(site, clips, methods):
    """The same site with so many clips in its table, and as many methods."""
    for name in ("clips", *(f"scores-{number}" for number in range(methods))):
        source = site / "data" / f"{name if name == 'clips' else 'scores-0'}.js"
        many = {key: [values[place % 13] for place in range(clips)] for key, values in read(source).items()}
        if name == "clips":
            many["id"] = [f"clip {place}" for place in range(clips)]
            many["probability"] = [round(0.5 + 0.0002 * (place * 7 % clips), 4) for place in range(clips)]
        (site / "data" / f"{name}.js").write_bytes(put(name, many))
    page = (site / "index.html").read_text()
    begin = page.index("data-facts>") + len("data-facts>")
    end = page.index("</script>", begin)
    facts = json.loads(page[begin:end])
    names = [f"method {number}" for number in range(methods)]
    facts["methods"] = [{"key": name, "number": number, "summary": ""} for number, name in enumerate(names)]
    facts["scores"] = dict.fromkeys(names, next(iter(facts["scores"].values())))
    (site / "index.html").write_text(page[:begin] + json.dumps(facts) + page[end:])


TIMED = """async ([name, value, there]) => {
  const field = document.querySelector(`#clips select[name=${name}]`);
  const begun = performance.now();
  field.value = value;
  field.dispatchEvent(new Event('input', { bubbles: true }));
  while (!document.querySelector(there)) await new Promise(done => setTimeout(done));
  return performance.now() - begun;
}"""


def test_2000_clips_of_six_methods_load_one_table_and_what_is_on_the_screen(own_site, new_window):
    larger(own_site, 2000, 6)
    asked = []
    window = new_window(viewport={"width": 1280, "height": 900}).new_page()
    window.on("request", lambda request: asked.append(request.url.split("/site/")[-1]))
    window.goto((own_site / "index.html").as_uri())
    window.wait_for_selector("#clips tbody tr")
    first_row = window.evaluate("performance.now()")
    window.wait_for_timeout(300)
    data = [each for each in asked if each.startswith("data/")]
    assert data == ["data/clips.js", "data/scores-0.js"]
    assert not [each for each in asked if each.startswith("clips/") or ".flac" in each]
    pictures = [each for each in asked if each.startswith("thumbs/")]
    assert len(pictures) <= 50
    assert len(asked) == 1 + len(data) + len(set(pictures))
    requests = len(asked)
    loaded = sum((own_site / each).stat().st_size for each in ["index.html", *data])
    assert loaded < 1_000_000
    assert window.locator("#clips tbody tr").count() == 50
    filtering = window.evaluate(TIMED, ["correct", "wrong", "#clips tbody tr:first-child .wrong"])
    assert told(window).startswith("154 of 2,000")
    window.evaluate(TIMED, ["correct", "", "#clips tbody tr:first-child td:nth-child(4):not(.wrong)"])
    sorting = window.evaluate(TIMED, ["sort", "probability", "#clips th[aria-sort]"])
    rising = [float(each) for each in column(window, 4)]
    assert rising == sorted(rising)
    assert [each for each in asked if each.startswith("data/")] == data
    switching = window.evaluate(TIMED, ["method", "method 4", "#clips tbody img[src*='thumbs/4/']"])
    assert [each for each in asked if each.startswith("data/")] == [*data, "data/scores-4.js"]
    window.get_by_role("button", name="next →").click()
    assert "page 2 of 40" in window.locator("[data-pages]").inner_text()
    print(
        f"2,000 clips × 6 methods: {requests} requests, {loaded:,} bytes, first row {first_row:.0f} ms, filter "
        f"{filtering:.0f} ms, sort {sorting:.0f} ms, other method {switching:.0f} ms"
    )
    window.context.close()
