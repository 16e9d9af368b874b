"""The command `tuiprop datasets`."""

from typing import TYPE_CHECKING

import click

from tuiprop.cli.common import one_sentence
from tuiprop.cli.group import main
from tuiprop.cli.output import say, say_lines, write_data
from tuiprop.errors import InputError

if TYPE_CHECKING:
    from tuiprop.data.table import Table


@main.command()
@click.argument("name", required=False)
@click.option(
    "--out", metavar="FILE.csv", help="Write its table to a file, or to standard output (-)."
)
def datasets(name: str | None, out: str | None) -> None:
    """List the built-in data sets, or describe one, or write it to a file."""
    with one_sentence():
        from tuiprop.data.catalogue import CATALOGUE, load_table, suggested_experiment
        from tuiprop.training.experiment import to_toml

        if name is None:
            if out is not None:
                raise InputError(
                    "--out needs the name of a data set: tuiprop datasets NAME --out FILE.csv"
                )
            for entry in CATALOGUE.values():
                say(f"{entry.name:<14} {entry.title}")
            return
        experiment = suggested_experiment(name)
        table = load_table(experiment.data)
        if out is not None:
            _write_table(table, out)
            return
    entry = CATALOGUE[name]
    columns = ", ".join(column.name for column in table.columns)
    for line in (
        entry.title,
        entry.description,
        ", ".join(filter(None, (entry.creators, entry.licence, entry.doi and f"doi:{entry.doi}"))),
        f"{table.rows} rows; target: {entry.target}",
        f"columns: {columns}",
        "A suitable experiment:",
    ):
        say(f"# {line}")
    say_lines(f"\n{to_toml(experiment)}\n")


def _write_table(table: "Table", out: str) -> None:
    from tuiprop.data.writer import to_csv
    from tuiprop.storage.atomic import check_writable, write_text

    text = to_csv(table)
    if out == "-":
        write_data(text.encode())
        return
    check_writable(out, ".csv")
    write_text(out, text)
    say(f"{out}: {table.rows} rows")
