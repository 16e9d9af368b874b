"""What the Data screen makes of the tables of an experiment."""

from typing import Any

import msgspec
import pytest

from tuiprop.protocol.messages.data import ColumnNote, Role, Tables
from tuiprop.training.experiment import parse
from tuiprop.ui.data.column_changes import (
    QUESTIONS,
    holding_out,
    read_as,
    targets_of,
    used_or_not,
    with_column,
    with_next,
    with_target,
)


def note(name: str = "x", role: Role = "input", **settings: Any) -> ColumnNote:
    plain = ColumnNote(
        name=name, kind="number", missing=0, distinct=3, low=1.0, high=3.0, mean=2.0,
        deviation=1.0, bars=[1, 1, 1], categories=[], flags=[], cells=["1"], role=role,
        encoding="number", on_missing="refuse", scaling="standardize",
        encodings=["number", "one-hot", "ordinal"], on_missings=["refuse", "drop"],
        scalings=["standardize", "range", "none"],
    )  # fmt: skip
    return msgspec.structs.replace(plain, **settings)


def tables(**data: Any) -> Tables:
    return {"data": {"source": "t.csv", **data}}


def columns(changed: Tables) -> Any:
    return changed["data"].get("columns")


def test_settings_come_and_go_and_the_rest_stays() -> None:
    before = tables(columns={"x": {"missing": "drop"}, "z": {"use": False}})
    after = with_column(before, "x", scaling="range")
    assert columns(after) == {"x": {"missing": "drop", "scaling": "range"}, "z": {"use": False}}
    assert columns(with_column(after, "x", scaling=None, missing=None)) == {"z": {"use": False}}
    assert columns(before) == {"x": {"missing": "drop"}, "z": {"use": False}}


def test_left_out_and_taken_in_again() -> None:
    out = used_or_not(tables(), note())
    assert columns(out) == {"x": {"use": False}}
    assert columns(used_or_not(out, note(role="left out"))) == {}


def test_a_target_takes_the_place_of_another() -> None:
    before = tables(target="y", columns={"x": {"encoding": "ordinal", "missing": "mean"}})
    after = with_target(before, note(), more=False)
    assert targets_of(after) == ["x"]
    assert columns(after) == {}  # what was said of an input does not suit a target
    assert with_target(after, note(role="target"), more=False) is after


def test_targets_are_added_and_taken_away() -> None:
    both = with_target(tables(target="y"), note(), more=True)
    assert targets_of(both) == ["y", "x"]
    one = with_target(both, note("y"), more=True)
    assert one["data"]["target"] == "x"
    assert with_target(one, note("x"), more=True) is one  # one remains


@pytest.mark.parametrize("setting", ["encoding", "missing", "scaling"])
def test_every_value_comes_round(setting: str) -> None:
    attribute = {"missing": "on_missing"}.get(setting, setting)
    possible = getattr(note(), f"{attribute}s")
    seen, at, changed = [], note(), tables()
    for _ in possible:
        changed = with_next(changed, at, setting)
        seen.append(columns(changed)["x"][setting])
        at = msgspec.structs.replace(at, **{attribute: seen[-1]})
    assert sorted(seen) == sorted(possible)
    parse(changed)


def test_another_encoding_forgets_what_suited_the_old_one() -> None:
    said = tables(columns={"x": {"missing": "mean", "scaling": "range"}})
    assert columns(with_next(said, note(), "encoding")) == {"x": {"encoding": "one-hot"}}


def test_a_column_says_which_rows_are_held_out_or_no_longer() -> None:
    before = tables(columns={"x": {"encoding": "ordinal"}})
    said = holding_out(before, note())
    assert said == tables(columns={}, validation={"column": "x"})
    parse(said)
    assert holding_out(said, note(role="split")) == tables(columns={})
    assert holding_out(before, note(role="target")) == before


def test_where_there_is_nothing_to_choose_nothing_changes() -> None:
    before = tables()
    assert with_next(before, note(scalings=[]), "scaling") is before


def test_other_columns_forget_what_was_said_of_them() -> None:
    questions = {each.key: each for each in QUESTIONS}
    before = tables(target="y", columns={"x": {"use": False}}, delimiter=";")
    comma = read_as(before, questions["decimal"], ",")
    assert comma == tables(target="y", columns={"x": {"use": False}}, delimiter=";", decimal=",")
    assert read_as(before, questions["header"], value=False) == tables(delimiter=";", header=False)
    assert read_as(before, questions["delimiter"], None) == tables()


def test_every_answer_is_one_that_an_experiment_may_have() -> None:
    for question in QUESTIONS:
        for _, value in question.answers:
            parse(read_as(tables(), question, value))
