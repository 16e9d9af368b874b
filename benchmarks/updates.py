"""Rows: updates and epochs beside PyTorch, scikit-learn, JAX, and the matrix products alone."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol

from benchmarks.cases import Case, OurEpochs, OurUpdates, Products
from benchmarks.opponents import (
    JaxEpochs,
    SklearnEpochs,
    TorchEpochs,
    TorchLoader,
    TorchUpdates,
    present,
)
from benchmarks.pairing import Effort, Line, Pair, assert_same, clock_for, paired
from tuiprop.core.array import Array

TINY = Case((2, 4, 2, 1), 10, 500)
DIGITS = Case((64, 64, 32, 10), 32, 1437)
WIDE = Case((784, 256, 128, 10), 128, 1280, "float32")
LARGE = Case((1024, 1024, 1024, 10), 1024, 2048, "float32")


class _Side(Protocol):
    """Does so many pieces, and has what came of it."""

    @property
    def parameters(self) -> list[Array]: ...

    def __call__(self, pieces: int, /) -> None: ...


def _check(ours: _Side, theirs: _Side) -> None:
    """Both do the same few pieces, from the same numbers."""
    ours(3)
    theirs(3)
    assert_same(ours.parameters, theirs.parameters)


def _line(what: str, opponent: str, pair: Pair, threads: int, goal: str) -> Line:
    notes = f"{pair.microseconds}; {threads} thread{'s' * (threads > 1)}"
    return Line(what, opponent, f"{pair.speed} times as fast", goal, notes)


def _beside_torch(case: Case, effort: Effort, goal: str) -> Iterator[Line]:
    if present("torch"):
        ours, theirs = OurUpdates(case), TorchUpdates(case)
        _check(ours, theirs)
        pair = paired(ours, theirs, effort, clock_for(case.threads))
        yield _line(f"one update, {case.name}", "PyTorch eager", pair, case.threads, goal)


def _beside_products(case: Case, effort: Effort, goal: str) -> Iterator[Line]:
    pair = paired(OurUpdates(case), Products(case), effort, clock_for(case.threads))
    notes = f"{pair.microseconds}; {case.threads} threads"
    what = f"one update, {case.name}"
    yield Line(what, "its matrix products alone", f"{pair.share} times their time", goal, notes)


def tiny(effort: Effort) -> Iterator[Line]:
    for m in (10, 200):
        yield from _beside_torch(replace(TINY, m=m, count=50 * m), effort, "7")


def small(effort: Effort) -> Iterator[Line]:
    yield from _beside_torch(DIGITS, effort, "4")


def digits(effort: Effort) -> Iterator[Line]:
    shuffled = replace(DIGITS, shuffle=True)
    what = f"one epoch of {DIGITS.count} examples, {DIGITS.name}, with its loss"
    if present("torch"):
        ours, theirs = OurEpochs(shuffled), TorchEpochs(shuffled)
        _check(ours, theirs)
        pair = paired(ours, theirs, effort, clock_for(1))
        yield _line(what, "PyTorch eager", pair, 1, "5")
    if present("sklearn"):
        _check(OurEpochs(DIGITS), SklearnEpochs(DIGITS))  # its order is its own when it shuffles
        pair = paired(OurEpochs(shuffled), SklearnEpochs(shuffled), effort, clock_for(1))
        yield _line(what, "scikit-learn", pair, 1, "3")


def full(effort: Effort) -> Iterator[Line]:
    yield from _beside_torch(replace(DIGITS, m=DIGITS.count), effort, "2")


def wide(effort: Effort) -> Iterator[Line]:
    yield from _beside_torch(WIDE, effort, "1.35")
    yield from _beside_products(WIDE, effort, "at most 1.15")


def large(effort: Effort) -> Iterator[Line]:
    fewer = replace(effort, pairs=min(effort.pairs, 15))
    yield from _beside_torch(LARGE, fewer, "1.05")
    yield from _beside_products(LARGE, fewer, "at most 1.08")


def loader(effort: Effort) -> Iterator[Line]:
    if not present("torch"):
        return
    case = replace(WIDE, count=6_000 if effort.quick else 60_000, shuffle=True)

    few = replace(case, count=3 * case.m)  # rounding goes its own way in hundreds of updates
    ours, theirs = OurUpdates(few), TorchLoader(few)
    ours(3)
    theirs(1)
    assert_same(ours.parameters, theirs.parameters)
    ours, theirs = OurUpdates(case), TorchLoader(case)
    per_epoch = ours.trainer.batches.per_epoch(1)

    def epochs(count: int) -> None:
        ours(count * per_epoch)

    fewer = replace(effort, pairs=min(effort.pairs, 9))
    pair = paired(epochs, theirs, fewer, clock_for(case.threads))
    what = f"one epoch of {case.count:,} examples, {case.name}"
    yield _line(what, "PyTorch with its DataLoader", pair, case.threads, "2")


def jax(effort: Effort) -> Iterator[Line]:
    if not present("jax"):
        return
    for case, goal in ((replace(TINY, count=250), "6"), (DIGITS, "2")):
        shuffled = replace(case, shuffle=True)
        ours, theirs = OurEpochs(shuffled), JaxEpochs(shuffled)
        _check(ours, theirs)
        pair = paired(ours, theirs, effort)  # the time that passes: JAX hands its work to a thread
        what = f"one epoch of {case.count} examples, {case.name}, with its loss"
        result = f"{pair.share} times its time"
        opponent = "JAX, the epoch jitted"
        yield Line(what, opponent, result, f"at most {goal}", f"{pair.microseconds}; 1 thread")
