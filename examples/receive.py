"""Print webhooks and check their signatures: `python examples/receive.py 9000 whsec_...`."""

import base64
import hashlib
import hmac
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = base64.b64decode(sys.argv[2].removeprefix("whsec_"))


class Receiver(BaseHTTPRequestHandler):
    """Answers 204 to what is signed with the secret, 401 to the rest."""

    def do_POST(self) -> None:
        """Check the signature (https://www.standardwebhooks.com): HMAC-SHA256 of `id.timestamp.body`."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        signed = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + body
        wanted = "v1," + base64.b64encode(hmac.new(SECRET, signed, hashlib.sha256).digest()).decode()
        good = any(hmac.compare_digest(wanted, each) for each in self.headers["webhook-signature"].split())
        event = json.loads(body)
        said = [event["type"], event["data"]["incident"]["title"], "signed" if good else "FORGED"]
        # In one piece, since several may arrive at once.
        sys.stdout.write(" ".join([self.headers["webhook-id"], *said]) + "\n")
        sys.stdout.flush()
        self.send_response(204 if good else 401)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Only what arrived is printed."""


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
