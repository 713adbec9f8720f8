"""What is measured on a page that a browser shows: width, height, broken words, small targets, and axe's rules."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

# Pixels: an incident of 1,617 alerts had once 305,237.
MAX_HEIGHT = 14_000
# Characters: longer words may be broken anywhere, as no column could hold them.
COMMON_WORD = 18
TARGET = 44
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

_MEASURE = """([target, longest]) => {
  const seen = (node) => node.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const name = (node) => (node.outerHTML || '').slice(0, 120);
  const root = document.documentElement;
  const found = { width: root.scrollWidth, window: innerWidth, height: root.scrollHeight, broken: [], small: [] };
  // A word that stands on two lines, although it is short and no code.
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  const tops = () => [...range.getClientRects()].filter((one) => one.width).map((one) => Math.round(one.top));
  const lines = () => new Set(tops()).size;
  while (texts.nextNode()) {
    const text = texts.currentNode, parent = text.parentElement;
    const skipped = 'code, pre, script, style, noscript, textarea, option';
    if (!text.data.trim() || parent.closest(skipped) || !seen(parent)) continue;
    range.selectNodeContents(text);
    if (lines() < 2) continue;
    for (const word of text.data.matchAll(/[\\p{L}\\p{N}_]+/gu)) {
      if (word[0].length < 2 || word[0].length > longest) continue;
      range.setStart(text, word.index); range.setEnd(text, word.index + word[0].length);
      // A run without a space that is too long for any line (x-y_z.w) may be broken inside a part of it.
      const end = word.index + word[0].length;
      const run = text.data.slice(0, end).match(/\\S*$/)[0].length + text.data.slice(end).match(/^\\S*/)[0].length;
      if (lines() > 1 && run <= 2 * longest) { found.broken.push(`${word[0]} in ${name(parent)}`); break; }
    }
  }
  if (!target) return found;
  const small = (box) => box.height < target - 0.5 || box.width < 24;
  for (const one of document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')) {
    if (!seen(one) || one.closest('.skip, .unseen')) continue;
    const box = one.getBoundingClientRect();
    if (box.width === 0 || box.right <= 0) continue;
    const after = getComputedStyle(one, '::after');
    const hit = { height: box.height, width: box.width };
    if (after.content !== 'none' && after.position === 'absolute') {
      hit.height = Math.max(hit.height, parseFloat(after.height) || 0);
      hit.width = Math.max(hit.width, parseFloat(after.width) || 0);
    }
    const label = one.closest('label') || (one.labels && one.labels[0]);
    if (label && one.matches('[type=checkbox], [type=radio]')) {
      const around = label.getBoundingClientRect();
      hit.height = Math.max(hit.height, around.height); hit.width = Math.max(hit.width, around.width);
    }
    // A link within a sentence is as high as its line (WCAG 2.5.8, inline).
    const line = one.parentElement;
    const inline = one.matches('a') && getComputedStyle(one).display === 'inline'
      && line.innerText.trim().length > one.innerText.trim().length;
    if (small(hit) && !inline) found.small.push(`${Math.round(hit.width)}x${Math.round(hit.height)} ${name(one)}`);
  }
  return found;
}"""


def measure(page: Page, *, thumb: bool = False, high: bool = False) -> list[str]:
    """What is wrong with the layout of a page.

    `thumb` asks for targets that a thumb can hit; `high` allows any height, where all that was folded is open.
    """
    found: dict[str, Any] = page.evaluate(_MEASURE, [TARGET if thumb else 0, COMMON_WORD])
    wrong = [f"broken word: {one}" for one in found["broken"][:5]] + [f"small: {one}" for one in found["small"][:8]]
    if found["width"] > found["window"]:
        wrong.append(f"{found['width']} px wide in a window of {found['window']} px")
    if found["height"] > MAX_HEIGHT and not high:
        wrong.append(f"{found['height']} px high, at most {MAX_HEIGHT}")
    return wrong


def axe(page: Page, rules: list[str] | None = None) -> list[str]:
    """The violations of WCAG 2.0 to 2.2 A and AA by axe-core; `rules` runs these rules alone."""
    if not page.evaluate("typeof axe !== 'undefined'"):
        page.evaluate(AXE_SCRIPT)
    only = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": RULES}
    answer = page.evaluate("(only) => axe.run(document, {runOnly: only, resultTypes: ['violations']})", only)
    return [
        f"{one['id']}: {node['target']} {node['html'][:160]} {' '.join(node['failureSummary'].split())[:200]}"
        for one in answer["violations"]
        for node in one["nodes"][:3]
    ]
