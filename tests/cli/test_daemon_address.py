"""The address that `send` and `change` send to."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from aiops.cli import main
from aiops.cli.daemon_address import address_of, daemon_address
from aiops.config import HttpConfig
from aiops.errors import UsageError
from aiops.testing.receiver import Receiver, Reply


def test_address_is_the_given_one_then_that_of_the_configuration(tmp_path: Path) -> None:
    config = tmp_path / "aiops.toml"
    config.write_text('[http]\nexternal_url = "https://ops.example.org/aiops/"\n')
    assert daemon_address("http://192.0.2.1:1", config, None) == "http://192.0.2.1:1"
    assert daemon_address(None, config, None) == "https://ops.example.org/aiops"
    assert daemon_address(None, None, None) == "http://127.0.0.1:8640"


@pytest.mark.parametrize(("host", "expected"), [("::1", "http://[::1]:8640"), ("192.0.2.1", "http://192.0.2.1:8640")])
def test_address_is_one_that_can_be_typed(host: str, expected: str) -> None:
    assert address_of(HttpConfig(host=host)) == expected


def test_address_of_a_broken_configuration_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "aiops.toml").write_text("[http]\nport = 'x'\n")
    with pytest.raises(UsageError, match=r"\$\.http\.port"):
        daemon_address(None, tmp_path / "aiops.toml", None)


@pytest.mark.parametrize("command", [("change", "cart", "deploy 1.42"), ("send", "--allow-late", "{archive}")])
def test_commands_send_to_the_configured_daemon(
    command: tuple[str, ...],
    tmp_path: Path,
    receiver: Receiver,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    receiver.replies = [Reply(200, body=b'{"accepted": 1}')]
    (tmp_path / "a.jsonl").write_text('{"kind":"alert","ts":1772400000,"name":"A","id":"a"}\n')
    (tmp_path / "aiops.toml").write_text(f"[http]\nport = {urlsplit(receiver.url).port}\n")
    words = [word.format(archive=tmp_path / "a.jsonl") for word in command]
    monkeypatch.setattr("sys.argv", ["aiops", *words, "--config", str(tmp_path / "aiops.toml")])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code, capsys.readouterr().err
    assert [one.path for one in receiver.requests] == ["/ingest/archive"]
