"""`semma`: one command line for everything that is started or done by hand.

Each command lives in a module of `server/commands/` and is imported only when it is used, so that `semma --help` is
instant. A new command is one row in COMMANDS and one click command (or group) in its module.
"""

import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import click

from server.core.errors import SemmaError


@dataclass(frozen=True)
class Row:
    """Where a command lives, and what `semma --help` says of it."""

    section: str
    name: str
    target: str  # module:attribute
    says: str


RUN, KEEP, USE, HIDDEN = "Run", "Look after", "Work with it", ""

COMMANDS = (
    Row(RUN, "up", "server.commands.run:up", "Run everything on this machine, supervised."),
    Row(RUN, "demo", "server.commands.run:demo", "The same, with a demo seminar in it."),
    Row(RUN, "web", "server.commands.run:web", "Run a web process: pages, API, uploads, playback."),
    Row(RUN, "worker", "server.commands.run:worker", "Run a worker: `light` or `encode`."),
    Row(RUN, "ingest", "server.commands.run:ingest", "Take encoders, write the live streams of all rooms."),
    Row(RUN, "beat", "server.commands.run:beat", "Run the clock of housekeeping."),
    Row(USE, "upload", "server.upload_command:upload", "Send a recording, slides or captions to a session."),
    Row(USE, "import", "server.commands.programme:import_", "Bring an event's programme from a file or an address."),
    Row(USE, "user", "server.commands.user:user", "Accounts: make one, get a sign-in link, make an API token."),
    Row(KEEP, "doctor", "server.commands.keep:doctor", "Say what was found, what is wrong and what to do."),
    Row(KEEP, "migrate", "server.commands.keep:migrate", "Bring the database to the newest version, make the bucket."),
    Row(KEEP, "search", "server.commands.search:search", "The search index: build it anew, look how far it is."),
    Row(KEEP, "backup", "server.commands.keep:backup", "Write database, secret and list of objects into one file."),
    Row(KEEP, "restore", "server.commands.keep:restore", "Bring a backup back."),
    Row(KEEP, "settings", "server.commands.keep:settings", "Print the table of all settings."),
    Row(KEEP, "certificate", "server.commands.serve:certificate", "Make a certificate for localhost."),
    Row(HIDDEN, "alive", "server.commands.serve:alive", "Health check of a container."),
    Row(HIDDEN, "make-demo", "server.demo.command:make_demo", "Put the demo seminar into what runs here."),
    Row(HIDDEN, "demo-encoder", "server.demo.command:demo_encoder", "Send the demo's live room."),
)


class Semma(click.Group):
    """The group of all commands, each imported at its first use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the table."""
        return [row.name for row in COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module."""
        found = next((row for row in COMMANDS if row.name == cmd_name), None)
        if found is None:
            return None
        module, attribute = found.target.split(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Print the commands by what they are for, without importing any."""
        for section in (RUN, USE, KEEP):
            with formatter.section(section):
                formatter.write_dl([(row.name, row.says) for row in COMMANDS if row.section == section])


@click.group(cls=Semma, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="semma")
def semma() -> None:
    """Semma streams a seminar's rooms live and keeps every talk: video, slides, words and discussion on one timeline.

    \b
    On one machine:      semma up        everything, with its own engines; all state in var/ (SEMMA_DATA_DIR)
    First organiser:     semma user create --admin you@example.org
    Something is wrong:  semma doctor

    Every process reads the same variables; `semma settings` lists them. Commands run by hand on the machine of a
    `semma up` find its engines by themselves.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """The program `semma`: an error of Semma's own is one sentence and exit code 1."""
    try:
        semma.main(args=list(arguments) if arguments is not None else None, prog_name="semma")
    except SemmaError as error:
        click.echo(f"semma: {error.detail}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
