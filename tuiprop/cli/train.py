"""The command `tuiprop train`."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING, Any

import click

from tuiprop.cli.common import (
    naming,
    one_sentence,
    open_experiment,
    say_notes,
    say_remarks,
    settable,
    which_weights,
)
from tuiprop.cli.group import main
from tuiprop.cli.output import complain, say
from tuiprop.cli.progress import reporter
from tuiprop.errors import FileError, InputError, UserError

if TYPE_CHECKING:
    from tuiprop.session.session import Session


CHECKPOINT_EVERY = 60.0
"""The seconds between two checkpoints during training."""


def _within_limits(_: click.Context, __: click.Parameter, epochs: int | None) -> int | None:
    """Check a number of epochs, whose history takes memory."""
    from tuiprop.training.experiment import MOST_EPOCHS

    if epochs is not None and epochs > MOST_EPOCHS:
        raise click.BadParameter(f"{epochs:,} is not in the range 0 to {MOST_EPOCHS:,}.")
    return epochs


@main.command()
@click.argument("experiment", required=False)
@settable
@click.option("--init", metavar="FILE", help="Initial weights (.npz, .safetensors, .json).")
@click.option(
    "--epochs",
    type=click.IntRange(min=0),
    callback=_within_limits,
    help="The total number of epochs, instead of that in the file.",
)
@click.option(
    "--export",
    "exports",
    multiple=True,
    metavar="FILE",
    help="Write the weights in the format of the suffix; see tuiprop export --help.",
)
@which_weights
@click.option("--history", metavar="FILE.csv", help="Write loss and accuracy of every epoch.")
@click.option(
    "--checkpoint",
    metavar="FILE.tuiprop",
    help="Write a resumable checkpoint, every minute and at the end.",
)
@click.option("--resume", metavar="FILE.tuiprop", help="Resume from a checkpoint.")
@click.option(
    "--break",
    "conditions",
    multiple=True,
    metavar="WHEN",
    help='Stop at a condition such as "train_loss < 0.05", besides those in the file.',
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
    """Train without the dashboard."""
    with one_sentence():
        from tuiprop.models.formats import SUFFIXES
        from tuiprop.storage.atomic import check_writable

        for file in exports:
            check_writable(file, *SUFFIXES)
        if history is not None:
            check_writable(history, ".csv")
        if checkpoint is not None:
            check_writable(checkpoint, ".tuiprop")
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
    """Stop at these conditions and at those in the experiment file."""
    of_file = [each.when for each in session.experiment.breakpoint if each.enabled]
    with naming("--break"):
        session.stop_when([*of_file, *conditions])


def _resume(
    file: str,
    experiment: str | None,
    init: str | None,
    assignments: tuple[str, ...],
    epochs: int | None,
    conditions: tuple[str, ...],
) -> "Session":
    """Restore the run of a checkpoint; its experiment may be given, and have more epochs."""
    from tuiprop.data.catalogue import load_table
    from tuiprop.models.checkpoint import load_checkpoint
    from tuiprop.session.resume import check_same, resume_session, return_to_position
    from tuiprop.training.experiment import load, override

    if init is not None:
        raise InputError("--init and --resume exclude each other")
    saved = load_checkpoint(file)
    wanted = override(load(experiment) if experiment else saved.experiment, assignments)
    with naming(experiment or file):
        table = load_table(wanted.data)
        check_same(wanted, saved, table)
        session, differing = resume_session(saved, wanted, table=table)
    _stop_when(session, conditions)
    run = session.run
    return_to_position(run, saved)
    total = wanted.training.epochs if epochs is None else epochs
    if run.batches.end(total) < run.t:
        allowed = f"{run.epoch} or more, the epochs that are done"
        raise InputError.invalid(str(total), allowed, file=file, key="--epochs")
    if differing:
        complain(
            f"note: {file} was saved on another machine: {differing}; "
            "rounding may differ, and with it the course of the run from here on"
        )
    say(f"{file}: resumed at update {run.t}, epoch {run.epoch}")
    return session


def _train(
    session: "Session", epochs: int, received: list[int], checkpoint: str | None = None
) -> None:
    """Train until a number of epochs is complete, or a signal is received."""
    run = session.run
    last = run.batches.end(epochs)
    next_checkpoint = perf_counter() + CHECKPOINT_EVERY
    with reporter(session, epochs) as report:
        report()
        if run.t == 0:  # the conditions of a resumed run were checked before it was saved
            run.check_epoch_conditions()
        while run.t < last and run.diverged_at is None and run.hit is None and not received:
            run.advance(last, seconds=0.1, watched=True)
            report()
            if checkpoint is not None and perf_counter() >= next_checkpoint:
                save_while_training(session, checkpoint)
                next_checkpoint = perf_counter() + CHECKPOINT_EVERY


def save_while_training(session: "Session", checkpoint: str) -> None:
    """Write a checkpoint; if that fails, training continues."""
    try:
        session.save_checkpoint(checkpoint)
    except FileError as error:
        complain(f"tuiprop: {error}; training continues")


def _write_results(
    session: "Session",
    exports: tuple[str, ...],
    which: str,
    history: str | None,
    checkpoint: str | None,
) -> tuple[list[str], list[str]]:
    """Write all requested files before reporting on any of them.

    Returns:
        The reports on files that were written, and the reasons why others were not.
    """
    from tuiprop.storage.atomic import write_text

    run, best = session.run, session.history.best
    state = "the last finite state, " if run.diverged_at is not None else ""
    if which == "best":
        state = f"the best epoch, {best}, "
    written: list[str] = []

    def write_checkpoint(file: str) -> None:
        session.save_checkpoint(file)
        written.append(f"{file}: update {run.t}, resumable")

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
        except UserError as error:
            failures.append(str(error))
    if exports and which == "newest" and best < run.epoch:
        hint = (
            f"exported: the newest weights; --weights best exports those of epoch {best}, the best"
        )
        written.insert(0, hint)
    return written, failures


@contextmanager
def _signals() -> Iterator[list[int]]:
    """Note signals to end in this context; a second one ends the program at once.

    A signal that was ignored (nohup, a background job) stays ignored. SIGHUP never ends the program
    at once: a terminal that closes sends several, and its shell one more.
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
