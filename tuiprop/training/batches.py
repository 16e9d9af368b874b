"""Which examples an update walks over: a function of the seed and the number of the update."""

import numpy as np

from tuiprop.core.array import Rows


class Batches:
    """The batches of a training set of `count` examples.

    Update t ≥ 1 is batch `(t − 1) mod per_epoch` of epoch `(t − 1) div per_epoch + 1`. The last
    batch of an epoch may be smaller; nothing is carried into the next.

    Args:
        count: N, how many examples.
        batch_size: m; 0 is the whole set.
        shuffle: a new order for each epoch, or rows as they stand.
        seed: of the orders.
    """

    def __init__(self, count: int, batch_size: int, *, shuffle: bool, seed: int) -> None:
        self.count = count
        self.size = min(batch_size or count, count)
        self.per_epoch = -(-count // self.size)
        self._shuffle = shuffle
        self._seed = seed
        self._epoch = 0
        self._order: Rows = np.arange(count)

    def epoch(self, t: int) -> int:
        """The epoch that update t belongs to, counted from 1."""
        return (t - 1) // self.per_epoch + 1

    def batch(self, t: int) -> int:
        """The batch within the epoch that update t walks over, counted from 1."""
        return (t - 1) % self.per_epoch + 1

    def rows(self, t: int) -> Rows:
        """The examples of update t, (m,): row numbers in the training set."""
        epoch = self.epoch(t)
        if self._shuffle and epoch != self._epoch:
            self._order = np.random.default_rng([self._seed, epoch]).permutation(self.count)
            self._epoch = epoch
        start = (t - 1) % self.per_epoch * self.size
        return self._order[start : start + self.size]
