"""Play a first response; or serve the shop alone, for a daemon of one's own.

`python -m examples.first_response`, `python -m examples.first_response serve DIR`.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

from aiops.http.client import HttpClient
from aiops.respond.audit import verify
from examples.first_response import story
from examples.first_response.shop import DEPLOYMENTS, open_shop, sender
from examples.first_response.site import Site
from examples.first_response.transcript import Transcript
from examples.first_response.variants import VARIANTS, variants

# Holds the address of the shop that serves a directory.
SHOP = "shop.url"


def session(out: Transcript) -> None:
    """Play the way to the first run without a person, that run, and the variants in which it is refused."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="aiops-first-response-") as folder:
        scratch = Path(folder)
        with open_shop() as shop:
            site = Site(scratch / "site", shop)
            with site.running():
                story.evidence(site, out)
            # The state in which all guards hold: the variants begin with a copy of it.
            shutil.copytree(site.directory, scratch / "start")
            with site.running():
                story.night(site, out)
            trail = verify(site.directory / "state" / "runs" / "audit.jsonl")
            out.say("audit", f"trail of {trail.entries} entries: {trail.problem or 'intact'}")
        variants(scratch / "start", scratch, out)
    out.title("The end")
    out.say("session", f"{len(VARIANTS)} variants, {time.monotonic() - began:.0f} s; nothing is kept")


def serve(directory: Path, port: int, out: Transcript) -> None:
    """Open the shop for a daemon that somebody runs, and print what cluster and pager get, until Ctrl-C."""
    with open_shop() as shop:
        site = Site(directory.resolve(), shop, port)
        (directory / SHOP).write_text(shop.prometheus_url)
        shop.alert_to = sender(site.url, site.tokens["monitoring"])
        out.say("shop", f"open; files in {directory}", [f"aiops run --config {directory}/aiops.toml"])
        pages = changes = 0
        while True:
            for change in shop.writes()[changes:]:
                out.say("cluster", change.partition("?")[0])
                changes += 1
            for message in shop.pager.requests[pages:]:
                event = json.loads(message.body)
                out.say("pager", f"{event['type'].rpartition('.')[2]}: {event['data']['text']}")
                pages += 1
            time.sleep(0.2)


def break_rollout(directory: Path, name: str) -> int:
    """Roll out a broken image in the shop that serves a directory; return the exit code."""
    url = f"{(directory / SHOP).read_text()}/break/{name}"
    status = HttpClient(allow_private=True).send("POST", url).status
    print(f"{name}: rolled out an image that crashes" if status == 204 else f"no deployment {name!r}")
    return 0 if status == 204 else 1


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        prog="python -m examples.first_response", description="Play a first response on a stand-in cluster."
    )
    commands = parser.add_subparsers(dest="command")
    opened = commands.add_parser("serve", help="open the shop, and write the files of a daemon into DIR")
    opened.add_argument("directory", type=Path, metavar="DIR")
    opened.add_argument("--port", type=int, default=8080, help="the daemon's port (default: 8080)")
    broken = commands.add_parser("break", help="roll out a broken image in the shop that serves DIR")
    broken.add_argument("directory", type=Path, metavar="DIR")
    broken.add_argument("name", choices=DEPLOYMENTS, metavar="NAME", help=", ".join(DEPLOYMENTS))
    given, out = parser.parse_args(), Transcript(sys.stdout)
    if given.command == "break":
        sys.exit(break_rollout(given.directory, given.name))
    try:
        if given.command == "serve":
            serve(given.directory, given.port, out)
        else:
            session(out)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
