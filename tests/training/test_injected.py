import pytest

from tuiprop.training.edit import Edit, MistakeEdit, SettingsEdit
from tuiprop.training.plan import injected_before

ON, OTHER, OFF = "no_mean", "mean_twice", None


def switches(*at: tuple[int, str | None]) -> tuple[Edit, ...]:
    return SettingsEdit(at=0, l2=0.1), *(MistakeEdit(at=t, mistake=name) for t, name in at)


@pytest.mark.parametrize(
    ("edits", "t", "since"),
    [
        (switches(), 9, None),
        (switches((6, ON)), 6, None),
        (switches((6, ON)), 7, 6),
        (switches((6, ON), (6, OFF)), 9, None),
        (switches((6, ON), (7, OFF)), 6, None),
        (switches((6, ON), (7, OFF)), 9, 6),
        (switches((7, OFF), (6, ON)), 9, 6),
        (switches((6, ON), (6, OFF), (8, OTHER)), 9, 8),
        (switches((3, ON), (3, OTHER), (5, OFF), (8, ON)), 9, 3),
    ],
)
def test_the_first_mistake_that_an_update_was_computed_with(
    edits: tuple[Edit, ...], t: int, since: int | None
) -> None:
    found = injected_before(edits, t)
    assert (None if found is None else found.at) == since
