"""The examples of an update: a function of the seed and the number of the update."""

from typing import NamedTuple

import numpy as np

from tuiprop.core.array import Rows


class _BatchSizeSegment(NamedTuple):
    """Consecutive epochs with batches of one size."""

    epochs_before: int
    updates_before: int
    size: int
    per_epoch: int


class Batches:
    """The batches of a training set of `count` examples.

    Update t ≥ 1 is a batch of an epoch, both counted from 1. The last batch of an epoch may be
    smaller; nothing is carried into the next.

    Args:
        count: N, the number of examples.
        batch_size: m; 0 is the whole set.
        shuffle: draw a new order for each epoch, instead of the order of the rows.
        seed: the seed of the orders.
    """

    def __init__(self, count: int, batch_size: int, *, shuffle: bool, seed: int) -> None:
        self.count = count
        self._shuffle = shuffle
        self._seed = seed
        self._order: Rows = np.arange(0)  # prepared when the rows of an update are requested
        self._segments: list[_BatchSizeSegment] = []
        self._segment(0, 0, batch_size)

    def resize(self, batch_size: int, t: int) -> None:
        """Use batches of another size in every epoch that begins after update t."""
        done = self.epochs_done(t)
        epochs_before = done if self.end(done) == t else done + 1
        updates_before = self.end(epochs_before)
        self._segments = [s for s in self._segments if s.epochs_before < epochs_before]
        self._segment(epochs_before, updates_before, batch_size)

    def epoch(self, t: int) -> int:
        """The epoch that update t belongs to, counted from 1."""
        segment = self._segment_of(t)
        return segment.epochs_before + (t - 1 - segment.updates_before) // segment.per_epoch + 1

    def batch(self, t: int) -> int:
        """The number of the batch of update t within its epoch, counted from 1."""
        segment = self._segment_of(t)
        return (t - 1 - segment.updates_before) % segment.per_epoch + 1

    def per_epoch(self, epoch: int) -> int:
        """The number of updates in an epoch."""
        return self._segment_with(epoch).per_epoch

    def size(self, epoch: int) -> int:
        """The number of examples in every batch of an epoch but the last."""
        return self._segment_with(epoch).size

    def end(self, epoch: int) -> int:
        """The last update of an epoch; 0 for epoch 0."""
        segment = self._segment_with(epoch)
        return segment.updates_before + (epoch - segment.epochs_before) * segment.per_epoch

    def epochs_done(self, t: int) -> int:
        """The number of whole epochs done after t updates."""
        return self.epoch(t + 1) - 1

    def epoch_bounds(self, t: int) -> tuple[int, int]:
        """The number of updates done before the epoch of update t, and at its end."""
        if not self._begin < t <= self._end:
            self._enter(t)
        return self._begin, self._end

    def rows(self, t: int) -> Rows:
        """The examples of update t, (m,): row numbers in the training set."""
        if not self._begin < t <= self._end:
            self._enter(t)
        start = (t - 1 - self._begin) * self._size
        return self._order[start : start + self._size]

    def _enter(self, t: int) -> None:
        """Prepare the order of the epoch of update t, from which every update takes its rows."""
        segment = self._segment_of(t)
        epoch, batch = divmod(t - 1 - segment.updates_before, segment.per_epoch)
        self._begin, self._size = t - 1 - batch, segment.size
        self._end = self._begin + segment.per_epoch
        if self._shuffle:
            seed = [self._seed, segment.epochs_before + epoch + 1]
            self._order = np.random.default_rng(seed).permutation(self.count)
        elif len(self._order) != self.count:
            self._order = np.arange(self.count)

    def _segment(self, epochs_before: int, updates_before: int, batch_size: int) -> None:
        size = min(batch_size or self.count, self.count)
        per_epoch = -(-self.count // size)
        self._segments.append(_BatchSizeSegment(epochs_before, updates_before, size, per_epoch))
        self._begin = self._end = self._size = 0  # no epoch is prepared

    def _segment_of(self, t: int) -> _BatchSizeSegment:
        """The segment that contains update t ≥ 1."""
        newest = self._segments[-1]
        if t > newest.updates_before:  # the usual case, at every slice
            return newest
        return next((s for s in reversed(self._segments) if s.updates_before < t), self._first)

    def _segment_with(self, epoch: int) -> _BatchSizeSegment:
        """The segment that contains an epoch."""
        return next((s for s in reversed(self._segments) if s.epochs_before < epoch), self._first)

    @property
    def _first(self) -> _BatchSizeSegment:
        return self._segments[0]
