"""Commands that containers and servers need around the processes: health, a certificate for localhost."""

import datetime
import ipaddress
import os
import sys
import time
import urllib.request
from pathlib import Path

import click


@click.command()
@click.option("--within", "within_s", default=100, show_default=True, help="Age in seconds of a heartbeat that counts.")
def alive(within_s: int) -> None:
    """Exit code 0 when this container's process is alive: a heartbeat file just touched, or /healthz answers."""
    heartbeat = os.environ.get("SEMMA_HEARTBEAT_FILE", "")
    if heartbeat and Path(heartbeat).exists():
        sys.exit(0 if time.time() - Path(heartbeat).stat().st_mtime < within_s else 1)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(f"http://127.0.0.1:{os.environ.get('SEMMA_PORT', '8000')}/healthz", timeout=4).close()
    except OSError as error:
        raise click.ClickException(f"not alive: {error}") from None


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--host", "hosts", multiple=True, default=["localhost", "127.0.0.1", "::1"], show_default=True)
@click.option("--days", default=3650, show_default=True, help="How long it is valid.")
def certificate(folder: Path, hosts: tuple[str, ...], days: int) -> None:
    """Make a certificate of one's own in FOLDER (fullchain.pem, privkey.pem) unless one is there.

    Browsers warn of it; it is for localhost and for trying. For a real name put a real one there.
    """
    chain, key = folder / "fullchain.pem", folder / "privkey.pem"
    if chain.exists() and key.exists():
        click.echo(f"{chain} is there already.")
        return
    chain_pem, key_pem = make_certificate(hosts, days=days)
    folder.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(key_pem)
    chain.write_bytes(chain_pem)
    click.echo(f"{chain}: made for {', '.join(hosts)}.")


def make_certificate(hosts: tuple[str, ...], *, days: int) -> tuple[bytes, bytes]:
    """A self-signed certificate for the names and addresses (RFC 5280), and its key, both as PEM."""
    from cryptography import x509  # noqa: PLC0415 -- slow import
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415 -- slow import
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 -- slow import

    def alternative(host: str) -> x509.GeneralName:
        try:
            return x509.IPAddress(ipaddress.ip_address(host))
        except ValueError:
            return x509.DNSName(host)

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, hosts[0])])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([alternative(host) for host in hosts]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    key_pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made.public_bytes(serialization.Encoding.PEM), key_pem
