"""Pictures with a palette: a browser reads them, and sees what it drew."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.browser.conftest import Visit, running
from tests.browser.palette import COLOURS, _unfiltered, decode, encode, reduced, smaller

# The greatest and the mean difference of two pictures, and each 97th value of the first.
_COMPARED = """async (pictures) => {
  const [one, other] = await Promise.all(pictures.map(async (png) => {
    const image = new Image();
    image.src = 'data:image/png;base64,' + png;
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height), context = canvas.getContext('2d');
    context.drawImage(image, 0, 0);
    return context.getImageData(0, 0, image.width, image.height).data;
  }));
  let most = 0, sum = 0;
  for (let at = 0; at < one.length; at++) {
    const far = Math.abs(one[at] - other[at]);
    most = Math.max(most, far);
    sum += far;
  }
  return [most, sum / one.length, [...one].filter((value, at) => at % 97 === 0)];
}"""


def test_a_browser_sees_the_same_page_in_a_smaller_picture(tmp_path: Path, visit: Callable[..., Visit]) -> None:
    with running(tmp_path, tokens=False) as site:
        window = visit(site.url, 390)
        window.page.goto("/settings")
        shot = window.page.screenshot()
        packed = smaller(shot)
        assert len(packed) < 0.7 * len(shot)
        # Another page, as the policy of ours allows no data as an image.
        window.page.goto("about:blank")
        pictures = [base64.b64encode(one).decode() for one in (shot, packed)]
        most, mean, sample = window.page.evaluate(_COMPARED, pictures)
        assert most <= 24
        assert mean < 0.5
        pixels = decode(shot)
        opaque = np.concatenate([pixels, np.full((*pixels.shape[:2], 1), 255, np.uint8)], axis=2)
        assert opaque.reshape(-1)[::97].tolist() == sample


@pytest.mark.parametrize("kind", range(5))
def test_each_filter_of_the_format_is_undone(kind: int) -> None:
    random = np.random.default_rng(7)
    row, above = (random.integers(0, 256, 24, np.uint8) for _ in range(2))
    sent = []
    for at, value in enumerate(row):
        left, up, corner = (
            (int(row[at - 3]) if at >= 3 else 0),
            int(above[at]),
            (int(above[at - 3]) if at >= 3 else 0),
        )
        guess = left + up - corner
        paeth = min((left, up, corner), key=lambda one: abs(guess - one))
        sent.append((int(value) - (0, left, up, (left + up) // 2, paeth)[kind]) & 255)
    assert (_unfiltered(kind, np.array(sent, np.uint8), above, 3) == row).all()


def test_a_picture_of_many_colours_gets_the_nearest() -> None:
    pixels = np.stack(np.meshgrid(np.arange(64), np.arange(64)), axis=-1).astype(np.uint8)
    pixels = np.concatenate([pixels * 4, np.zeros((64, 64, 1), np.uint8)], axis=-1)
    indices, palette = reduced(pixels)
    assert len(palette) == COLOURS
    assert np.abs(palette[indices].astype(int) - pixels.astype(int)).max() <= 32
    assert encode(indices, palette).startswith(b"\x89PNG")
