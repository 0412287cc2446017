"""`semma upload`: send a recording, slides or captions to a session, from any machine, over any line."""

import os
from pathlib import Path

import click

from server.core.errors import SemmaError
from server.tus_client import Notebook, Sending
from server.uploads.protocol import PURPOSES


def notebook_path() -> Path:
    """Where unfinished uploads of this user are written down (XDG Base Directory: state)."""
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "semma" / "uploads.json"


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
@click.option("--session", required=True, metavar="ID", help="The session the file belongs to.")
@click.option(
    "--purpose", type=click.Choice(PURPOSES), default="recording", show_default=True, help="What the file is."
)
@click.option("--language", default="", metavar="TAG", help="Language of captions, such as fi or en.")
@click.option("--slot", default="", metavar="SLOT", help="Of slides: the deck to replace, or `new` for one deck more.")
@click.option(
    "--url",
    envvar="SEMMA_PUBLIC_URL",
    default="http://localhost:8000",
    show_default=True,
    help="Where Semma is.",
)
@click.option(
    "--token",
    envvar="SEMMA_TOKEN",
    required=True,
    metavar="TOKEN",
    help="An API token with the scope `upload` (`semma user token`); given as SEMMA_TOKEN no process list shows it.",
)
@click.option(
    "--patience",
    "patience_s",
    type=click.FloatRange(min=0),
    default=600,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for a server that does not answer.",
)
def upload(
    file: Path, session: str, purpose: str, language: str, slot: str, url: str, token: str, patience_s: float
) -> None:
    """Send FILE to a session. A broken line or a restarted server is waited for and gone on from; so is an upload that
    was stopped here: run the same command again.
    """
    metadata = {"session": session, "purpose": purpose, "filename": file.name}
    if language:
        metadata["language"] = language
    if slot:
        metadata["slot"] = slot
    sending = Sending(
        file=file,
        server_url=url.rstrip("/"),
        headers={"Authorization": f"Bearer {token}"},
        metadata=metadata,
        notebook=Notebook(notebook_path()),
        patience_s=patience_s,
    )
    try:
        shown = _send_with_bar(sending)
    except SemmaError as error:
        raise click.ClickException(error.detail) from error
    except KeyboardInterrupt:
        click.echo("\nStopped; run the same command again to go on from here.", err=True)
        raise SystemExit(130) from None
    click.echo(f"{file.name} is there: {purpose} {shown.get('result_id') or ''}".rstrip())


def _send_with_bar(sending: Sending) -> dict[str, object]:
    """Send, showing how far it is."""
    with click.progressbar(length=sending.size_bytes, label=sending.file.name, show_pos=False, width=30) as bar:

        def show(sent_bytes: int) -> None:
            bar.update(sent_bytes - bar.pos)

        def wait(sentence: str) -> None:
            click.echo(f"\nWaiting: {sentence}.", err=True)

        sending.on_progress, sending.on_trouble = show, wait
        return sending.run()
