"""Every page at every width, in both languages and schemes: axe-core finds nothing; what it cannot see holds too.

`make test` walks each template once a language and scheme at 320 px; `make pages` (GAPURA_PAGES=all) walks every
state at every width.
"""

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.gallery import make_gallery
from tests.browser.states import State

STATES = make_gallery().states
FIRST_STATES = list({state.template: state for state in reversed(STATES)}.values())
WHOLE = os.environ.get("GAPURA_PAGES") == "all"
WIDTHS = (320, 360, 1280) if WHOLE else (320,)
LOOKS = [(language, scheme) for language in ("id", "en") for scheme in ("light", "dark")]
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
FIRST_VIEW = 30_000

# Of what is in order it is not told each place.
AXE_RUN = "tags => axe.run({runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})"
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# A tick box counts with its label; a link in running text is as high as its line.
TOO_SMALL = """() => [...document.querySelectorAll('a, button, select, summary, input:not([type=hidden])')]
  .filter(one => !one.classList.contains('skip') && getComputedStyle(one).display !== 'inline')
  .map(one => [one, ['checkbox', 'radio'].includes(one.type) ? one.closest('.choice') : one])
  .filter(([one, box]) => box.getBoundingClientRect().height < 44)
  .map(([one]) => one.outerHTML.slice(0, 120))"""
INLINE_ALONE = """() => [...document.querySelectorAll('main a')]
  .filter(one => getComputedStyle(one).display === 'inline')
  .filter(one => !one.closest('p, h3, li, dd, td')).map(one => one.outerHTML.slice(0, 120))"""
FOCUSABLE = "a[href], button, select, summary, input:not([type=hidden])"
# A field that takes the focus by itself takes it then, which on a busy machine is after the page has loaded.
FIRST_FRAME = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
# Where the focus is among them, and whether it can be seen; null where nothing has it.
FOCUSED = f"""() => {{
  const one = document.activeElement, style = getComputedStyle(one);
  return one === document.body ? null : [[...document.querySelectorAll('{FOCUSABLE}')].indexOf(one),
                                         style.outlineStyle !== 'none' || style.boxShadow !== 'none'] }}"""
SPACED = "* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }"


@pytest.fixture(
    scope="module",
    params=[(width, *look) for width in WIDTHS for look in LOOKS],
    ids=lambda look: "-".join(map(str, look)),
)
def page(request: pytest.FixtureRequest, chromium: Any) -> Iterator[Any]:
    width, language, scheme = request.param
    context = chromium.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, locale=language, bypass_csp=True
    )
    opened = context.new_page()
    opened.language = language
    yield opened
    context.close()


def visit(page: Any, address: str, state: State) -> None:
    answer = page.goto(f"{address}{state.path}?ui_locales={page.language}")
    assert answer.status != 500, "what axe would judge is the page of a bug"


@pytest.mark.parametrize("state", STATES if WHOLE else FIRST_STATES, ids=lambda state: state.path)
def test_axe_finds_nothing_and_nothing_is_cut_off(page: Any, address: str, axe: str, state: State) -> None:
    visit(page, address, state)
    page.add_script_tag(url=axe)
    found = page.evaluate(AXE_RUN, TAGS)
    told = [(one["id"], [node["html"][:160] for node in one["nodes"]]) for one in found["violations"]]
    assert told == [], json.dumps(told, indent=1)
    assert page.evaluate(OVERFLOW) <= 0, "the page scrolls sideways"
    assert page.evaluate(TOO_SMALL) == []
    assert page.evaluate(INLINE_ALONE) == []
    page.add_style_tag(content=SPACED)
    assert page.evaluate(OVERFLOW) <= 0, "with wide text spacing (WCAG 1.4.12) the page scrolls sideways"


@pytest.mark.parametrize("path", ["/sign_in/login/filled", "/sign_in/consent/filled", "/citizen/receipts/filled"])
def test_the_first_view_is_light_enough_for_a_2g_network(chromium: Any, address: str, path: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    opened, answers = context.new_page(), []
    opened.on("response", lambda answer: answers.append(answer))
    opened.goto(f"{address}{path}", wait_until="networkidle")
    sizes = [len(answer.body()) for answer in answers]
    assert sum(sizes) <= FIRST_VIEW, sizes
    assert len(sizes) <= 3, "a page, its style sheet and the mark"
    context.close()


def test_the_two_answers_weigh_the_same(page: Any, address: str) -> None:
    visit(page, address, next(state for state in STATES if state.template == "sign_in/consent.html"))
    style = "one => { const s = getComputedStyle(one); return [s.color, s.backgroundColor, s.font, s.border] }"
    refuse, allow = page.locator("#consent-refuse"), page.locator("#consent-allow")
    assert refuse.evaluate(style) == allow.evaluate(style)
    refused, allowed = refuse.bounding_box(), allow.bounding_box()
    assert refused["width"] * refused["height"] == pytest.approx(allowed["width"] * allowed["height"], rel=0.02)
    assert page.evaluate("document.querySelector('form [name=decision]').value") == "refuse", "Enter must refuse"
    assert page.locator("input[type=checkbox]:checked").count() == 0, "nothing is ticked for the citizen"


def test_what_is_wrong_takes_the_focus_and_leads_to_its_field(page: Any, address: str) -> None:
    visit(page, address, next(state for state in STATES if state.name == "wrong"))
    assert page.title().startswith("Salah: " if page.language == "id" else "Error: ")
    page.evaluate(FIRST_FRAME)
    assert page.evaluate("document.activeElement.className").startswith("summary-wrong")
    page.locator(".summary-wrong a").first.click()
    assert page.evaluate("document.activeElement.id") == "identifier"


@pytest.fixture(scope="module")
def opened(chromium: Any) -> Iterator[Any]:
    """One for all that are walked: a new one for each would be a process of the browser for each."""
    context = chromium.new_context(viewport={"width": 320, "height": 800})
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("state", STATES if WHOLE else FIRST_STATES, ids=lambda state: state.path)
def test_a_page_can_be_walked_by_keyboard_in_the_order_it_is_read(opened: Any, address: str, state: State) -> None:
    opened.goto(f"{address}{state.path}")
    expected = opened.evaluate(f"document.querySelectorAll('{FOCUSABLE}').length")
    opened.evaluate(FIRST_FRAME)
    opened.evaluate("document.activeElement.blur(); document.body.focus()")
    walked = []
    for _ in range(expected):
        opened.keyboard.press("Tab")
        focused = opened.evaluate(FOCUSED)
        if focused is None or focused[0] in walked[:1]:
            break  # the end of the page; or a circle closed, where the browser goes on at the top by itself
        place, visible = focused
        walked.append(place)
        assert visible, opened.evaluate("document.activeElement.outerHTML")
    top = walked.index(min(walked))  # a page with a summary of what is wrong begins there
    assert walked[top:] + walked[:top] == sorted(walked)
    assert opened.evaluate("document.querySelector('.foot li a').getAttribute('href')") == "/help"
