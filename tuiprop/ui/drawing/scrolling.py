"""Which lines of a list are in sight."""


def first_in_sight(first: int, cursor: int, room: int, count: int) -> int:
    """Where a list begins that began at `first`: the cursor is seen, and no room stays empty.

    Args:
        first: the first line in sight before.
        cursor: the line that it stands on.
        room: lines that fit.
        count: lines that there are.
    """
    return max(min(first, cursor, count - room), cursor - max(room, 1) + 1, 0)
