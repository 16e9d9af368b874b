"""Validation of settings against the types, ranges and names that the schema declares.

msgspec finds the value at fault; the sentence about it is ours. A field's `Meta.description` says
what is allowed, and `Meta.extra["choices"]` lists the names that are, if only some are.
"""

import math
import re
from collections.abc import Collection, Mapping
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec
import tomli_w
from msgspec import Meta, Struct

from tuiprop.errors import InputError

_AT = re.compile(r" - at `(?:key in )?\$(?P<path>[^`]*)`$")
"""The place at the end of a message of msgspec."""

_PART = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
"""One step of such a place: a field, or an index."""


class ExperimentError(InputError):
    """A setting of an experiment is wrong; `key` names it, "" if the whole file is at fault."""


def one_of(names: Collection[str], least: int = 1) -> Meta:
    """Return the constraint on a name, or on a list of at least `least` names, from a table."""
    return Meta(
        description="one of " + ", ".join(names),
        extra={"choices": frozenset(names)},
        min_length=least,
    )


def whole_number(low: int, high: int | None = None, note: str = "") -> Meta:
    """Return the constraint on a whole number; `note` says what an end of the range means."""
    range_ = f", {low:,} or more" if high is None else f" from {low:,} to {high:,}"
    return Meta(ge=low, le=high, description=f"a whole number{range_}{note}")


def invalid(key: str, found: Any, allowed: str) -> ExperimentError:
    """Return an error about the value of a key, shown as the file would write it."""
    return ExperimentError.invalid(_as_toml(found), allowed, key=key)


def unknown_key(key: str, known: str) -> ExperimentError:
    """Return an error about a key that does not exist, with those that do."""
    return ExperimentError(f"{key} is not a key; the keys are {known}", key=key)


def convert(raw: Mapping[str, Any], hints: Mapping[str, Any]) -> dict[str, Any]:
    """Return the sections of `raw` as the types in `hints`.

    Raises:
        ExperimentError: a key is unknown or missing, or a value has the wrong type or range.
    """
    converted = {}
    for name, hint in hints.items():
        try:
            converted[name] = msgspec.convert(raw[name], hint)
        except msgspec.ValidationError as error:
            raise _explained(str(error), raw[name], hint, name) from None
    return converted


def check_values(section: Struct, prefix: str = "") -> None:
    """Check what types cannot say: names are those of their table, and numbers are finite.

    Raises:
        ExperimentError: the first value that is not allowed.
    """
    for name, hint in get_type_hints(type(section), include_extras=True).items():
        value, key = getattr(section, name), f"{prefix}{name}"
        children: list[tuple[str, Any]] = [(key, value)]
        if isinstance(value, tuple):
            children = [(f"{key}[{i}]", child) for i, child in enumerate(value)]
        elif isinstance(value, dict):
            children = [(f"{key}.{child_name}", child) for child_name, child in value.items()]
        for child_key, child in children:
            if isinstance(child, Struct):
                check_values(child, f"{child_key}.")
            else:
                _check_value(child_key, child, hint)


def _check_value(key: str, value: Any, hint: Any) -> None:
    for number in value if isinstance(value, tuple) else (value,):
        if isinstance(number, float) and not math.isfinite(number):
            raise invalid(key, number, f"{allowed_in(hint) or 'a number'}, finite")
    for meta in _metas(hint):
        choices = (meta.extra or {}).get("choices")
        if choices and isinstance(value, str) and value not in choices:
            raise invalid(key, value, allowed_in(hint))


def allowed_in(hint: Any) -> str:
    """Return the description of what a type allows; "" if it has none."""
    return next((meta.description for meta in _metas(hint) if meta.description), "")


def _metas(hint: Any) -> list[Meta]:
    """Return the constraints of a type, through unions with None."""
    if get_origin(hint) is Annotated:
        return [meta for meta in hint.__metadata__ if isinstance(meta, Meta)]
    return [meta for part in get_args(hint) for meta in _metas(part)]


def _as_toml(value: Any) -> str:
    """Return a value as the file would write it, on one line and shortened."""
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "a table"
    try:
        text = " ".join(tomli_w.dumps({"x": value}).removeprefix("x =").split())
    except TypeError:  # from Python: not a value that TOML has
        text = repr(value)
    text = text.replace("[ ", "[").replace(", ]", "]")
    return text if len(text) <= 60 else text[:57] + "..."


def _explained(message: str, raw: Any, hint: Any, key: str) -> ExperimentError:
    """Return our sentence for a message of msgspec, which names the place and the reason."""
    match = _AT.search(message)
    found, allowed = raw, ""
    for field, index in _PART.findall(match["path"]) if match else ():
        if index == "...":
            field, hint = _first_invalid(found, hint)
        elif field:
            hint = _field_hint(hint, field)
        if index.isdigit():
            key += f"[{index}]"
            found = found[int(index)] if isinstance(found, list | tuple) else None
        else:
            key += f".{field}"
            found = found.get(field) if isinstance(found, Mapping) else None
        allowed = allowed_in(hint) or allowed
    unknown = re.search(r"unknown field `([^`]*)`", message)
    missing = re.search(r"missing required field `([^`]*)`", message)
    struct = _struct(hint)
    if unknown and struct:
        return unknown_key(f"{key}.{unknown[1]}", ", ".join(struct.__struct_fields__))
    if missing and struct:
        return invalid(f"{key}.{missing[1]}", None, allowed_in(_field_hint(struct, missing[1])))
    if struct and not allowed:
        allowed = "a table with " + ", ".join(struct.__struct_fields__)
    return invalid(key, found, allowed or message.split(" - at ")[0])


def _first_invalid(table: Any, hint: Any) -> tuple[str, Any]:
    """Return the first entry of a table of named values that is invalid, and its type."""
    while get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    value_hint = get_args(hint)[1]
    for name, value in table.items():
        try:
            msgspec.convert(value, value_hint)
        except msgspec.ValidationError:
            return str(name), value_hint
    return "", value_hint


def _struct(hint: Any) -> type[Struct] | None:
    """Return the struct in a type, through Annotated, unions, tuples and dicts."""
    if isinstance(hint, type) and issubclass(hint, Struct):
        return hint
    return next((found for part in get_args(hint) if (found := _struct(part))), None)


def _field_hint(hint: Any, field: str) -> Any:
    struct = _struct(hint)
    if struct is None:
        return hint
    return get_type_hints(struct, include_extras=True).get(field, hint)
