"""Errors that are sentences for the user.

Whatever shows errors to the user catches `UserError`, and nothing else, as bad input: any other
exception is a fault of the program.
"""

from typing import Self, TypeVar

_Error = TypeVar("_Error", bound="UserError")


class UserError(Exception):
    """Input that cannot be used, or work that cannot be done, in one sentence.

    Attributes:
        reason: what is wrong, without the file and the place.
        file: the file at fault, as the user named it; "" if there is none.
        place: where in the file, such as `line 3, column "petal_width"`; "" for all of it.
        key: the setting at fault, such as "training.batch_size"; "" if there is none.
        found: the value at fault, as the sentence shows it; "" if the sentence is not about one.
        allowed: the values that are allowed; "" if the sentence is not about a value.
    """

    def __init__(self, reason: str, *, file: str = "", place: str = "", key: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.file, self.place, self.key = file, place, key
        self.found = self.allowed = ""

    @classmethod
    def invalid(
        cls,
        found: str,
        allowed: str,
        *,
        file: str = "",
        place: str = "",
        key: str = "",
        advice: str = "",
    ) -> Self:
        """Return an error about a value: "training.epochs must be 0 or more, got -1".

        Args:
            found: the value, as the sentence shows it.
            allowed: the values that are allowed, as a noun phrase.
            file: the file at fault.
            place: where in the file.
            key: the setting at fault, the subject of the sentence.
            advice: what the user can do, as a clause at the end of the sentence.
        """
        subject = f"{key} must be" if key else "expected"
        clause = f"; {advice}" if advice else ""
        reason = f"{subject} {allowed}, got {found}{clause}"
        error = cls(reason, file=file, place=place, key=key)
        error.found, error.allowed = found, allowed
        return error

    def to(self, kind: type[_Error], file: str = "") -> _Error:
        """Return this error as one of another kind, about `file` if it names no file itself."""
        error = kind(self.reason, file=self.file or file, place=self.place, key=self.key)
        error.found, error.allowed = self.found, self.allowed
        return error

    def __str__(self) -> str:
        where = ", ".join(filter(None, (self.file, self.place)))
        return f"{where}: {self.reason}" if where else self.reason


class InputError(UserError, ValueError):
    """A value that the user gave cannot be used."""


class FileError(UserError, OSError):
    """A file cannot be read or written."""
