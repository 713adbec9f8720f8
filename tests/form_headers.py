"""What a browser sends with a form of ours, for clients that are none."""

from __future__ import annotations

import re

import httpx2


def form_headers(client: httpx2.Client) -> dict[str, str]:
    """The site's own origin, and the token of a page that this client loaded with its cookies."""
    pages = (client.get(path).text for path in ("/login", "/settings"))
    found = next((one for page in pages if (one := re.search(r'name="csrf" value="([0-9a-f]+)"', page))), None)
    assert found
    return {"origin": str(client.base_url).rstrip("/"), "x-csrf-token": found[1]}
