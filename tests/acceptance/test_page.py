"""The page in a real browser: painted, watched, stopped, steered, kept, and what it refuses."""

from __future__ import annotations

import io
import json
import re
import shutil
import struct
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("gradio", reason="the page needs Gradio: pip install 'nstgraph[web]'")
pytest.importorskip("playwright", reason="the browser is driven by Playwright: pip install playwright")

from playwright import sync_api as driver

from nstgraph.pictures.metadata import read_settings
from nstgraph.web.request import PaintRequest
from nstgraph.web.run_view import ENDED, PAINTING, STOPPED
from nstgraph.web.serve import serving
from nstgraph.web.studio import Studio
from nstgraph.web.upload import Upload

#: Milliseconds that the browser waits for what is to appear; the machine may be busy.
PATIENCE = 120_000

#: A search that ends in no test's time unless it is stopped, at steps that take next to nothing.
LONG = {"size": 96, "steps": 50_000, "scales": 1, "optimizer": "adam", "loss": ("content:layer=conv1_1", "0.5*tv")}


def _png(width, height, seed):
    coarse = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC).save(buffer, "PNG")
    return buffer.getvalue()


PHOTO, PAINTING_ = Upload("lake.png", _png(96, 64, 0)), Upload("waves.png", _png(64, 64, 1))


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    studio = Studio(tmp_path_factory.mktemp("studio"))
    yield studio
    studio.close()


@pytest.fixture(scope="module")
def address(studio):
    with serving(studio, port=0) as address:
        yield address


@pytest.fixture(scope="module")
def browser():
    with driver.sync_playwright() as playwright:
        path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
        if path is None and not Path(playwright.chromium.executable_path).exists():
            pytest.skip("there is no Chromium: apt-get install chromium, or playwright install chromium")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def tabs(browser, address):
    """Function that opens the page in a tab; afterwards none has asked another machine, or met an error of a script."""
    contexts, asked, errors = [], [], []

    def tab(width=1280, **given):
        contexts.append(browser.new_context(viewport={"width": width, "height": 900}, **given))
        page = contexts[-1].new_page()
        page.set_default_timeout(PATIENCE)
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(address)
        page.get_by_role("tab", name="Paint").wait_for()
        return page

    yield tab
    for context in contexts:
        context.close()
    assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []
    assert len(asked) > 10 and errors == []


@pytest.fixture
def long(studio):
    """The id of a run that goes on until it is stopped; at the latest after the test."""
    run = studio.submit(PaintRequest(PHOTO, (PAINTING_,), settings=LONG))
    _until(lambda: studio.view(run).status == PAINTING and studio.view(run).preview)
    yield run
    studio.stop(run)
    _until(lambda: studio.view(run).status in ENDED)


@pytest.fixture(scope="module")
def done(studio):
    """The id of a finished run."""
    settings = {"size": 32, "steps": 3, "style_scale": 1.5, "loss": ("0.25*content:layer=conv1_1", "palette")}
    run = studio.submit(PaintRequest(PHOTO, (PAINTING_,), settings=settings))
    _until(lambda: studio.view(run).status in ENDED)
    return run


def _until(is_so):
    end = time.monotonic() + PATIENCE / 1000
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.05)


def _settings_of(page, run):
    """Take the settings of a run, whose loss is quick to plan, and its painting."""
    page.get_by_role("tab", name="Gallery").click()
    page.locator(f"#kept button[data-run='{run}']").click()
    page.get_by_role("button", name="Take these settings for another photo").click()
    page.locator("#styles img").first.wait_for()


def _choose_files(page, tmp_path, *controls):
    for upload, control in ((PHOTO, "#photo"), (PAINTING_, "#styles")):
        if controls and control not in controls:
            continue
        path = tmp_path / upload.name
        path.write_bytes(upload.data)
        page.locator(f"{control} input[type=file]").set_input_files(path)
    page.locator("#photo img").wait_for()
    page.locator("#styles img").first.wait_for()


def _set(page, label, value):
    control = page.get_by_label(f"number input for {label}").first
    control.fill(str(value))
    control.press("Tab")


def _write(page, label, text):
    """Fill a box in what has just been unfolded, which at first may still be given its value."""

    def stays():
        page.get_by_label(label).fill(text)
        page.get_by_label(label).press("Tab")
        page.wait_for_timeout(300)
        return page.get_by_label(label).input_value() == text

    _until(stays)


def _small(page):
    """Choose a tiny picture, and a few steps."""
    _set(page, "Size", 32)
    page.locator("#more > button").click()
    _set(page, "Steps", 3)


def test_the_first_click_paints_a_sample_and_stop_keeps_the_best(tabs, studio):
    page = tabs()
    page.locator("#samples button").first.click()
    page.locator("#growing img").wait_for()
    assert page.locator("#curves polyline").count() > 3
    page.get_by_role("button", name="Stop, and keep the best so far").click()
    page.locator("#compare img").first.wait_for()
    assert studio.runs()[0].status == STOPPED
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the picture").first.click()
    assert read_settings(Path(download.value.path())) == studio.settings(studio.runs()[0].id)


def test_own_pictures_are_planned_before_they_are_painted(tabs, studio, tmp_path):
    page = tabs()
    _choose_files(page, tmp_path)
    _small(page)
    page.locator("#plan").get_by_text(re.compile(r"32x\d+.*3 steps.*GB|32x\d+.*3 steps.*MB")).wait_for()
    page.locator("#go").click()
    page.locator("#compare img").first.wait_for()
    assert "finished" in page.locator("#head").inner_text()
    request = studio.request(studio.runs()[0].id)
    assert (request.photo, request.styles) == (PHOTO, (PAINTING_,)) and request.mask is None


def test_what_does_not_fit_is_said_before_the_start(tabs, tmp_path):
    page = tabs()
    page.locator("#go").click()
    page.locator("#plan [role=alert]", has_text="choose a photo and a painting").wait_for()
    _choose_files(page, tmp_path)
    _small(page)
    page.get_by_role("button", name="What matters in the picture").click()
    page.get_by_role("button", name="More about tv").click()
    _write(page, "tv: power", "nothing")
    page.locator("#plan [role=alert]", has_text="power").wait_for()


def test_a_mask_is_painted_with_a_brush_by_mouse_and_by_keyboard(tabs, studio, done, tmp_path):
    page = tabs()
    _settings_of(page, done)
    _choose_files(page, tmp_path, "#photo")
    page.get_by_role("button", name="Paint only a part of the photo").click()
    canvas = page.locator(".brush.ready canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] - 20, steps=4)
    page.mouse.up()
    for key in ("ArrowRight",) * 4 + (" ",):
        canvas.press(key)
    page.locator("#go").click()
    page.locator("#compare img").first.wait_for()
    mask = studio.request(studio.runs()[0].id).mask
    with Image.open(io.BytesIO(mask.data)) as image:
        values = np.asarray(image.convert("L"))
    height, width = values.shape
    assert (width, height) == (96, 64) and values[height // 2, width // 4] == 255
    assert values[:, -10:].max() == 0 and 0.02 < (values > 127).mean() < 0.5


def test_weights_are_changed_on_the_way(tabs, studio, long):
    page = tabs()
    page.locator("#growing img").wait_for()
    page.get_by_role("button", name="Change what matters, on the way").click()
    _set(page, "tv", 2)
    page.get_by_role("button", name="Go on with these").click()
    _until(lambda: studio.view(long).weights["tv"] == 2.0)
    assert studio.view(long).weights["content"] == 1.0


def test_a_reload_and_a_second_tab_find_the_run_again(tabs, studio, long):
    page = tabs()
    page.locator("#growing img").wait_for()
    page.reload()
    page.locator("#growing img").wait_for()
    other = tabs()
    other.locator("#growing img").wait_for()
    assert "lake × waves" in other.locator("#head").inner_text()
    other.get_by_role("button", name="Stop, and keep the best so far").click()
    for one in (page, other):
        one.locator("#compare img").first.wait_for()
    assert studio.view(long).status == STOPPED


def test_who_waits_sees_the_place_in_the_queue(tabs, studio, done, long, tmp_path):
    page = tabs()
    page.locator("#growing img").wait_for()
    _settings_of(page, done)
    _choose_files(page, tmp_path, "#photo")
    page.locator("#go").click()
    page.locator("#head", has_text="1. in the queue").wait_for()
    page.get_by_role("button", name="Stop, and keep the best so far").click()
    _until(lambda: not any(view.place for view in studio.runs()))


def test_the_gallery_shows_settings_and_what_to_copy_and_gives_them_back(tabs, studio, done):
    page = tabs()
    page.get_by_role("tab", name="Gallery").click()
    page.locator(f"#kept button[data-run='{done}']").click()
    page.get_by_text("All settings, as the file says them").click()
    assert "style_scale" in page.locator("#details table").inner_text()
    assert page.locator("#command textarea").input_value() == studio.as_command(done)
    assert page.locator("#python textarea").input_value() == studio.as_python(done)
    page.get_by_role("button", name="Again with these settings").click()
    page.locator("#photo img").wait_for()
    page.locator("#plan", has_text="3 steps").wait_for()
    page.locator("#go").click()
    page.locator("#compare img").first.wait_for()
    again, before = studio.request(studio.runs()[0].id), studio.request(done)
    assert (again.photo, again.styles, again.config()) == (before.photo, before.styles, before.config())


def test_settings_are_taken_for_another_photo(tabs, done):
    page = tabs()
    _settings_of(page, done)
    assert page.get_by_label("number input for Strokes").input_value() == "1.5"
    assert page.locator("#photo img").count() == 0


def test_a_picture_is_deleted_after_a_second_word(tabs, studio):
    settings = {"size": 32, "steps": 1, "loss": ("tv",)}
    run = studio.submit(PaintRequest(PHOTO, (PAINTING_,), settings=settings))
    _until(lambda: studio.view(run).has_picture and studio.view(run).status in ENDED)
    page = tabs()
    page.get_by_role("tab", name="Gallery").click()
    page.locator(f"#kept button[data-run='{run}']").click()
    page.get_by_role("button", name="Delete this picture").click()
    page.get_by_role("button", name="Yes, delete it for good").click()
    page.locator(f"#kept button[data-run='{run}']").wait_for(state="detached")
    assert run not in [view.id for view in studio.runs()]


def _huge_png(path):
    """A PNG of 30000 x 30000 pixels, all there."""
    row = bytes(1 + 30_000 // 8)
    packed = zlib.compressobj(9)
    data = b"".join(packed.compress(row) for _ in range(30_000)) + packed.flush()
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0)), (b"IDAT", data), (b"IEND", b"")]
    written = [struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(written))


def _sparse(path):
    """200 MB."""
    with path.open("wb") as file:
        file.write(b"\xff\xd8\xff")
        file.truncate(200_000_000)


@pytest.mark.parametrize(
    ("name", "write", "said"),
    [
        ("large.jpg", _sparse, "maximum|40"),
        ("text.jpg", lambda path: path.write_text("no picture"), "text.jpg"),
        ("wide.png", _huge_png, "million pixels; shrink it"),
    ],
)
@pytest.mark.parametrize("control", ["#photo", pytest.param("#styles", marks=pytest.mark.slow)])
def test_what_is_no_picture_or_too_large_is_said_and_does_no_harm(tabs, tmp_path, control, name, write, said):
    write(tmp_path / name)
    page = tabs()
    page.locator(f"{control} input[type=file]").set_input_files(tmp_path / name)
    page.locator("#notice [role=alert], .toast-body", has_text=re.compile(said)).first.wait_for()
    assert "Traceback" not in page.locator("body").inner_text()
    _choose_files(page, tmp_path)
    page.locator("#plan", has_text="steps").wait_for()


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_nothing_scrolls_sideways_on_a_phone(tabs, done, scheme):
    page = tabs(width=390, color_scheme=scheme)
    for tab in ("Paint", "Watch", "Gallery"):
        page.get_by_role("tab", name=tab).click()
        if tab == "Gallery":
            page.locator(f"#kept button[data-run='{done}']").click()
            page.locator("#python textarea").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_all_controls_have_names_and_the_page_goes_by_keyboard(tabs):
    page = tabs()
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('button, input, textarea, select')].filter((one) =>
            one.offsetParent && !one.innerText?.trim() && !one.ariaLabel && !one.labels?.length && !one.title &&
            one.type !== 'file' && !one.getAttribute('aria-labelledby')).map((one) => one.outerHTML.slice(0, 200))"""
    )
    assert nameless == []
    page.locator("#samples button").first.focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("Paint the sample")
    assert json.loads(page.evaluate("JSON.stringify(document.title)")) == "nstgraph"
