"""The command line's group, and the dashboard, which opens where no command is named."""

import gc
import os
import sys
from contextlib import suppress

import click

import tuiprop
from tuiprop.cli.common import one_sentence

FRAMES_A_SECOND = "120"
"""At which Textual may paint, twice its own: a key that comes after a frame waits half as long."""

SWITCH = 0.001
"""Seconds after which the threads that read keys and write the screen may interrupt another."""


class _DashboardByDefault(click.Group):
    """A group whose first argument may be something to open instead of a command."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands:
            if len(args) > 1:
                names = sorted(name for name, each in self.commands.items() if not each.hidden)
                raise click.UsageError(
                    f"there is no command {args[0]!r}; there are {', '.join(names)}", ctx
                )
            return dashboard.name, dashboard, args
        return super().resolve_command(ctx, args)


@click.group(
    cls=_DashboardByDefault,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(tuiprop.__version__, prog_name="tuiprop")
@click.pass_context
def main(context: click.Context) -> None:
    """A debugger for backpropagation in the terminal.

    tuiprop [EXPERIMENT.toml | DATA | MODEL] opens the dashboard: on an experiment file, a table
    (CSV and others), a data set that comes with it, exported weights, or a checkpoint; with
    nothing named, on the truth table of exclusive or.
    """
    from tuiprop.training.memory import key_frame_budget

    with one_sentence():
        key_frame_budget()  # a wrong one is said before anything starts
    if context.invoked_subcommand is None:
        context.invoke(dashboard)


@main.command(hidden=True)
@click.argument("what", required=False)
def dashboard(what: str | None = None) -> None:
    """Open the dashboard."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        click.echo("tuiprop: the dashboard needs a terminal; without one: tuiprop train", err=True)
        sys.exit(2)
    os.environ.setdefault("TEXTUAL_FPS", FRAMES_A_SECOND)
    sys.setswitchinterval(SWITCH)
    gc.disable()  # until the dashboard stands
    with one_sentence():  # Ctrl+C while it starts
        from tuiprop.engine.client import start

        client = start()  # it starts while the dashboard is imported
        from tuiprop.ui.app import TuipropApp

        app = TuipropApp(client, what or "xor-table", named=what is not None)
    try:
        app.run()
    finally:
        with one_sentence():  # a second Ctrl+C does not wait
            unsaved = app.end_engine(lambda: _tell("the run is being saved; Ctrl+C ends at once"))
    if app.farewell:
        _tell(app.farewell)
    if unsaved:
        _tell(f"the run is not saved as it stood: {unsaved}")
    sys.exit(app.return_code or 0)


def _tell(sentence: str) -> None:
    """A line on standard error, unless the terminal is gone."""
    with suppress(OSError):
        click.echo(f"tuiprop: {sentence}", err=True)
