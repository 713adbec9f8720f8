"""The script in a real Chromium: swaps that disturb nobody, keys, counts, and what happens without a connection."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from aiops.records import Action
from aiops.web import hub
from tests.browser.board import Board, served
from tests.browser.conftest import Visit
from tests.web.conftest import NOW


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Events follow each other as fast as they come, and pages are read again at once."""
    monkeypatch.setattr(hub, "PAUSE_S", 0.01)
    monkeypatch.setattr(hub, "MIN_EVERY_S", 0.02)


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Board]:
    with served(tmp_path) as found:
        yield found


@pytest.fixture
def page(board: Board, visit: Callable[..., Visit]) -> Iterator[Page]:
    found = visit(board.url).page
    found.goto("/board")
    expect(found.locator("[data-live-state]")).to_have_text("Live")
    yield found
    found.context.close()


def swapped(board: Board, page: Page) -> None:
    """Change the board and wait until the page shows it."""
    board.change()
    expect(page.locator("#board b").first).to_have_text(str(board.value))


def test_page_shows_a_change_and_its_state(board: Board, page: Page) -> None:
    swapped(board, page)
    expect(page.locator("[data-live-plain]")).to_be_hidden()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()


def test_swap_keeps_nodes_focus_and_typed_text(board: Board, page: Page) -> None:
    board.text = '<details id="more"><summary>More</summary>x</details><form><input name="note" id="note"></form>'
    swapped(board, page)
    expect(page.locator("#note")).to_be_visible()
    page.evaluate("window.kept = document.querySelector('[data-id=row-2]')")
    page.locator("#more summary").click()
    page.locator("#note").fill("half a senten")
    page.evaluate("document.querySelector('#note').setSelectionRange(2, 5)")
    board.rows = [9, 2, 1, 8]
    swapped(board, page)
    state = page.evaluate(
        """() => ({focus: document.activeElement.id, from: document.activeElement.selectionStart,
        text: document.querySelector('#note').value, open: document.querySelector('#more').open,
        same: window.kept === document.querySelector('[data-id=row-2]'),
        rows: [...document.querySelectorAll('[data-row] a')].map((one) => one.textContent)})"""
    )
    rows = [f"Row {n}" for n in board.rows]
    assert state == {"focus": "note", "from": 2, "text": "half a senten", "open": True, "same": True, "rows": rows}


def test_swap_keeps_the_checked_rows_and_the_focused_one_that_moves(board: Board, page: Page) -> None:
    page.get_by_label("Select 3").check()
    page.locator("[data-id=row-3] a").focus()
    board.rows = [3, 4, 0, 7]
    swapped(board, page)
    assert page.get_by_label("Select 3").is_checked()
    assert not page.get_by_label("Select 4").is_checked()
    assert page.evaluate("document.activeElement.textContent") == "Row 3"


def test_focus_moves_to_the_next_row_where_its_own_is_gone(board: Board, page: Page) -> None:
    page.locator("[data-id=row-1] a").focus()
    board.rows = [0, 2, 3]
    swapped(board, page)
    assert page.evaluate("document.activeElement.textContent") == "Row 2"


def test_selected_text_stays_until_it_is_not_selected(board: Board, page: Page) -> None:
    board.text = "<p id='line'>first</p>"
    swapped(board, page)
    page.locator("#line").select_text()
    board.text = "<p id='line'>second</p>"
    swapped(board, page)
    assert page.evaluate("getSelection().toString()").strip() == "first"
    page.evaluate("getSelection().removeAllRanges()")
    expect(page.locator("#line")).to_have_text("second")


def test_hostile_text_of_a_swap_stays_text(board: Board, page: Page) -> None:
    board.text = "<p id='line'>&lt;img src=x onerror=alert(1)&gt;</p>"
    swapped(board, page)
    assert page.locator("#line").inner_text() == "<img src=x onerror=alert(1)>"
    assert page.locator("#text img").count() == 0


def test_events_of_other_topics_read_nothing(board: Board, page: Page) -> None:
    swapped(board, page)
    before = board.reads
    for _ in range(5):
        board.host.store.database.changes.mark("deliveries")
    swapped(board, page)
    assert board.reads == before + 1


def test_title_and_icon_show_what_is_open(board: Board, page: Page) -> None:
    icon = page.locator("link[data-icon]")
    expect(page).to_have_title("(1) Board")
    expect(icon).to_have_attribute("href", re.compile(r"\?count=1&level=critical$"))
    [incident] = [one.id for one in board.host.engine.incidents.by_id.values()]
    board.host.fold([Action(ts=NOW, verb="acknowledge", actor="ann", incident=incident, id="act:1")])
    expect(page).to_have_title("Board")
    expect(icon).to_have_attribute("href", re.compile(r"svg$"))


def test_paused_page_stays_as_it_is(board: Board, page: Page) -> None:
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("[data-live-state]")).to_have_text("Paused")
    board.change()
    page.wait_for_timeout(300)
    expect(page.locator("#board b").first).to_have_text("0")
    page.get_by_role("button", name="Resume").click()
    expect(page.locator("#board b").first).to_have_text("1")


def test_keys_move_select_open_and_press(board: Board, page: Page) -> None:
    page.evaluate("document.querySelector('#ack').addEventListener('click', () => { window.pressed = true; })")
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.textContent") == "Row 1"
    page.keyboard.press("x")
    assert page.get_by_label("Select 1").is_checked()
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.textContent") == "Row 0"
    page.keyboard.press("a")
    assert page.evaluate("window.pressed") is True
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "q"
    page.keyboard.type("jkxa?")
    assert page.locator("[name=q]").input_value() == "jkxa?"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.tagName") == "BODY"
    page.keyboard.press("j")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.url.endswith("/board?row=1")


def test_current_row_stays_when_the_page_changes_while_the_focus_is_elsewhere(board: Board, page: Page) -> None:
    for key in ("j", "j", "/", "Escape"):
        page.keyboard.press(key)
    swapped(board, page)
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.textContent") == "Row 2"


def test_keys_can_be_turned_off_in_their_help(board: Board, page: Page) -> None:
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    assert "Acknowledge" in dialog.inner_text()
    dialog.get_by_label("Keys on").uncheck()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    # Chromium takes the focus off what was in the dialog when it draws the next frame.
    page.wait_for_function("document.activeElement.tagName === 'BODY'")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.tagName") == "BODY"
    page.reload()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_copy_button_copies(board: Board, page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    button = page.locator("#copy")
    button.click()
    expect(button).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "kubectl get pods"
    expect(button).to_have_text("Copy")


def test_lost_connection_is_shown_and_found_again(board: Board, page: Page, tmp_path: Path) -> None:
    page.route("**/api/v1/stream*", lambda route: route.abort())
    board.host.store.database.changes.close()
    expect(page.locator("[data-live-state]")).to_have_text(re.compile(r"^Not connected since \d\d:\d\d:\d\d$"))
    expect(page.locator("[data-live-plain]")).to_be_visible()


def test_tabs_of_one_browser_share_a_stream(board: Board, page: Page) -> None:
    other = page.context.new_page()
    streams: list[str] = []
    other.on("request", lambda request: streams.append(request.url) if "/stream" in request.url else None)
    other.goto(f"{board.url}/board")
    expect(other.locator("[data-live-state]")).to_have_text("Live")
    assert streams == []
    board.change()
    expect(other.locator("#board b").first).to_have_text("1")
    with other.expect_request(re.compile("/stream")):
        # The other tab takes over.
        page.close()
    board.change()
    expect(other.locator("#board b").first).to_have_text("2")


def test_a_hundred_changes_leak_nothing_and_take_no_focus(board: Board, page: Page) -> None:
    cdp = page.context.new_cdp_session(page)
    cdp.send("Performance.enable")

    def figures() -> dict[str, float]:
        cdp.send("HeapProfiler.collectGarbage")
        found = {one["name"]: one["value"] for one in cdp.send("Performance.getMetrics")["metrics"]}
        return {name: found[name] for name in ("Nodes", "JSHeapUsedSize", "JSEventListeners")}

    page.locator("[data-id=row-2] a").focus()
    for turn in range(20):
        board.rows = [2, *(100 + turn + n for n in range(4))]
        swapped(board, page)
    before = figures()
    for turn in range(100):
        board.rows = [100 + turn, 2, *(101 + turn + n for n in range(3))]
        swapped(board, page)
        assert page.evaluate("document.activeElement.textContent") == "Row 2"
    after = figures()
    assert after["Nodes"] <= before["Nodes"] + 20, (before, after)
    assert after["JSEventListeners"] <= before["JSEventListeners"] + 2, (before, after)
    assert after["JSHeapUsedSize"] <= before["JSHeapUsedSize"] + 300_000, (before, after)


PANEL = (
    '<details id="menu" data-panel><summary data-key="m">Assign</summary><form><input type="hidden" name="x">'
    '<input name="to" id="to"></form></details>'
    '<details id="ask" data-panel><summary data-key="r">Resolve</summary><form>'
    '<button id="sure" type="button">Yes</button></form></details>'
)


@pytest.mark.parametrize("by", ["key", "click"])
def test_a_panel_takes_the_focus_and_what_is_typed(board: Board, page: Page, by: str) -> None:
    board.text = PANEL
    swapped(board, page)
    page.evaluate("document.querySelector('#ack').addEventListener('click', () => { window.pressed = 1; })")
    if by == "key":
        page.keyboard.type("mabra")
    else:
        page.get_by_text("Assign").click()
        expect(page.locator("#to")).to_be_focused()
        page.keyboard.type("abra")
    expect(page.locator("#to")).to_have_value("abra")
    # Letters stay dead where the focus has left the field, and esc closes the panel.
    page.evaluate("document.activeElement.blur()")
    page.keyboard.type("ar")
    assert page.evaluate("[window.pressed ?? 0, document.querySelector('#ask').open]") == [0, False]
    # The panel is gone from the page that is read next: it stays while somebody types.
    board.text = "<p>Resolved.</p>"
    swapped(board, page)
    expect(page.locator("#to")).to_have_value("abra")
    page.keyboard.press("Escape")
    expect(page.locator("#to")).to_be_hidden()
    expect(page.locator("#text p")).to_have_text("Resolved.")


def test_a_panel_without_fields_gives_its_button_the_focus_and_esc_gives_it_back(board: Board, page: Page) -> None:
    board.text = PANEL
    swapped(board, page)
    page.keyboard.press("r")
    expect(page.locator("#sure")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#ask summary")).to_be_focused()
    page.keyboard.press("m")
    expect(page.locator("#to")).to_be_focused()
