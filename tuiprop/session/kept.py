"""Finding the kept run that belongs to what the dashboard was asked to open."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import time

import msgspec

from tuiprop.data.catalogue import CATALOGUE
from tuiprop.errors import FileError
from tuiprop.models.checkpoint import Saved, load_checkpoint
from tuiprop.protocol.messages.payloads import Difference, KeptRun
from tuiprop.session.resume import differing, with_what_may_differ
from tuiprop.storage.state_folder import earlier_runs, is_kept_run, kept_runs, state_folder
from tuiprop.training.experiment import Experiment
from tuiprop.wording import shortened

SAME = 3
"""How well a run of the same experiment fits a file."""

LONGEST_VALUE = 24
"""Characters of a value that differs."""


@dataclass(frozen=True)
class Named:
    """What the user named."""

    opened: str
    """As `opened_as` writes it."""
    experiment: Experiment | None = None
    """Complete, where it has been named by its file; at least with its data for a data set or a
    table; None for a model or a checkpoint."""
    is_file: bool = False
    """An experiment file was named."""

    def fit(self, saved: Saved) -> int:
        """How well a run is what was named; 0: not at all."""
        if self.experiment is None:
            return int(saved.content.opened == self.opened)
        if self.is_file and not differing(self.experiment, saved.experiment):
            return SAME
        if saved.content.opened == self.opened:
            return 2
        return int(_data_of(saved.experiment) == _data_of(self.experiment))


def opened_as(what: str) -> str:
    """The same for whatever names the same thing: the name of a data set, or where a file is."""
    return what if what in CATALOGUE or not what else os.path.realpath(what)


def find_kept(named: Named | None) -> KeptRun | None:
    """The kept run that fits best what was named, and the newest of those; None where none does.

    Args:
        named: what a run has to fit; None: the newest one is wanted, whatever it is.
    """
    best: tuple[int, Path, Saved] | None = None
    for path, saved in _readable():
        fit = 1 if named is None else named.fit(saved)
        if fit > (best[0] if best else 0):
            best = fit, path, saved
        if fit == SAME or (fit and not (named and named.is_file)):
            break  # those that follow are older
    if best is None:
        return None
    return _described(best[1], best[2], named.experiment if named and named.is_file else None)


def _readable() -> Iterator[tuple[Path, Saved]]:
    """The kept runs that no other process has and that can be read, the newest first."""
    folder = state_folder()
    if folder is None:
        return
    ages = []
    for path in (*kept_runs(folder), *earlier_runs(folder)):
        with suppress(OSError):
            ages.append((path.stat().st_mtime, path))
    for _, path in sorted(ages, reverse=True):
        with suppress(FileError):  # one that cannot be read is not offered
            yield path, load_checkpoint(path)


def _described(path: Path, saved: Saved, of_file: Experiment | None) -> KeptRun:
    """A run to be offered, and how it differs from the experiment of a file that was named."""
    differences = differing(of_file, saved.experiment) if of_file else []
    adopts = of_file is not None and not differences
    experiment = with_what_may_differ(saved, of_file) if adopts and of_file else saved.experiment
    t = saved.content.position[0]
    return KeptRun(
        path=str(path),
        source=Path(saved.experiment.data.source).name,
        update=t,
        epoch=saved.plan.batches.epochs_done(t),
        epochs=experiment.training.epochs,
        age=time() - path.stat().st_mtime,
        is_own=is_kept_run(path),
        adopts=adopts,
        differing=[
            Difference(key=key, file=_words(wanted), run=_words(found))
            for key, wanted, found in differences
        ],
    )


def _data_of(experiment: Experiment) -> str:
    """The name of the data set, or where the file is."""
    data = experiment.data
    return os.path.realpath(data.source) if data.is_path else data.source


def _words(value: object) -> str:
    """A value as the experiment file would have it, shortened."""
    text = "nothing" if value is None else msgspec.json.encode(value).decode()
    return shortened(text, LONGEST_VALUE)
