"""`tuiprop train`."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING, Any

import click

from tuiprop.cli.common import (
    check_destination,
    one_sentence,
    open_experiment,
    say_notes,
    say_remarks,
    settable,
    which_weights,
)
from tuiprop.cli.group import main
from tuiprop.cli.output import complain, say, terminal

if TYPE_CHECKING:
    from tuiprop.session.session import Session


LINES = 20
"""So many lines of progress, about, where the output is not a terminal."""


CHECKPOINT_EVERY = 60.0
"""Seconds from one checkpoint to the next while it trains."""


def _within_limits(_: click.Context, __: click.Parameter, epochs: int | None) -> int | None:
    """A number of epochs whose history has room."""
    from tuiprop.training.experiment import MOST_EPOCHS

    if epochs is not None and epochs > MOST_EPOCHS:
        raise click.BadParameter(f"found {epochs}, allowed: a whole number from 0 to {MOST_EPOCHS}")
    return epochs


@main.command()
@click.argument("experiment", required=False)
@settable
@click.option("--init", metavar="FILE", help="Initial weights (.npz, .safetensors, .json).")
@click.option(
    "--epochs",
    type=click.IntRange(min=0),
    callback=_within_limits,
    help="The total, instead of the file's.",
)
@click.option(
    "--export",
    "exports",
    multiple=True,
    metavar="FILE",
    help="Write the weights, in the format that the suffix says; see tuiprop export --help.",
)
@which_weights
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
    with one_sentence():
        for file in exports:
            check_destination(file)
        if history is not None:
            check_destination(history, ".csv")
        if checkpoint is not None:
            check_destination(checkpoint, ".tuiprop")
        if resume is not None:
            session = _resume(resume, experiment, init, assignments, epochs, conditions)
        elif experiment is not None:
            session = open_experiment(experiment, init, assignments)
            _stop_when(session, conditions)
        else:
            raise click.UsageError("Missing argument 'EXPERIMENT', or --resume FILE.tuiprop.")
        say_notes(session.examples.notes)
        for file in exports:
            say_remarks(session.model, file)
    total = session.experiment.training.epochs if epochs is None else epochs
    with _signals() as received, one_sentence():
        _train(session, total, received, checkpoint)
        written, failures = _write_results(session, exports, which, history, checkpoint)
        if session.run.hit is not None:
            say(f"stopped: {session.run.hit.sentence}")
        for line in written:
            say(line)
        for sentence in failures:
            complain(f"tuiprop: {sentence}")
    if failures:
        sys.exit(2)
    if received:
        sys.exit(128 + received[0])
    if session.run.diverged_at is not None:
        from tuiprop.session.divergence import DivergedError

        complain(f"tuiprop: {DivergedError(session)}")
        sys.exit(1)


def _stop_when(session: "Session", conditions: tuple[str, ...]) -> None:
    """Stop at these conditions and at those of the experiment's file."""
    of_file = [each.when for each in session.experiment.breakpoint if each.enabled]
    try:
        session.stop_when([*of_file, *conditions])
    except ValueError as error:
        raise ValueError(f"--break: {error}") from None


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
    from tuiprop.models.checkpoint import load_checkpoint
    from tuiprop.session.resume import check_same, resume_session, walk_to_where_it_stood
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
        complain(
            f"note: {file} was saved on another machine: {differing}; "
            "the last digits may come out otherwise from here on"
        )
    say(f"{file}: goes on from update {run.t}, epoch {run.epoch}")
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
            run.check_epoch_conditions()
        while run.t < last and run.diverged_at is None and run.hit is None and not received:
            run.advance(last, seconds=0.1, watched=True)
            report()
            if checkpoint is not None and perf_counter() >= next_checkpoint:
                _save_while_training(session, checkpoint)
                next_checkpoint = perf_counter() + CHECKPOINT_EVERY


def _save_while_training(session: "Session", checkpoint: str) -> None:
    """Write a checkpoint; where that fails, the training does not."""
    try:
        session.save_checkpoint(checkpoint)
    except OSError as error:
        complain(f"tuiprop: {error}; the training goes on")


def _write_results(
    session: "Session",
    exports: tuple[str, ...],
    which: str,
    history: str | None,
    checkpoint: str | None,
) -> tuple[list[str], list[str]]:
    """Write every file that was asked for, before anything is said about one of them.

    Returns:
        What to say of those that are written, and why others are not.
    """
    from tuiprop.storage.atomic import write_text

    run, best = session.run, session.history.best
    state = "the last finite state, " if run.diverged_at is not None else ""
    if which == "best":
        state = f"the best epoch, {best}, "
    written: list[str] = []

    def write_checkpoint(file: str) -> None:
        session.save_checkpoint(file)
        written.append(f"{file}: update {run.t}, all it takes to go on")

    def write_history(file: str) -> None:
        write_text(file, session.history.to_csv())

    def write_export(file: str) -> None:
        exported = session.save(file, best=which == "best")
        written.append(f"{file}: {state}update {exported.update}, {exported.sentence}")

    files: list[tuple[Callable[[str], None], str]] = []
    if checkpoint is not None:
        files.append((write_checkpoint, checkpoint))
    if history is not None:
        files.append((write_history, history))
    files += [(write_export, file) for file in exports]
    failures = []
    for write, file in files:
        try:
            write(file)
        except (OSError, ValueError) as error:
            failures.append(str(error))
    if exports and which == "newest" and best < run.epoch:
        hint = f"exported: the newest weights; --weights best takes those of epoch {best}, the best"
        written.insert(0, hint)
    return written, failures


@contextmanager
def _signals() -> Iterator[list[int]]:
    """While in this context, a signal to end is noted; a second one ends at once.

    One that is ignored (nohup, a job in the background) stays ignored. SIGHUP never ends at once:
    a terminal that closes sends several, and its shell one more.
    """
    received: list[int] = []
    before: dict[int, Any] = {}

    def note(number: int, frame: Any) -> None:
        received.append(number)
        if number != getattr(signal, "SIGHUP", None):
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
    with Progress(
        *columns,
        console=Console(file=terminal()),
        expand=True,
        redirect_stdout=False,  # else what is printed meanwhile is not escaped
        redirect_stderr=False,
    ) as progress:
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
    say(f"epoch {run.epoch}/{epochs}  {_summary(session.history[-1])}")


def _plain_lines(session: "Session", epochs: int) -> Callable[[], None]:
    every = max(1, epochs // LINES)
    told = session.run.epoch - 1

    def report() -> None:
        nonlocal told
        for row in session.history.since(told + 1):
            told = int(row["epoch"])
            if told % every == 0 or told == epochs:
                say(f"epoch {told}/{epochs}  {_summary(row)}")

    return report
