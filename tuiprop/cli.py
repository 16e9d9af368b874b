"""The command line. What is heavy is imported by the command that needs it."""

import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from time import perf_counter
from typing import TYPE_CHECKING, Any

import click

import tuiprop

if TYPE_CHECKING:
    from tuiprop.data.table import Table
    from tuiprop.engine.session import Session
    from tuiprop.files.model import Model
    from tuiprop.files.prediction import Scores

LINES = 20
"""So many lines of progress, about, where the output is not a terminal."""

CHECKPOINT_EVERY = 60.0
"""Seconds from one checkpoint to the next while it trains."""


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


@contextmanager
def _one_sentence() -> Iterator[None]:
    """Bad input ends with one sentence on standard error and status 2, Ctrl+C with 130."""
    try:
        yield
    except (ValueError, OSError) as error:
        click.echo(f"tuiprop: {error}", err=True)
        sys.exit(2)
    except MemoryError:
        click.echo("tuiprop: there is not enough memory for that", err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


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

    with _one_sentence():
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
    with _one_sentence():  # Ctrl+C while it starts
        from tuiprop.engine.client import start

        client = start()  # it starts while the dashboard is imported
        from tuiprop.ui.app import TuipropApp

        app = TuipropApp(client, what or "xor-table", named=what is not None)
    try:
        app.run()
    finally:
        app.link.client.close()
    if app.farewell:
        with suppress(OSError):  # the terminal may be gone
            click.echo(f"tuiprop: {app.farewell}", err=True)
    sys.exit(app.return_code or 0)


def _settable(command: Callable[..., None]) -> Callable[..., None]:
    """A command that takes `--set`."""
    return click.option(
        "--set",
        "assignments",
        multiple=True,
        metavar="KEY=VALUE",
        help="A key of the experiment file, such as data.header=false.",
    )(command)


_which = click.option(
    "--weights",
    "which",
    type=click.Choice(["newest", "best"]),
    default="newest",
    show_default=True,
    help="Those where the run stands, or at the end of its best epoch: of the least J "
    "validation, or J training where nothing is held out.",
)


@main.command()
@click.argument("experiment", required=False)
@_settable
@click.option("--init", metavar="FILE", help="Initial weights (.npz, .safetensors, .json).")
@click.option("--epochs", type=click.IntRange(min=0), help="The total, instead of the file's.")
@click.option(
    "--export",
    "exports",
    multiple=True,
    metavar="FILE",
    help="Write the weights, in the format that the suffix says; see tuiprop export --help.",
)
@_which
@click.option("--history", metavar="FILE.csv", help="Write J and accuracy of every epoch.")
@click.option(
    "--checkpoint",
    metavar="FILE.tuiprop",
    help="Write all it takes to go on, every minute and at the end.",
)
@click.option("--resume", metavar="FILE.tuiprop", help="Go on from a checkpoint.")
@click.option(
    "--break",
    "conditions",
    multiple=True,
    metavar="WHEN",
    help='Stop when, such as "train_loss < 0.05"; besides those of the file.',
)
def train(
    experiment: str | None,
    assignments: tuple[str, ...],
    init: str | None,
    epochs: int | None,
    exports: tuple[str, ...],
    which: str,
    history: str | None,
    checkpoint: str | None,
    resume: str | None,
    conditions: tuple[str, ...],
) -> None:
    """Train without a dashboard."""
    with _one_sentence():
        for file in exports:
            _check_destination(file)
        if history is not None:
            _check_destination(history, ".csv")
        if checkpoint is not None:
            _check_destination(checkpoint, ".tuiprop")
        if resume is not None:
            session = _resume(resume, experiment, init, assignments, epochs, conditions)
        elif experiment is not None:
            session = _open(experiment, init, assignments)
            _stop_when(session, conditions)
        else:
            raise click.UsageError("Missing argument 'EXPERIMENT', or --resume FILE.tuiprop.")
        _say_notes(session.examples.notes)
        for file in exports:
            _say_remarks(session.model, file)
    total = session.experiment.training.epochs if epochs is None else epochs
    with _signals() as received, _one_sentence():
        _train(session, total, received, checkpoint)
        _write_results(session, exports, which, history)
    if received:
        sys.exit(128 + received[0])
    if session.run.diverged_at is not None:
        from tuiprop.engine.session import divergence

        click.echo(f"tuiprop: {divergence(session.run)}", err=True)
        sys.exit(1)


def _stop_when(session: "Session", conditions: tuple[str, ...]) -> None:
    """Stop at these conditions and at those of the experiment's file."""
    of_file = [each.when for each in session.experiment.breakpoint if each.enabled]
    try:
        session.stop_when([*of_file, *conditions])
    except ValueError as error:
        raise ValueError(f"--break: {error}") from None


def _check_destination(file: str, *suffixes: str) -> None:
    """Say before the work that a file could not be written after it; weights if none is given."""
    from tuiprop.files.atomic import refusal
    from tuiprop.files.formats import SUFFIXES

    if sentence := refusal(file, *(suffixes or SUFFIXES)):
        raise ValueError(sentence)


def _say_notes(notes: Iterable[str]) -> None:
    """What is odd about the data, on standard error."""
    for note in notes:
        click.echo(f"note: {note}", err=True)


def _say_remarks(model: "Model", file: str) -> None:
    """Say before it is written what a format holds otherwise than the network does."""
    from tuiprop.files.export import remarks

    if sentence := remarks(model, file):
        _say(f"{file}: {sentence}")


def _open(experiment: str, init: str | None, assignments: tuple[str, ...] = ()) -> "Session":
    from tuiprop.engine.session import open_session
    from tuiprop.files.atomic import FileError
    from tuiprop.training.experiment import changed, load

    if not experiment.endswith(".toml"):
        raise ValueError(
            f"{experiment}: found no experiment file, allowed: FILE.toml; "
            "`tuiprop datasets NAME` prints one"
        )
    loaded = load(experiment)
    try:
        return open_session(changed(loaded, assignments), weights=init)
    except FileError:
        raise
    except ValueError as error:  # the experiment's file says what does not fit its data
        raise ValueError(f"{experiment}: {error}") from None


def _resume(
    file: str,
    experiment: str | None,
    init: str | None,
    assignments: tuple[str, ...],
    epochs: int | None,
    conditions: tuple[str, ...],
) -> "Session":
    """The run of a checkpoint, where it stood; its experiment may be named, and go on longer."""
    from tuiprop.data.catalogue import load_table
    from tuiprop.engine.resume import check_same, resume_session, walk_to_where_it_stood
    from tuiprop.files.checkpoint import load_checkpoint
    from tuiprop.training.experiment import changed, load

    if init is not None:
        raise ValueError("--init: found with --resume, allowed: one of the two")
    saved = load_checkpoint(file)
    wanted = changed(load(experiment) if experiment else saved.experiment, assignments)
    try:
        table = load_table(wanted.data)
        check_same(wanted, saved, table)
        session, differing = resume_session(saved, wanted, table=table)
    except ValueError as error:
        raise ValueError(f"{experiment or file}: {error}") from None
    _stop_when(session, conditions)
    run = session.run
    walk_to_where_it_stood(run, saved)
    total = wanted.training.epochs if epochs is None else epochs
    if run.batches.end(total) < run.t:
        done = f"allowed: {run.epoch} or more, as these are done"
        raise ValueError(f"{file}: found {total} epochs, {done}")
    if differing:
        click.echo(
            f"note: {file} was saved on another machine: {differing}; "
            "the last digits may come out otherwise from here on",
            err=True,
        )
    _say(f"{file}: goes on from update {run.t}, epoch {run.epoch}")
    return session


def _train(
    session: "Session", epochs: int, received: list[int], checkpoint: str | None = None
) -> None:
    """Train to the end of so many epochs, or until a signal is received."""
    run = session.run
    last = run.batches.end(epochs)
    next_checkpoint = perf_counter() + CHECKPOINT_EVERY
    with _reporter(session, epochs) as report:
        report()
        if run.t == 0:  # a run that goes on has been looked at where it stood
            run.look_around()
        while run.t < last and run.diverged_at is None and run.hit is None and not received:
            run.advance(last, seconds=0.1, watched=True)
            report()
            if checkpoint is not None and perf_counter() >= next_checkpoint:
                session.save_checkpoint(checkpoint)
                next_checkpoint = perf_counter() + CHECKPOINT_EVERY
    if run.hit is not None:
        _say(f"stopped: {run.hit.sentence}")
    if checkpoint is not None:
        session.save_checkpoint(checkpoint)
        _say(f"{checkpoint}: update {run.t}, all it takes to go on")


def _write_results(
    session: "Session", exports: tuple[str, ...], which: str, history: str | None
) -> None:
    from tuiprop.files.atomic import write_text

    if history is not None:
        write_text(history, session.history.to_csv())
    run, best = session.run, session.history.best
    state = "the last finite state, " if run.diverged_at is not None else ""
    if which == "best":
        state = f"the best epoch, {best}, "
    if exports and which == "newest" and best < run.epoch:
        _say(f"exported: the newest weights; --weights best takes those of epoch {best}, the best")
    for file in exports:
        exported = session.save(file, best=which == "best")
        _say(f"{file}: {state}update {exported.update}, {exported.sentence}")


@contextmanager
def _signals() -> Iterator[list[int]]:
    """While in this context, a signal to end is noted; a second one ends at once.

    One that is ignored (nohup, a job in the background) stays ignored.
    """
    received: list[int] = []
    before: dict[int, Any] = {}

    def note(number: int, frame: Any) -> None:
        received.append(number)
        signal.signal(number, before[number] or signal.SIG_DFL)

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            before[number] = signal.signal(number, note)
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


_WORDS = {
    "train_loss": "J training",
    "validation_loss": "J validation",
    "train_accuracy": "accuracy training",
    "validation_accuracy": "accuracy validation",
}


def _summary(row: dict[str, float]) -> str:
    """An epoch of the history in words."""
    return "  ".join(
        f"{words} {row[name]:.2%}" if "accuracy" in name else f"{words} {row[name]:.6g}"
        for name, words in _WORDS.items()
        if name in row
    )


@contextmanager
def _reporter(session: "Session", epochs: int) -> Iterator[Callable[[], None]]:
    """A progress bar on a terminal, plain lines elsewhere."""
    if not sys.stderr.isatty():
        yield _plain_lines(session, epochs)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    run = session.run
    columns = (
        TextColumn("epoch {task.fields[epoch]}/{task.fields[epochs]}"),
        BarColumn(bar_width=None),
        TextColumn("J {task.fields[J]:.4g}"),
        TextColumn("{task.fields[pace]:,.0f} updates/s"),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=Console(stderr=True), expand=True) as progress:
        task = progress.add_task(
            "", total=run.batches.end(epochs), epoch=0, epochs=epochs, J=0.0, pace=0.0
        )
        started, first = perf_counter(), run.t

        def report() -> None:
            progress.update(
                task,
                completed=run.t,
                epoch=run.epoch,
                J=float(session.history.rows[-1, 0]),
                pace=(run.t - first) / (perf_counter() - started),
            )

        yield report
    click.echo(f"epoch {run.epoch}/{epochs}  {_summary(session.history[-1])}")


def _say(line: str) -> None:
    """A line of progress; nobody may be reading any more, as behind `| head`."""
    try:
        click.echo(line)
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115


def _plain_lines(session: "Session", epochs: int) -> Callable[[], None]:
    every = max(1, epochs // LINES)
    told = session.run.epoch - 1

    def report() -> None:
        nonlocal told
        for row in session.history.since(told + 1):
            told = int(row["epoch"])
            if told % every == 0 or told == epochs:
                _say(f"epoch {told}/{epochs}  {_summary(row)}")

    return report


@main.command()
@click.argument("experiment")
@_settable
@click.option("--init", metavar="FILE", help="Initial weights (.npz, .safetensors, .json).")
def check(experiment: str, assignments: tuple[str, ...], init: str | None) -> None:
    """Gradient check of the initial weights on the first batch, in float64."""
    with _one_sentence():
        session = _open(experiment, init, assignments)
        _say_notes(session.examples.notes)
        result = session.check()
    click.echo("array      checked  relative error  verdict")
    for array in result.arrays:
        kinks = f", {array.kinks} left out at kinks" if array.kinks else ""
        click.echo(
            f"d{array.name:<8} {array.checked:>8}  {array.relative_error:>14.2e}  "
            f"{array.verdict.value}{kinks}"
        )
    which = "a sample of the parameters" if result.sampled else "all parameters"
    click.echo(f"{which}, central difference; worst relative error {result.worst:.2e}")
    if not result.passed:
        wrong = ", ".join(f"d{a.name}" for a in result.arrays if a.verdict.name == "WRONG")
        click.echo(f"tuiprop: the gradient check failed for {wrong}", err=True)
        sys.exit(1)


@main.command()
@click.argument("experiment")
@_settable
@click.option("--update", type=click.IntRange(min=1), default=1, show_default=True, help="Which.")
@click.option("--init", metavar="FILE", help="Initial weights (.npz, .safetensors, .json).")
def explain(experiment: str, assignments: tuple[str, ...], update: int, init: str | None) -> None:
    """One update as linear text (Markdown): every operation, its equation, shapes, numbers."""
    with _one_sentence():
        from tuiprop.engine.explain import explain as explained

        session = _open(experiment, init, assignments)
        _say_notes(session.examples.notes)
        try:
            text = explained(session, update)
        except ArithmeticError as error:
            click.echo(f"tuiprop: {error}", err=True)
            sys.exit(1)
        click.echo(text, nl=False)


class _ExportCommand(click.Command):
    """A command whose help lists the formats; they are imported when it is asked for."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from tuiprop.files.formats import FORMATS

        with formatter.section("Formats"):
            formatter.write_dl([(each.suffix, each.words) for each in FORMATS.values()])


@main.command(cls=_ExportCommand)
@click.argument("model")
@click.argument("out")
@_which
@click.option(
    "--activations",
    metavar="NAME,NAME,…",
    help="Of layers 1 … L, for weights from another program, which do not say them.",
)
def export(model: str, out: str, which: str, activations: str | None) -> None:
    """Write the weights of MODEL in another format, by OUT's suffix.

    A checkpoint (.tuiprop) holds two sets of weights; --weights says which.
    """
    with _one_sentence():
        from tuiprop.files.export import export as exported
        from tuiprop.files.weights import load_model

        _check_destination(out)
        names = [name.strip() for name in activations.split(",")] if activations else ()
        loaded = load_model(model, names, which)
        _say_remarks(loaded, out)
        written = exported(loaded, out)
        of_two = f"{which} of the checkpoint, " if model.endswith(".tuiprop") else ""
        _say(f"{out}: {of_two}update {loaded.update}, {written.sentence}")
        if written.usage:
            _say(f"\n{written.usage.rstrip()}")


@main.command()
@click.argument("model")
@click.argument("data")
@_settable
@click.option(
    "--out",
    metavar="FILE",
    help="Write them to a .csv, .parquet or .jsonl file instead of standard output.",
)
def predict(model: str, data: str, assignments: tuple[str, ...], out: str | None) -> None:
    """Predictions of MODEL for a table of raw inputs.

    DATA is a file of any format that is read, - for standard input, or the name of a data set.
    The columns are prediction and, for classes, p_CLASS, the probability of each; for several
    targets of numbers, prediction_TARGET. Where DATA has the target, the scores go to standard
    error.
    """
    with _one_sentence():
        from pathlib import Path

        from tuiprop.data.writer import SUFFIXES, encoded
        from tuiprop.files.atomic import write_bytes
        from tuiprop.files.prediction import predict as predicted
        from tuiprop.files.prediction import table_for
        from tuiprop.files.weights import load_model

        if out not in (None, "-"):
            _check_destination(str(out), *SUFFIXES)
        loaded = load_model(model)
        table = table_for(loaded, data, assignments)
        result = predicted(loaded, table)
        if out in (None, "-"):
            _write_out(encoded(result.columns, ".csv"))
        else:
            write_bytes(str(out), encoded(result.columns, Path(str(out)).suffix))
            _say(f"{out}: {table.rows} rows")
        _say_notes(result.notes)
        if result.scores is not None:
            _say_scores(result.scores, loaded.network.loss)


def _write_out(content: bytes) -> None:
    """Bytes to standard output; as `_say`."""
    try:
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115


def _say_scores(scores: "Scores", loss: str) -> None:
    """How good the predictions are, on standard error."""
    rows = "1 row" if scores.rows == 1 else f"{scores.rows} rows"
    line = f"{rows}: {loss} {scores.loss:.6g}"
    if scores.accuracy is not None:
        line = f"{rows}: accuracy {scores.accuracy:.2%}  {loss} {scores.loss:.6g}"
    click.echo(line, err=True)
    for each in scores.targets:
        r2 = "not defined, all values are the same" if each.r2 != each.r2 else f"{each.r2:.6g}"
        click.echo(f"{each.target}: R² {r2}  MAE {each.mae:.6g}  RMSE {each.rmse:.6g}", err=True)


@main.command()
@click.argument("file")
def inspect(file: str) -> None:
    """What a weights, model or checkpoint file holds."""
    with _one_sentence():
        from tuiprop.files.checkpoint import described, is_checkpoint, load_checkpoint

        if is_checkpoint(file):
            for line in described(load_checkpoint(file)):
                _say(line)
            return
        from tuiprop.files.atomic import FileError
        from tuiprop.files.scripts import words
        from tuiprop.files.weights import IncompleteFileError, load_model, read

        content = read(file)
        try:
            model = load_model(file)
        except IncompleteFileError as error:
            lines = [
                "written by another program: weights, but not the activations",
                f"network   {error.architecture.words}",
            ]
        except FileError as error:
            if content.metadata is not None:
                raise
            lines = ["written by another program: weights that do not fit each other", f"{error}"]
        else:
            lines = [
                f"network   {words(model.network)}, {model.network.loss}",
                f"data      {model.experiment.data.source}",
                f"inputs    {', '.join(model.inputs)}",
            ]
            if model.classes:
                lines.append(f"classes   {', '.join(model.classes)}")
            lines.append(f"update    {model.update}")
    for line in lines:
        _say(line)
    for name, array in content.arrays.items():
        shape = f"({', '.join(map(str, array.shape))})"
        _say(f"{content.names[name]:<9} {shape:<14} {array.dtype}")


@main.command()
@click.argument("name", required=False)
@click.option("--out", metavar="FILE.csv", help="Write its table to a file; - is standard output.")
def datasets(name: str | None, out: str | None) -> None:
    """The data sets that come with it, or one of them described or written out."""
    with _one_sentence():
        from tuiprop.data.catalogue import CATALOGUE, load_table, suggested_experiment
        from tuiprop.training.experiment import to_toml

        if name is None:
            if out is not None:
                raise ValueError("--out: found no data set, allowed: tuiprop datasets NAME --out")
            for entry in CATALOGUE.values():
                click.echo(f"{entry.name:<14} {entry.title}")
            return
        experiment = suggested_experiment(name)
        table = load_table(experiment.data)
        if out is not None:
            _write_table(table, out)
            return
    entry = CATALOGUE[name]
    columns = ", ".join(column.name for column in table.columns)
    for line in (
        entry.title,
        entry.description,
        ", ".join(filter(None, (entry.creators, entry.licence, entry.doi and f"doi:{entry.doi}"))),
        f"{table.rows} rows; target: {entry.target}",
        f"columns: {columns}",
        "An experiment that suits it:",
    ):
        click.echo(f"# {line}")
    click.echo(f"\n{to_toml(experiment)}")


def _write_table(table: "Table", out: str) -> None:
    from tuiprop.data.writer import to_csv
    from tuiprop.files.atomic import write_text

    text = to_csv(table)
    if out == "-":
        click.echo(text, nl=False)
        return
    _check_destination(out, ".csv")
    write_text(out, text)
    _say(f"{out}: {table.rows} rows")
