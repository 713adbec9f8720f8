"""What README.md gives to paste is what Alertmanager and Prometheus themselves take."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def blocks(start: str) -> list[str]:
    """The YAML of the page that starts so: without a token, and with one."""
    parts = (ROOT / "README.md").read_text(encoding="utf-8").split("```yaml\n")[1:]
    return [text for text in (part.partition("\n```")[0] for part in parts) if text.startswith(start)]


def check(*command: str) -> None:
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, (done.stdout + done.stderr).decode()


@pytest.mark.parametrize("number", [0, 1])
def test_the_receiver_for_alertmanager(number: int, tmp_path: Path) -> None:
    """Without a token, and with one."""
    texts = blocks("receivers:")
    assert ("authorization:" in texts[number]) == bool(number)
    path = tmp_path / "alertmanager.yml"
    path.write_text(texts[number] + "\nroute:\n  receiver: aiops\n")
    check("amtool", "check-config", str(path))


@pytest.mark.parametrize("number", [0, 1])
def test_the_alertmanager_for_prometheus(number: int, tmp_path: Path) -> None:
    """The token's file has to be there."""
    texts = blocks("alerting:")
    assert ("authorization:" in texts[number]) == bool(number)
    (tmp_path / "token").write_text("x")
    path = tmp_path / "prometheus.yml"
    path.write_text(texts[number].replace("/etc/prometheus/aiops-token", str(tmp_path / "token")))
    check("promtool", "check", "config", str(path))
