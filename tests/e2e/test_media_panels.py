"""Images, texts, sounds and videos of several runs: what is done to them shows, and what they hold does nothing."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from epochal.formats import media
from tests.e2e.looking import PHONE, WIDE, OpenPage, expect_eventually
from tests.e2e.media_runs import LAST, NAMES, SIDE, gray, log_media, offset
from tests.e2e.posting import post
from tests.e2e.test_accessibility import Findings, axe
from tests.server.test_media import MediaJournal, digest_of, png

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.conftest import RunningServer

__all__ = ["axe"]

pytestmark = pytest.mark.browser

# Mean brightness of what a picture's element shows, as the browser decodes it.
MEAN = """image => {
    const canvas = document.createElement('canvas');
    canvas.width = image.naturalWidth; canvas.height = image.naturalHeight;
    const context = canvas.getContext('2d');
    context.drawImage(image, 0, 0);
    const {data} = context.getImageData(0, 0, canvas.width, canvas.height);
    return data[data.length - 4];
}"""


def panel(page: Page, key: str) -> Any:
    return page.locator(f'.panel[data-key="{key}"]')


def open_menu(page: Page, key: str) -> None:
    panel(page, key).hover()
    page.get_by_label(f"More about {key}", exact=True).click(force=True)


def shown(page: Page, key: str) -> dict[str, tuple[int, int]]:
    """Return of each image of a panel its run's name, its last pixel, and the step that its label tells."""
    return {
        name: (value, step)
        for name, value, step in page.evaluate(
            f"""key => [...document.querySelectorAll(`.panel[data-key="${{key}}"] .image-cell`)].map(cell => [
                cell.querySelector('.run-tag-name').textContent.split('/').at(-1),
                ({MEAN})(cell.querySelector('img')), Number(cell.querySelector('.image-step').textContent)])""",
            key,
        )
    }


def wait_for_images(page: Page, key: str, count: int) -> None:
    """Wait until so many images of a panel are there and decoded."""
    expect_eventually(
        page,
        """([key, count]) => {
            const all = [...document.querySelectorAll(`.panel[data-key="${key}"] .image-cell img`)];
            return all.length === count && all.every(one => one.complete && one.naturalWidth > 0);
        }""",
        [key, count],
    )


def test_images_of_runs_are_seen_measured_and_compared(
    open_page: OpenPage, epochal_server: RunningServer, tmp_path: Path, axe: str
):
    log_media(tmp_path)
    page = open_page("local/media/workspace?kind=image&show=all")
    known = "samples/known"
    wait_for_images(page, known, len(NAMES))
    steps = {name: LAST - offset(name) for name in NAMES}
    assert shown(page, known) == {
        name: (gray(name, step - offset(name)), step) for name, step in steps.items()
    }
    # Large pictures come small, until they are shown large.
    expect_eventually(
        page,
        """([key, count]) => {
            const asked = performance.getEntriesByType('resource').map(({name}) => name);
            return asked.filter(name => name.includes('thumb=256')).length >= count;
        }""",
        ["samples/photo", len(NAMES)],
    )

    # The pixel under the pointer is read in every image at once.
    first = panel(page, known).locator(".image-view").first
    box = first.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.9)
    texts = [f"2,3: {gray(name, LAST)}" for name in NAMES if offset(name) == 0]
    expect_eventually(
        page,
        """([key, texts]) => {
            const said = [...document.querySelectorAll(`.panel[data-key="${key}"] .image-step`)]
                .map(one => one.textContent);
            return texts.every(text => said.includes(text));
        }""",
        [known, texts],
    )
    # They are zoomed together, and then tell their pixels' values.
    page.keyboard.down("Control")
    page.mouse.wheel(0, -400)
    page.keyboard.up("Control")
    panel(page, known).get_by_role("button", name="4.0×").wait_for()
    scales = (
        panel(page, known)
        .locator("img")
        .evaluate_all("all => all.map(one => new DOMMatrix(getComputedStyle(one).transform).a)")
    )
    assert scales == [4] * len(NAMES)
    assert panel(page, known).locator(".image-numbers").count() == len(NAMES)
    panel(page, known).get_by_role("button", name="4.0×").click()

    # |a - b| of two images whose values are known.
    panel(page, known).get_by_label(f"Compare two images of {known}").click()
    panel(page, known).get_by_role("radio", name="|A − B|").click()
    apart = gray(NAMES[1], LAST) - gray(NAMES[0], LAST)
    share = 1 - 1 / SIDE**2
    panel(page, known).get_by_text(
        f"mean {apart * share:.2f}, largest {apart} of 255; {100 * share:g} %"
    ).wait_for()
    pixel = """canvas => [...canvas.getContext('2d').getImageData(3, 3, 1, 1).data]"""
    assert panel(page, known).locator(".image-difference").evaluate(pixel) == [apart] * 3 + [255]
    findings = Findings(axe)
    findings.look(page, "two images compared")
    page.keyboard.press("Escape")
    wait_for_images(page, known, len(NAMES))

    # One alone, large; the arrows lead to the next run's.
    panel(page, known).locator(".image-view").first.click()
    said = panel(page, known).locator(".image-bar-text")
    expect_eventually(page, "() => document.querySelectorAll('.image-single').length === 1")
    assert panel(page, known).locator(".image-single .run-tag-name").inner_text().endswith(NAMES[0])
    page.keyboard.press("ArrowDown")
    expect_eventually(
        page,
        "name => document.querySelector('.image-single .run-tag-name').textContent.endsWith(name)",
        NAMES[1],
    )
    assert f"step {LAST}" in said.inner_text()
    page.keyboard.press("Escape")

    # Runs as rows and their steps as columns; brighter.
    open_menu(page, known)
    page.get_by_role("radio", name="steps").click()
    expect_eventually(
        page,
        "key => document.querySelectorAll(`.panel[data-key='${key}'] .image-cell img`).length >= 15",
        known,
    )
    page.get_by_label("brightness, in percent").fill("200")
    filters = (
        panel(page, known).locator("img").first.evaluate("one => getComputedStyle(one).filter")
    )
    assert "brightness(2)" in filters
    expect_eventually(
        page, "() => decodeURIComponent(location.search).includes('columns:steps;bright:200')"
    )
    page.reload()
    expect_eventually(
        page,
        "key => document.querySelectorAll(`.panel[data-key='${key}'] .image-cell img`).length >= 15",
        known,
    )
    # Grey levels in colours: 255 is the last one of matplotlib's magma, and is still read as 255.
    open_menu(page, known)
    page.get_by_role("radio", name="magma").click()
    expect_eventually(
        page,
        """key => {
            const canvas = document.querySelector(`.panel[data-key='${key}'] .image-tint`);
            const pixel = canvas?.getContext('2d').getImageData(0, 0, 1, 1).data;
            return pixel?.join() === '252,253,191,255';
        }""",
        known,
    )
    page.keyboard.press("Escape")
    for theme in ("dark", "light"):
        page.emulate_media(color_scheme=theme)
        findings.look(page, f"images, {theme}")
    assert list(findings.lines.values()) == []


def test_a_run_that_is_chosen_by_its_image_stands_out_in_the_charts(
    open_page: OpenPage, epochal_server: RunningServer, tmp_path: Path
):
    log_media(tmp_path, names=NAMES[:2])
    page = open_page("local/media/workspace")
    wait_for_images(page, "samples/known", 2)
    tag = panel(page, "samples/known").locator(".run-tag", has_text=NAMES[1])
    tag.click()
    page.mouse.move(5, 5)
    assert tag.get_attribute("aria-pressed") == "true"
    # On a run's own page its media are there, though its summary tells only numbers.
    page.locator(".section-head", has_text="Texts").wait_for()
    run = page.evaluate(
        "async () => (await (await fetch('/api/v1/projects/local/media/runs')).json()).runs[0].id"
    )
    page.goto(f"{epochal_server.url}/local/media/runs/{run}")
    wait_for_images(page, "samples/known", 1)
    page.goto(f"{epochal_server.url}/local/media/runs/{run}?kind=text")
    panel(page, "notes/text_summary").locator(".text-card").wait_for()


def test_texts_are_formatted_raw_or_compared(
    open_page: OpenPage, epochal_server: RunningServer, tmp_path: Path, axe: str
):
    log_media(tmp_path, names=NAMES[1:3])
    page = open_page("local/media/workspace?kind=text")
    notes = panel(page, "notes/text_summary")
    notes.locator(".text-card").nth(1).wait_for()
    first = notes.locator(".text-card").first
    assert first.locator("h4").inner_text() == f"Step {LAST}"
    assert first.locator("strong").inner_text() == NAMES[1]
    # A step that is chosen in one text is that of the page.
    first.get_by_label("Step of the text of").select_option("30")
    expect_eventually(
        page, "() => document.querySelectorAll('.text-card h4')[1]?.textContent === 'Step 25'"
    )
    assert "step=30" in page.url
    notes.get_by_role("button", name="mono", exact=True).click()
    assert first.locator("pre").inner_text().startswith("# Step 30\n")
    notes.get_by_role("button", name="mono", exact=True).click()
    notes.get_by_role("button", name="diff", exact=True).click()
    expect_eventually(
        page,
        "() => document.querySelector('.text-diff .new')?.textContent.trim() === '+ # Step 30'",
    )
    assert first.locator(".gone").inner_text().strip() == "− # Step 20"
    # The other run logs at other steps: it is compared with its own text before.
    assert notes.locator(".gone").nth(1).inner_text().strip() == "− # Step 15"
    notes.get_by_label("Compared with step").select_option("50")
    expect_eventually(
        page,
        "() => document.querySelector('.text-diff .gone').textContent.trim() === '− # Step 50'",
    )
    findings = Findings(axe)
    for theme in ("dark", "light"):
        page.emulate_media(color_scheme=theme)
        findings.look(page, f"texts, {theme}")
    assert list(findings.lines.values()) == []


def test_one_sound_is_heard_at_a_time_and_its_picture_is_of_its_samples(
    open_page: OpenPage, epochal_server: RunningServer, tmp_path: Path, axe: str
):
    log_media(tmp_path, names=NAMES[:2])
    page = open_page("local/media/workspace?kind=audio")
    sounds = panel(page, "tone").locator(".sound")
    sounds.nth(1).wait_for()
    # Columns of the picture that are drawn to more than half of their height: the last quarter is silent.
    loud = """i => {
        const canvas = document.querySelectorAll('.sound-picture canvas')[i];
        const {width, height} = canvas;
        const {data} = canvas.getContext('2d').getImageData(0, 0, width, height);
        const tall = [];
        for (let x = 0; x < width; x++) {
            let count = 0;
            for (let y = 0; y < height; y++) if (data[4 * (y * width + x) + 3] > 0) count += 1;
            tall.push(count > height / 2);
        }
        return [0.1, 0.5, 0.7, 0.8, 0.95].map(share => tall[Math.floor(share * width)]);
    }"""
    expect_eventually(page, f"() => JSON.stringify(({loud})(0)) === '[true,true,true,false,false]'")
    # A click seeks; the arrows do.
    picture = sounds.first.get_by_role("slider")
    box = picture.bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.5, box["y"] + box["height"] / 2)
    expect_eventually(
        page,
        "() => Math.abs(document.querySelector('audio').currentTime - 0.5) < 0.02",
    )
    assert picture.get_attribute("aria-valuenow") == "0.5"
    picture.press("Home")
    expect_eventually(page, "() => document.querySelector('audio').currentTime === 0")
    # Playing the second one ends the first.
    page.evaluate(
        "() => { for (const one of document.querySelectorAll('audio')) one.loop = true; }"
    )
    for i in (0, 1):
        sounds.nth(i).get_by_role("button", name="Play").click()
        expect_eventually(
            page,
            """i => { const all = [...document.querySelectorAll('audio')];
                      return all.every((one, at) => one.paused === (at !== i)); }""",
            i,
        )
    sounds.nth(1).get_by_role("button", name="Pause").click()
    # The spectrum is another picture, with its strongest colour where the tone is.
    before = page.evaluate("() => document.querySelector('.sound-picture canvas').toDataURL()")
    panel(page, "tone").get_by_role("button", name="spectrum").click()
    expect_eventually(
        page,
        "old => document.querySelector('.sound-picture canvas').toDataURL() !== old",
        before,
    )
    brightest = """i => {
        const canvas = document.querySelectorAll('.sound-picture canvas')[i];
        const {width, height} = canvas;
        const {data} = canvas.getContext('2d').getImageData(Math.floor(width / 4), 0, 1, height);
        const rows = Array.from({length: height}, (_, y) => data[4 * y] + data[4 * y + 1] + data[4 * y + 2]);
        return 1 - (rows.indexOf(Math.max(...rows)) + 0.5) / height;
    }"""
    for i in (0, 1):  # 400 and 600 of 4000 Hz
        assert abs(page.evaluate(brightest, i) - (400 + 200 * i) / 4000) < 0.03
    findings = Findings(axe)
    findings.look(page, "sounds")
    assert list(findings.lines.values()) == []


def test_videos_and_moving_pictures_are_shown_whole_on_a_phone_too(
    open_page: OpenPage, epochal_server: RunningServer, tmp_path: Path
):
    log_media(tmp_path, names=NAMES[:2])
    page = open_page("local/media/workspace?tags=clip", viewport=PHONE)
    wait_for_images(page, "clip", 2)
    sources = panel(page, "clip").locator("img").evaluate_all("all => all.map(one => one.src)")
    assert all("/api/v1/blobs/" in source and "thumb" not in source for source in sources)
    wide = page.evaluate("() => document.documentElement.scrollWidth")
    assert wide <= PHONE["width"]


SVG = b"""<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30" onload="top.HACKED = 1">
<script>top.HACKED = 1</script><image href="https://example.org/x.png" onerror="top.HACKED = 1"/></svg>"""

MARKDOWN = """# Hello <img src=x onerror="window.HACKED=1">

<script>window.HACKED = 1</script>
<iframe srcdoc="<script>parent.HACKED = 1</script>"></iframe>
<svg onload="window.HACKED = 1"><a xlink:href="javascript:window.HACKED=1"><text>click</text></a></svg>
<math><mtext><table><mglyph><style><img src=x onerror=window.HACKED=1></style></mglyph></table></mtext></math>
[run](javascript:window.HACKED=1) [also](data:text/html,<script>alert(1)</script>) ![far](https://example.org/a.png)
<form action="https://example.org"><input name=q autofocus onfocus="window.HACKED=1"><button>go</button></form>
<a href="&#106;avascript:window.HACKED=1" style="position:fixed;inset:0" class="panel" id="app">over</a>
<base href="https://example.org/"><meta http-equiv="refresh" content="0;url=https://example.org">
<details open ontoggle="window.HACKED=1">x</details>

last words
"""
HOSTILE = '"><img src=x onerror="window.HACKED=1">'


def test_what_a_stranger_has_logged_runs_nothing_and_asks_nobody(
    chromium: Browser, epochal_server: RunningServer
):
    journal = MediaJournal("hostile", project="hostile", name=HOSTILE)
    drawing, picture = SVG, png()
    references = [media.blob_reference(digest_of(data), len(data)) for data in (drawing, picture)]
    journal.blob(drawing).blob(picture)
    journal.row(
        0,
        {
            f"pictures/{HOSTILE}": media.several(
                [
                    media.image(references[0], "svg", 40, 30, caption=HOSTILE),
                    media.image(references[1], "png", 40, 30, caption=f"<b>{HOSTILE}</b>"),
                    {**media.image(references[1], "png", 40, 30), "width": "9;x", "caption": {}},
                ]
            ),
            "far": {"_type": "image", "url": "https://example.org/x.png", "format": "png"},
            "notes": media.text(MARKDOWN),
            "page": media.text(f"<html><body onload='HACKED=1'>{MARKDOWN}</body>", "html"),
            "table": media.text_table([[HOSTILE, "<script>HACKED=1</script>"], ["a", HOSTILE]]),
            "sound": media.audio(references[0], "wav", 1e9, 1, 10, caption=HOSTILE),
            "film": media.video(references[0], "mp4", 1, 1, caption=HOSTILE),
        },
    )
    post(epochal_server, journal.exit())
    # Not by `open_page`: Chromium reports to the policy what stands in the inert document that texts are read in.
    viewport: Any = WIDE
    context = chromium.new_context(viewport=viewport)
    page = context.new_page()
    elsewhere: list[str] = []
    page.on("pageerror", lambda error: elsewhere.append(str(error)))
    page.on("dialog", lambda dialog: elsewhere.append(dialog.message))
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((epochal_server.url, f"blob:{epochal_server.url}"))
            else elsewhere.append(request.url)
        ),
    )
    page.goto(epochal_server.login_url)
    page.goto(f"{epochal_server.url}/local/hostile/workspace?kind=image")
    pictures = page.locator(".image-panel").first
    expect_eventually(
        page,
        """() => [...document.querySelectorAll('.image-panel .image-view img')]
                .filter(one => one.complete && one.naturalWidth > 0).length === 3""",
    )
    # The drawing is a picture in the page, whatever it would like to run or to ask for.
    sources = pictures.locator("img").evaluate_all("all => all.map(one => one.src)")
    assert [source.startswith("blob:") for source in sources] == [True, False, False]
    page.goto(f"{epochal_server.url}/local/hostile/workspace?kind=video")
    panel(page, "film").locator("video").wait_for()
    page.goto(f"{epochal_server.url}/local/hostile/workspace?kind=audio")
    panel(page, "sound").locator(".sound-picture.plain").wait_for()
    page.goto(f"{epochal_server.url}/local/hostile/workspace?kind=text")
    cards = panel(page, "notes").locator(".text-formatted")
    cards.wait_for()
    assert "last words" in cards.inner_text()
    panel(page, "page").locator(".text-formatted").wait_for()
    panel(page, "table").locator("td", has_text="onerror").wait_for()
    assert panel(page, "table").locator("th").first.inner_text() == HOSTILE
    inside = page.locator(".text-formatted:not(:has(td))")
    for tag in (
        "script",
        "iframe",
        "svg",
        "math",
        "form",
        "input",
        "button",
        "style",
        "base",
        "img",
    ):
        assert inside.locator(tag).count() == 0, tag
    attributes = page.evaluate(
        """() => [...document.querySelectorAll('.text-formatted:not(:has(td)) *')]
                .flatMap(one => [...one.attributes].map(({name}) => name))"""
    )
    assert set(attributes) <= {"href", "target", "rel", "open", "src", "alt", "title"}
    links = page.evaluate(
        "() => [...document.querySelectorAll('.text-formatted a')].map(one => one.getAttribute('href'))"
    )
    assert links
    assert all(link is None for link in links)
    for link in page.locator(".text-formatted a").all():
        link.click(force=True)
    assert page.url.startswith(epochal_server.url)
    deadline = time.monotonic() + 0.5  # what would run does so by now
    while time.monotonic() < deadline:
        assert page.evaluate("() => window.HACKED") is None
        page.wait_for_timeout(50)
    context.close()
    assert elsewhere == []
