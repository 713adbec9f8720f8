"""One payload through its connector, as HTTP ingest takes it: body, content type, and the query of a GET."""

from __future__ import annotations

from pathlib import Path

from aiops_connectors.catalogue import Catalogue

from aiops.errors import UsageError
from benchmarks.connectors.samples import FOLDER, NOW, Got, Sample

_FORM = "application/x-www-form-urlencoded"


def request(body: bytes, sample: Sample) -> tuple[bytes, dict[str, str]]:
    """Return the body and the headers; the query of a GET is its body, as a form."""
    headers = {name.lower(): value for name, value in sample.transport.headers.items()}
    if sample.transport.method == "GET":
        first, _, _ = body.partition(b"\n")
        path = first.split(b" ")[1] if first.count(b" ") >= 2 else first
        return path.partition(b"?")[2].strip(), headers | {"content-type": _FORM}
    if sample.transport.content_type:
        headers["content-type"] = sample.transport.content_type
    return body, headers


def take(root: Path, sample: Sample) -> Got:
    """Apply the connector of the sample's tool."""
    body, headers = request((root / FOLDER / sample.file).read_bytes(), sample)
    try:
        records, problems = Catalogue().take(sample.tool, body, headers, NOW)
    except UsageError as error:
        return Got([], [], str(error)[:120])
    return Got(list(records), list(problems))
