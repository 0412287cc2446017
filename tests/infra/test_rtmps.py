"""An encoder through the TLS proxy as documented: nginx's stream module in front of the RTMP port."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from server.commands.serve import make_certificate
from tests.postgres import free_port
from tests.server.live.rtmp_room import KEY, decoded, listening, push, source, until

TEMPLATE = Path(__file__).parents[2] / "infra/nginx/rtmps.conf.template"


def stream_module() -> str | None:
    """What makes nginx know `stream`: "" when it is built in, else the module's path; None when there is none."""
    nginx = shutil.which("nginx")
    if nginx is None:
        return None
    built = subprocess.run([nginx, "-V"], capture_output=True, text=True, check=False).stderr
    if re.search(r"--with-stream(\s|$)", built):
        return ""
    found = re.search(r"--modules-path=(\S+)", built)
    module = Path(found[1] if found else "/usr/lib/nginx/modules") / "ngx_stream_module.so"
    return str(module) if module.exists() else None


MODULE = stream_module()
pytestmark = pytest.mark.skipif(MODULE is None, reason="nginx with its stream module is not installed")


def configured(folder: Path, port: int, rtmp_port: int) -> Path:
    """nginx.conf with the template filled in."""
    text = TEMPLATE.read_text()
    values = {"SEMMA_RTMPS_PORT": port, "SEMMA_RTMP": f"127.0.0.1:{rtmp_port}", "SEMMA_CERTIFICATES": folder}
    for name, value in values.items():
        text = text.replace(f"${{{name}}}", str(value))
    loaded = f"load_module {MODULE};\n" if MODULE else ""
    path = folder / "nginx.conf"
    path.write_text(f"{loaded}daemon off;\npid {folder}/pid;\nerror_log stderr;\nevents {{}}\n{text}")
    return path


@pytest.mark.ffmpeg
async def test_an_encoder_over_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, key = make_certificate(("localhost",), days=1)
    (tmp_path / "fullchain.pem").write_bytes(certificate)
    (tmp_path / "privkey.pem").write_bytes(key)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "fullchain.pem"))  # what ffmpeg trusts
    port = free_port()
    async with listening(proxies=["127.0.0.1"]) as (reception, listener):
        nginx = subprocess.Popen(["nginx", "-p", str(tmp_path), "-c", str(configured(tmp_path, port, listener.port))])
        try:
            await until(lambda: (tmp_path / "pid").exists())
            code, words = await push(listener, *source(1), url=f"rtmps://localhost:{port}/live/{KEY}")
            assert code == 0, words
            (kept,) = await reception.feeds()
            await until(lambda: kept.is_over)
        finally:
            nginx.terminate()
            nginx.wait()
    assert kept.feed.peer == "127.0.0.1"
    assert len(decoded(kept.file()).video_ms) == 25
