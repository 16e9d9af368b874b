"""`tuiprop export`, `predict` and `inspect`: what is done with weights."""

from typing import TYPE_CHECKING

import click

from tuiprop.cli.common import (
    check_destination,
    one_sentence,
    say_notes,
    say_remarks,
    settable,
    which_weights,
)
from tuiprop.cli.group import main
from tuiprop.cli.output import complain, say, say_lines, write_data

if TYPE_CHECKING:
    from tuiprop.models.predict import Scores


class _ExportCommand(click.Command):
    """A command whose help lists the formats; they are imported when it is asked for."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from tuiprop.models.formats import FORMATS

        with formatter.section("Formats"):
            formatter.write_dl([(each.suffix, each.words) for each in FORMATS.values()])


@main.command(cls=_ExportCommand)
@click.argument("model")
@click.argument("out")
@which_weights
@click.option(
    "--activations",
    metavar="NAME,NAME,…",
    help="Of layers 1 … L, for weights from another program, which do not say them.",
)
def export(model: str, out: str, which: str, activations: str | None) -> None:
    """Write the weights of MODEL in another format, by OUT's suffix.

    A checkpoint (.tuiprop) holds two sets of weights; --weights says which.
    """
    with one_sentence():
        from tuiprop.models.export import export as exported
        from tuiprop.models.weights import load_model

        check_destination(out)
        names = [name.strip() for name in activations.split(",")] if activations else ()
        loaded = load_model(model, names, which)
        say_remarks(loaded, out)
        written = exported(loaded, out)
        of_two = f"{which} of the checkpoint, " if model.endswith(".tuiprop") else ""
        say(f"{out}: {of_two}update {loaded.update}, {written.sentence}")
        if written.usage:
            say_lines(f"\n{written.usage.rstrip()}\n")


@main.command()
@click.argument("model")
@click.argument("data")
@settable
@click.option(
    "--out",
    metavar="FILE",
    help="Write them to a .csv, .parquet or .jsonl file instead of standard output.",
)
@which_weights
def predict(
    model: str, data: str, assignments: tuple[str, ...], out: str | None, which: str
) -> None:
    """Predictions of MODEL for a table of raw inputs.

    DATA is a file of any format that is read, - for standard input, or the name of a data set.
    The columns are prediction and, for classes, p_CLASS, the probability of each; for several
    targets of numbers, prediction_TARGET. Where DATA has the target, the scores go to standard
    error.
    """
    with one_sentence():
        from pathlib import Path

        from tuiprop.data.writer import SUFFIXES, encoded
        from tuiprop.models.predict import predict as predicted
        from tuiprop.models.predict import table_for
        from tuiprop.models.weights import load_model
        from tuiprop.storage.atomic import write_bytes

        if out not in (None, "-"):
            check_destination(str(out), *SUFFIXES)
        loaded = load_model(model, which=which)
        if model.endswith(".tuiprop"):
            complain(f"{which} of the checkpoint: update {loaded.update}")
        table = table_for(loaded, data, assignments)
        result = predicted(loaded, table)
        if out in (None, "-"):
            write_data(encoded(result.columns, ".csv"))
        else:
            write_bytes(str(out), encoded(result.columns, Path(str(out)).suffix))
            say(f"{out}: {table.rows} rows")
        say_notes(result.notes)
        if result.scores is not None:
            _say_scores(result.scores, loaded.network.loss)


def _say_scores(scores: "Scores", loss: str) -> None:
    """How good the predictions are, on standard error."""
    rows = "1 row" if scores.rows == 1 else f"{scores.rows} rows"
    line = f"{rows}: {loss} {scores.loss:.6g}"
    if scores.accuracy is not None:
        line = f"{rows}: accuracy {scores.accuracy:.2%}  {loss} {scores.loss:.6g}"
    complain(line)
    for target, each in scores.targets.items():
        r2 = "not defined, all values are the same" if each.r2 is None else f"{each.r2:.6g}"
        complain(f"{target}: R² {r2}  MAE {each.mae:.6g}  RMSE {each.rmse:.6g}")


@main.command()
@click.argument("file")
def inspect(file: str) -> None:
    """What a weights, model or checkpoint file holds."""
    with one_sentence():
        from tuiprop.models.checkpoint import described, is_checkpoint, load_checkpoint

        if is_checkpoint(file):
            for line in described(load_checkpoint(file)):
                say(line)
            return
        from tuiprop.models.contents import Architecture
        from tuiprop.models.weights import IncompleteFileError, load_model, read
        from tuiprop.storage.atomic import FileError

        content = read(file)
        try:
            model = load_model(file)
        except IncompleteFileError as error:
            lines = [
                "written by another program: weights, but not the activations",
                f"network   {error.architecture.words}",
            ]
        except FileError as error:
            if content.metadata is not None:
                raise
            lines = ["written by another program: weights that do not fit each other", f"{error}"]
        else:
            lines = [
                f"network   {Architecture.of(model.network).words}, {model.network.loss}",
                f"data      {model.experiment.data.source}",
                f"inputs    {', '.join(model.inputs)}",
            ]
            if model.classes:
                lines.append(f"classes   {', '.join(model.classes)}")
            lines.append(f"update    {model.update}")
            lines += [f"by hand   {edit}" for edit in model.edits]
    for line in lines:
        say(line)
    for name, array in content.arrays.items():
        shape = f"({', '.join(map(str, array.shape))})"
        say(f"{content.names[name]:<9} {shape:<14} {array.dtype}")
