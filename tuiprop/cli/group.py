"""The group of commands, and the dashboard, which opens if no command is named."""

import gc
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

import tuiprop
from tuiprop.cli.common import one_sentence
from tuiprop.cli.output import complain, guard_standard_streams, status_after_output
from tuiprop.escaping import printable

FRAMES_A_SECOND = "120"
"""The highest frame rate of Textual, twice its default, which halves the wait after a frame."""

SWITCH = 0.001
"""The seconds after which the threads for keys and screen may interrupt another."""


COMPLETION = "_TUIPROP_COMPLETE"
"""The environment variable with which a shell asks for completions."""

THREADS = 3
"""The number of threads of the dashboard: for keys, for the screen, for the engine's replies."""


@contextmanager
def _messages_on_one_line() -> Iterator[None]:
    """Put usage errors that quote an argument with line feeds on one line."""
    try:
        yield
    except click.UsageError as error:
        raise click.UsageError(printable(error.format_message()), error.ctx) from None


class _DashboardByDefault(click.Group):
    """A group whose first argument may name something to open instead of a command."""

    def main(self, *arguments: Any, **options: Any) -> Any:
        """Run the command with standard streams that protect the terminal and never fail."""
        options.setdefault("complete_var", COMPLETION)
        if COMPLETION in os.environ:
            return super().main(*arguments, **options)
        guard_standard_streams()
        try:
            return super().main(*arguments, **options)
        except SystemExit as end:
            sys.exit(status_after_output(end.code))

    def make_context(self, *arguments: Any, **options: Any) -> click.Context:
        """Parse the arguments; usage errors are one line."""
        with _messages_on_one_line():
            return super().make_context(*arguments, **options)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; usage errors are one line."""
        with _messages_on_one_line():
            return super().invoke(ctx)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands:
            if len(args) > 1:
                names = sorted(name for name, each in self.commands.items() if not each.hidden)
                raise click.UsageError(
                    f"there is no command {args[0]!r}; the commands are {', '.join(names)}", ctx
                )
            return dashboard.name, dashboard, args
        return super().resolve_command(ctx, args)


@click.group(
    cls=_DashboardByDefault,
    invoke_without_command=True,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "color": True,  # click must not strip sequences: they are escaped
    },
)
@click.version_option(tuiprop.__version__, prog_name="tuiprop")
@click.pass_context
def main(context: click.Context) -> None:
    """A debugger for backpropagation in the terminal.

    tuiprop [EXPERIMENT.toml | DATA | MODEL | CHECKPOINT] opens the dashboard on an experiment file,
    a table (CSV and others), a built-in data set, exported weights or a checkpoint; without an
    argument, on the XOR truth table.
    """
    from tuiprop.training.memory import key_frame_budget

    with one_sentence():
        key_frame_budget()  # an invalid one is reported before anything starts
    if context.invoked_subcommand is None:
        context.invoke(dashboard)


@main.command(hidden=True)
@click.argument("what", required=False)
def dashboard(what: str | None = None) -> None:
    """Open the dashboard."""
    if not all(stream and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        complain("tuiprop: the dashboard needs a terminal; use tuiprop train without one")
        sys.exit(2)
    os.environ.setdefault("TEXTUAL_FPS", FRAMES_A_SECOND)
    sys.setswitchinterval(SWITCH)
    gc.disable()  # until the dashboard is built
    with one_sentence():  # Ctrl+C while it starts
        from tuiprop.protocol.process_client import start

        client = start()  # the engine starts while the dashboard is imported
        from tuiprop.ui.patches import environment

        notices = environment.checked()
        from tuiprop.ui.app import TuipropApp

        app = TuipropApp(client, what or "xor-table", named=what is not None, notices=notices)
    try:
        if sentence := _refusal_of_threads():
            app.farewell = sentence
        else:
            app.run()
    finally:
        with one_sentence():  # a second Ctrl+C does not wait
            unsaved = app.end_engine(
                lambda: complain("tuiprop: saving the run; Ctrl+C quits at once")
            )
    if app.farewell:
        click.echo(f"tuiprop: {app.farewell}", err=True)  # a traceback keeps its lines
    if unsaved:
        complain(f"tuiprop: the latest state of the run is not saved: {unsaved}")
    sys.exit(1 if sentence else app.return_code or 0)


def _refusal_of_threads() -> str:
    """Return why the dashboard cannot start its threads; "" if it can.

    Otherwise Textual would leave a traceback and a changed terminal.
    """
    ended = threading.Event()
    try:
        for _ in range(THREADS):
            threading.Thread(target=ended.wait, daemon=True).start()
    except RuntimeError as error:
        return f"the dashboard needs {THREADS} threads: {error}; check the limits ulimit -u and -v"
    finally:
        ended.set()
    return ""
