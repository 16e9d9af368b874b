"""A curve of any length in bounded memory, for a chart of some columns."""

from math import isfinite

MOST = 1024
"""Buckets that a curve keeps: more than any chart has columns."""

LARGEST = 1e300
"""The largest value of a chart: differences of larger ones overflow."""

Point = tuple[float, float]


class Curve:
    """One value per epoch. Neighbours share a bucket, which keeps its smallest and its largest.

    When there are too many buckets, pairs of them are merged: adding is cheap, and drawing takes
    the same time after a million epochs as after a thousand.
    """

    def __init__(self) -> None:
        self.count = 0
        """The number of epochs, those without a value included."""
        self.left_out = 0
        """The number of values that no chart can show: not finite, or nearly so."""
        self.first: float | None = None
        self.newest: float | None = None
        self._span = 1
        self._buckets: list[tuple[Point, Point]] = []
        self._bucket_of_newest = -1

    def add(self, value: float | None) -> None:
        """Add the value of the next epoch."""
        epoch = self.count
        self.count += 1
        if value is None:
            return
        if self.first is None:
            self.first = value
        self.newest = value
        if not isfinite(value) or abs(value) > LARGEST:
            self.left_out += 1
            return
        point = float(epoch), value
        if epoch // self._span == self._bucket_of_newest:
            self._buckets[-1] = _merged(self._buckets[-1], (point, point))
            return
        self._bucket_of_newest = epoch // self._span
        self._buckets.append((point, point))
        if len(self._buckets) > MOST:
            self._halve()

    def _halve(self) -> None:
        self._span *= 2
        halved: dict[int, tuple[Point, Point]] = {}
        for bucket in self._buckets:
            number = int(bucket[0][0]) // self._span
            halved[number] = _merged(halved[number], bucket) if number in halved else bucket
        self._buckets = list(halved.values())
        self._bucket_of_newest = max(halved)

    def points(self, columns: int) -> list[Point]:
        """Return (epoch, value) in order: the smallest and the largest of each column."""
        if not self.count:
            return []
        of_column: dict[int, tuple[Point, Point]] = {}
        for bucket in self._buckets:
            column = int(bucket[0][0]) * columns // self.count
            known = of_column.get(column)
            of_column[column] = bucket if known is None else _merged(known, bucket)
        return [point for low, high in of_column.values() for point in sorted({low, high})]

    def means(self, columns: int) -> list[float]:
        """Return the mean of the smallest and the largest value of each column."""
        values: dict[int, list[float]] = {}
        for epoch, value in self.points(columns):
            values.setdefault(int(epoch) * columns // self.count, []).append(value)
        return [sum(part) / len(part) for part in values.values()]


def _merged(one: tuple[Point, Point], other: tuple[Point, Point]) -> tuple[Point, Point]:
    low = one[0] if one[0][1] <= other[0][1] else other[0]
    high = one[1] if one[1][1] >= other[1][1] else other[1]
    return low, high
