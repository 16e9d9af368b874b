"""Finds the kept run that matches the argument of the dashboard."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import time

import msgspec

from tuiprop.data.catalogue import CATALOGUE
from tuiprop.errors import FileError
from tuiprop.models.checkpoint import load_checkpoint
from tuiprop.models.checkpoint_content import Saved
from tuiprop.protocol.messages.opening import Difference, KeptRun
from tuiprop.session.resume import differing, with_what_may_differ
from tuiprop.storage.state_folder import earlier_runs, is_kept_run, kept_runs, state_folder
from tuiprop.training.experiment import Experiment
from tuiprop.wording import shortened

SAME = 3
"""The fit of a run to a file with the same experiment."""

LONGEST_VALUE = 24
"""The most characters that are shown of a setting that differs."""


@dataclass(frozen=True)
class Named:
    """The argument that the user gave."""

    opened: str
    """The argument as `opened_as` returns it."""
    experiment: Experiment | None = None
    """The complete experiment of a file; for a data set or a table, one that has at least its
    data; None for a model or a checkpoint."""
    is_file: bool = False
    """True if the argument is an experiment file."""

    def fit(self, saved: Saved) -> int:
        """Rate how well a run fits the argument; 0 if it does not fit at all."""
        if self.experiment is None:
            return int(saved.content.opened == self.opened)
        if self.is_file and not differing(self.experiment, saved.experiment):
            return SAME
        if saved.content.opened == self.opened:
            return 2
        return int(_data_of(saved.experiment) == _data_of(self.experiment))


def opened_as(what: str) -> str:
    """Return the name of a data set, or the real path of a file, so that aliases compare equal."""
    return what if what in CATALOGUE or not what else os.path.realpath(what)


def find_kept(named: Named | None) -> KeptRun | None:
    """Find the kept run that fits the argument best, the newest of equals; None if none fits.

    Args:
        named: the argument; None to find the newest run, whatever it is.
    """
    best: tuple[int, Path, Saved] | None = None
    for path, saved in _readable():
        fit = 1 if named is None else named.fit(saved)
        if fit > (best[0] if best else 0):
            best = fit, path, saved
        if fit == SAME or (fit and not (named and named.is_file)):
            break  # the runs that follow are older
    if best is None:
        return None
    return _described(best[1], best[2], named.experiment if named and named.is_file else None)


def _readable() -> Iterator[tuple[Path, Saved]]:
    """The readable kept runs that no other process uses, the newest first."""
    folder = state_folder()
    if folder is None:
        return
    ages = []
    for path in (*kept_runs(folder), *earlier_runs(folder)):
        with suppress(OSError):
            ages.append((path.stat().st_mtime, path))
    for _, path in sorted(ages, reverse=True):
        with suppress(FileError):  # an unreadable run is not offered
            yield path, load_checkpoint(path)


def _described(path: Path, saved: Saved, of_file: Experiment | None) -> KeptRun:
    """Describe a run to be offered, and its differences from the experiment of a file."""
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
    """The name of the data set, or the real path of the file."""
    data = experiment.data
    return os.path.realpath(data.source) if data.is_path else data.source


def _words(value: object) -> str:
    """Write a value as in the experiment file, shortened."""
    text = "nothing" if value is None else msgspec.json.encode(value).decode()
    return shortened(text, LONGEST_VALUE)
