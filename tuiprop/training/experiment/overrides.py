"""Single keys of an experiment set to other values, as `--set KEY=VALUE` does."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping

from tuiprop.training.experiment.schema import Experiment, parse, to_tables
from tuiprop.training.experiment.validation import invalid, unknown_key


def override(experiment: Experiment, assignments: Iterable[str]) -> Experiment:
    """Return the experiment with some keys set, such as "data.header=false".

    Values are written as in the file; anything that is not a TOML value is text, so that a shell
    needs no second pair of quotes.

    Raises:
        ExperimentError: an assignment has no key, or a key or a value is not allowed.
    """
    tables = to_tables(experiment)
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        try:
            path = list(_keys_of(tomllib.loads(f"{key} = 0")))
        except tomllib.TOMLDecodeError:
            path = []
        if not equals or len(path) < 2:
            raise invalid("--set", assignment, "SECTION.KEY=VALUE, such as data.header=false")
        try:
            value = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            value = text
        table = tables
        for part in path[:-1]:
            table = table.setdefault(part, {})
            if not isinstance(table, dict):
                raise unknown_key(key, "those of the experiment file")
        table[path[-1]] = value
    return parse(tables)


def _keys_of(nested: Mapping[str, object]) -> Iterator[str]:
    """Yield the keys on the way into tables of one entry each."""
    for key, value in nested.items():
        yield key
        if isinstance(value, Mapping):
            yield from _keys_of(value)
