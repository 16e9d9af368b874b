"""Assertions on errors for the user: their fields, not their prose."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tuiprop.errors import UserError


def check_fields(error: UserError, subject: str, detail: str, allowed: str = "") -> None:
    """Check what an error is about and what was found there.

    Args:
        error: the error.
        subject: its place or, where it has none, its key.
        detail: the value found; for an error that is not about a value, a part of its reason.
        allowed: a part of what is allowed.
    """
    assert "\n" not in str(error)
    assert (error.place or error.key) == subject
    if error.found:
        assert error.found == detail
        assert allowed in error.allowed
    else:
        assert detail in error.reason
        assert not allowed


@contextmanager
def refused(
    kind: type[UserError], subject: str, detail: str, allowed: str = "", file: str = ""
) -> Iterator[None]:
    """Check that the block raises an error of this kind with these fields; its file ends so."""
    with pytest.raises(kind) as caught:
        yield
    check_fields(caught.value, subject, detail, allowed)
    assert caught.value.file.endswith(file)
