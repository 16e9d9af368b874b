import pickle

import pytest

from tuiprop.cli.common import naming, one_sentence
from tuiprop.errors import FileError, InputError, UserError
from tuiprop.wording import counted, one_line


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (UserError("no"), "no"),
        (FileError("no", file="a.csv"), "a.csv: no"),
        (InputError("no", file="a.csv", place="line 3"), "a.csv, line 3: no"),
        (InputError.invalid("-1", "0 or more", key="epochs"), "epochs must be 0 or more, got -1"),
        (
            InputError.invalid('"x"', "numbers", file="a.csv", place="line 3", advice="do this"),
            'a.csv, line 3: expected numbers, got "x"; do this',
        ),
    ],
)
def test_the_sentence_has_the_fields(error: UserError, sentence: str) -> None:
    assert str(error) == sentence
    assert str(pickle.loads(pickle.dumps(error))) == sentence


def test_an_error_becomes_one_of_another_kind_and_keeps_its_fields() -> None:
    error = InputError.invalid("1", "2", key="k", place="p").to(FileError, "a.npz")
    assert isinstance(error, FileError)
    assert (error.file, error.place, error.key) == ("a.npz", "p", "k")
    assert (error.found, error.allowed) == ("1", "2")
    assert error.to(InputError, "b.npz").file == "a.npz"


def test_callers_from_python_catch_the_exceptions_that_they_know() -> None:
    assert issubclass(InputError, ValueError)
    assert issubclass(FileError, OSError)


def test_a_command_ends_with_the_sentence_of_an_error_of_the_user(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended, one_sentence(), naming("e.toml"):
        raise InputError("no")
    assert ended.value.code == 2
    assert capsys.readouterr().err == "tuiprop: e.toml: no\n"


@pytest.mark.parametrize("fault", [ValueError("x"), OSError("x"), KeyError("x")])
def test_a_fault_of_the_program_is_not_shown_as_bad_input(fault: Exception) -> None:
    with pytest.raises(type(fault)), one_sentence():
        raise fault


def test_words_of_other_libraries_are_one_short_line() -> None:
    assert one_line("a\n  b") == "a b"
    assert one_line(KeyError()) == "KeyError"
    assert len(one_line("x" * 500)) == 80
    assert (counted(1, "row"), counted(1200, "row")) == ("1 row", "1,200 rows")
