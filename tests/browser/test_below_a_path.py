"""The pages in a real browser below a path, through a reverse proxy that takes the path away, or does not."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.browser.conftest import TOKEN, Visit, running


class Proxy(ThreadingHTTPServer):
    """Passes /aiops/ on to `port`, as the usual `proxy_pass` does; everything else is not found."""

    daemon_threads = True
    port = 0
    strips = True


class Handler(BaseHTTPRequestHandler):
    """One request, passed on; the host's name is kept, as proxies do that are set up for it."""

    def do_GET(self) -> None:
        proxy = self.server
        assert isinstance(proxy, Proxy)
        if not self.path.startswith("/aiops/"):
            self.send_error(404, "outside of the path")
            return
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        behind = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=120)
        behind.request(
            self.command, self.path.removeprefix("/aiops") if proxy.strips else self.path, body, dict(self.headers)
        )
        answer = behind.getresponse()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "content-length", "connection", "date"):
                self.send_header(name, value)
        # Live updates do not end: the connection's end is that of the answer.
        self.send_header("connection", "close")
        self.end_headers()
        with suppress(OSError):
            while text := answer.read1():
                self.wfile.write(text)
        behind.close()

    do_POST = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@contextmanager
def proxied(strips: bool) -> Iterator[Proxy]:
    proxy = Proxy(("127.0.0.1", 0), Handler)
    proxy.strips = strips
    thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        proxy.server_close()
        thread.join()


@pytest.mark.parametrize("strips", [True, False], ids=["path-taken-away", "path-kept"])
def test_forms_work_below_a_path(tmp_path: Path, visit: Callable[..., Visit], strips: bool) -> None:
    with proxied(strips) as proxy:
        url = f"http://127.0.0.1:{proxy.server_address[1]}/aiops/"
        with running(tmp_path, external_url=url) as site:
            proxy.port = int(site.url.rpartition(":")[2])
            incident = site.incident()
            window = visit(url)
            window.page.goto(url)
            assert window.page.url == f"{url}login"
            window.fill("Token", TOKEN)
            window.press("Sign in")
            assert window.page.url == url
            assert window.page.evaluate("getComputedStyle(document.body).margin") == "0px"
            window.page.locator(f"main a[href$='/incidents/{incident}']").first.click()
            window.page.wait_for_url(f"{url}incidents/{incident}")
            window.press("Acknowledge")
            assert site.status(incident) == "acknowledged"
            window.page.locator("a.rail-link[title=Runs]").click()
            window.page.wait_for_url(f"{url}runs")
            window.page.locator("input[name=reason]").first.fill("checked")
            window.press("Resume all automation")
            cookies = window.page.context.cookies()
            assert {(one["name"], one["path"]) for one in cookies} == {
                ("aiops_session", "/aiops"),
                ("aiops_form", "/aiops"),
            }
            window.sign_out()
            assert window.page.url == f"{url}login"
            # Whoever reaches the server directly finds its pages all the same.
            direct = visit(site.url)
            direct.page.goto("/")
            assert direct.page.url == f"{site.url}/aiops/login"
