"""The command line: one module a command group, loaded when it is asked for, so that `--help` is quick."""

from __future__ import annotations

import importlib
import os
import shutil
import sys
from collections.abc import Sequence

import click

from inspect_pipeline import __version__
from inspect_pipeline.errors import InspectError

# More threads in a sum round it otherwise, and a word of a transcript can turn on that: `check` answers as `run` does.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

PROGRAM = "inspect-pipeline"
PARTIAL = 3  # a night that was stopped has this exit code: told, but no mistake of anybody

# command -> (module, attribute, one line of help). The help is here so that listing commands loads none of them.
COMMANDS = {
    "run": ("inspect_pipeline.cli.run", "run", "Inspect a night of recordings."),
    "check": ("inspect_pipeline.cli.check", "check", "Inspect one recording or dialogue now: findings with quotes."),
    "reinspect": ("inspect_pipeline.cli.reinspect", "reinspect", "Judge stored transcripts by other rules, no audio."),
    "rules": ("inspect_pipeline.cli.rules", "rules", "List, show, test and compare rule packs."),
    "review": ("inspect_pipeline.cli.review", "review", "Work through the flagged calls."),
    "report": ("inspect_pipeline.cli.report", "report", "Numbers of a night."),
    "models": ("inspect_pipeline.cli.models", "models", "List and verify speech models."),
    "doctor": ("inspect_pipeline.cli.doctor", "doctor", "What is installed, which models, what is missing."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported only when they run or show their own help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order in which a user meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name=PROGRAM)
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Offline call-quality inspection: recordings in, explained verdicts and flags out.

    \b
    Exit codes: 0 clean, 1 the answer is no, 2 bad usage, config, manifest or
    pack, 3 a partial night.
    """
    if os.environ.get("NO_COLOR"):
        ctx.color = False


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line and exit. An error that a person can mend is one line and its exit code."""
    try:
        sys.exit(cli.main(args, prog_name=PROGRAM, standalone_mode=False) or 0)
    except click.ClickException as error:
        say(f"error: {told(error)}")
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        say("stopped")
        sys.exit(130)
    except InspectError as error:
        for line in str(error).splitlines():
            say(line if error.exit_code == PARTIAL else f"error: {line}")
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # the reader has gone (`| head`): nothing is left to say, also not when Python flushes at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def say(line: str) -> None:
    """Print a line for the person at stderr, wrapped where that is a terminal."""
    from inspect_pipeline.report.columns import wrap

    width = shutil.get_terminal_size().columns if sys.stderr.isatty() else len(line) * 2
    click.echo("\n".join(wrap(line, max(40, width))), err=True)


def told(error: click.ClickException) -> str:
    """Return a mistake in the command line as one line that says where its options are described."""
    message = " ".join(error.format_message().split()).rstrip(".")
    message = message[:1].lower() + message[1:]
    if isinstance(error, click.UsageError) and error.ctx is not None:
        return f"{message}: see {error.ctx.command_path} --help"
    return message
