"""The progress of a training: a bar on a terminal, plain lines elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING

from tuiprop.cli.output import say, terminal

if TYPE_CHECKING:
    from tuiprop.session.session import Session

LINES = 20
"""The approximate number of progress lines if the output is not a terminal."""

_WORDS = {
    "train_loss": "training loss",
    "validation_loss": "validation loss",
    "train_accuracy": "accuracy training",
    "validation_accuracy": "accuracy validation",
}


def _summary(row: dict[str, float]) -> str:
    """Return the line about an epoch of the history."""
    return "  ".join(
        f"{words} {row[name]:.2%}" if "accuracy" in name else f"{words} {row[name]:.6g}"
        for name, words in _WORDS.items()
        if name in row
    )


@contextmanager
def reporter(session: "Session", epochs: int) -> Iterator[Callable[[], None]]:
    """Report progress by a bar on a terminal, by plain lines elsewhere."""
    if not sys.stderr.isatty():
        yield _plain_lines(session, epochs)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    run = session.run
    columns = (
        TextColumn("epoch {task.fields[epoch]}/{task.fields[epochs]}"),
        BarColumn(bar_width=None),
        TextColumn("loss {task.fields[loss]:.4g}"),
        TextColumn("{task.fields[pace]:,.0f} updates/s"),
        TimeRemainingColumn(compact=True),
    )
    with Progress(
        *columns,
        console=Console(file=terminal()),
        expand=True,
        redirect_stdout=False,  # otherwise output meanwhile is not escaped
        redirect_stderr=False,
    ) as progress:
        task = progress.add_task(
            "", total=run.batches.end(epochs), epoch=0, epochs=epochs, loss=0.0, pace=0.0
        )
        started, first = perf_counter(), run.t

        def report() -> None:
            progress.update(
                task,
                completed=run.t,
                epoch=run.epoch,
                loss=float(session.history.rows[-1, 0]),
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
