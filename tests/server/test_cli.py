"""The command line: help worth reading, quick to start, errors as one sentence."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography import x509

from server.cli import COMMANDS, main, semma
from server.core.notify import tell_alive, tell_ready
from server.programs import beat_argv, web_argv, worker_argv


def test_help_names_every_command_and_imports_none() -> None:
    program = (
        "import sys\n"
        "from server.cli import semma\n"
        "semma.main(['--help'], standalone_mode=False)\n"
        "slow = {'sqlalchemy', 'boto3', 'litestar', 'celery', 'redis', 'msgspec'} & set(sys.modules)\n"
        "assert not slow, slow\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    for row in COMMANDS:
        assert (f"\n  {row.name} " in done.stdout) == bool(row.section)


@pytest.mark.parametrize("name", [row.name for row in COMMANDS])
def test_every_command_has_a_help_of_its_own(name: str) -> None:
    shown = CliRunner().invoke(semma, [name, "--help"])
    assert shown.exit_code == 0
    text = shown.output.split("\n\n")[1]
    assert len(text.split()) >= 5, "say what it does"


def test_an_error_of_semma_is_one_sentence_and_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SEMMA_PORT", "eighty")
    with pytest.raises(SystemExit) as ended:
        main(["migrate"])
    assert ended.value.code == 1
    assert capsys.readouterr().err == "semma: SEMMA_PORT must be a whole number, not 'eighty'.\n"


def test_processes_started_by_hand_are_those_of_up() -> None:
    web = web_argv(host="127.0.0.1", port=8000, workers=2, trusted_proxies="")
    assert web[web.index("--workers") + 1] == "2"
    assert "--no-proxy-headers" in web
    assert "--forwarded-allow-ips" in web_argv(host="::", port=1, workers=1, trusted_proxies="10.0.0.1")
    encode = worker_argv("encode", concurrency=3)
    assert encode[encode.index("--queues") + 1] == "encode"
    assert encode[encode.index("--concurrency") + 1] == "3"
    assert "beat" in beat_argv()


def test_certificate_is_made_once_for_the_names_asked(tmp_path: Path) -> None:
    made = CliRunner().invoke(semma, ["certificate", str(tmp_path / "c"), "--host", "seminar.test", "--host", "::1"])
    assert made.exit_code == 0, made.output
    chain = x509.load_pem_x509_certificate((tmp_path / "c" / "fullchain.pem").read_bytes())
    names = chain.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["seminar.test"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["::1"]
    assert (tmp_path / "c" / "privkey.pem").stat().st_mode & 0o777 == 0o600
    again = CliRunner().invoke(semma, ["certificate", str(tmp_path / "c")])
    assert "is there already" in again.output


def test_alive_believes_a_fresh_heartbeat_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heartbeat = tmp_path / "alive"
    monkeypatch.setenv("SEMMA_HEARTBEAT_FILE", str(heartbeat))
    monkeypatch.setenv("SEMMA_PORT", "1")  # nobody listens there
    assert CliRunner().invoke(semma, ["alive"]).exit_code == 1
    tell_alive()
    assert CliRunner().invoke(semma, ["alive"]).exit_code == 0
    assert CliRunner().invoke(semma, ["alive", "--within", "-1"]).exit_code == 1


def test_telling_nobody_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", "@nobody-listens-here")
    monkeypatch.delenv("SEMMA_HEARTBEAT_FILE", raising=False)
    tell_ready()
