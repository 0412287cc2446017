"""nginx with its rtmp module as its documentation starts one: the recipe the delay is compared with."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.private_semma import AWAY, free_port
from tests.waiting import eventually

MODULE = Path("/usr/lib/nginx/modules/ngx_rtmp_module.so")
VENDOR = Path(__file__).parents[2] / "server/web/static/vendor"

CONFIGURATION = """
load_module {module};
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 64; }}
rtmp {{
  server {{
    listen 127.0.0.1:{rtmp};
    application live {{ live on; hls on; hls_path {folder}/www/hls; }}
  }}
}}
http {{
  access_log off;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  types {{ text/html html; text/javascript mjs js; application/vnd.apple.mpegurl m3u8; video/mp2t ts; }}
  server {{ listen 127.0.0.1:{http}; root {folder}/www; }}
}}
"""

PAGE = """<!doctype html><video muted autoplay></video><script type="module">
import Hls from "./hls.min.mjs";
const hls = new Hls({ enableWorker: false });
hls.loadSource("hls/clock.m3u8");
hls.attachMedia(document.querySelector("video"));
</script>"""


@dataclass(frozen=True)
class NginxRtmp:
    """Where to send, what it serves, and a page that plays it."""

    rtmp: str
    hls: str
    page: str


@contextmanager
def nginx_rtmp(folder: Path) -> Iterator[NginxRtmp | None]:
    """Run it while the block lasts; None where nginx or its module is missing."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None or not MODULE.exists():
        yield None
        return
    rtmp, http = free_port(), free_port()
    # Its worker gives up root: the folder must be anybody's
    (folder / "www/hls").mkdir(parents=True)
    for path in (folder, folder / "www", folder / "www/hls"):
        path.chmod(0o777)
    shutil.copy(VENDOR / "hls.min.mjs", folder / "www/hls.min.mjs")
    (folder / "www/index.html").write_text(PAGE)
    configuration = folder / "nginx.conf"
    configuration.write_text(CONFIGURATION.format(module=MODULE, folder=folder, rtmp=rtmp, http=http))
    process = subprocess.Popen([program, "-c", str(configuration)], stdin=subprocess.DEVNULL)
    site = f"http://127.0.0.1:{http}"

    def serves() -> bool:
        try:
            return httpx.get(f"{site}/index.html", trust_env=False).status_code == 200
        except AWAY:
            return False

    try:
        eventually(serves, what="nginx")
        yield NginxRtmp(f"rtmp://127.0.0.1:{rtmp}/live/clock", f"{site}/hls/clock.m3u8", f"{site}/index.html")
    finally:
        process.terminate()
        process.wait()
