"""The commands `tuiprop export`, `predict` and `inspect`, which use exported weights."""

from typing import TYPE_CHECKING

import click

from tuiprop.cli.common import one_sentence, say_notes, say_remarks, settable, which_weights
from tuiprop.cli.group import main
from tuiprop.cli.output import complain, say, say_lines, write_data
from tuiprop.wording import counted

if TYPE_CHECKING:
    from tuiprop.models.predict import Scores


class _ExportCommand(click.Command):
    """A command whose help lists the formats, which are imported on demand."""

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
    help="The activations of layers 1 … L, for weights from a program that does not store them.",
)
def export(model: str, out: str, which: str, activations: str | None) -> None:
    """Write the weights of MODEL to OUT, in the format of its suffix.

    A checkpoint (.tuiprop) holds two sets of weights; --weights chooses one.
    """
    with one_sentence():
        from tuiprop.models.export import export as exported
        from tuiprop.models.formats import SUFFIXES
        from tuiprop.models.weights import load_model
        from tuiprop.storage.atomic import check_writable

        check_writable(out, *SUFFIXES)
        names = [name.strip() for name in activations.split(",")] if activations else ()
        loaded = load_model(model, names, which)
        say_remarks(loaded, out)
        written = exported(loaded, out)
        of_two = f"{which} weights of the checkpoint, " if model.endswith(".tuiprop") else ""
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
    help="Write to a .csv, .parquet or .jsonl file instead of standard output.",
)
@which_weights
def predict(
    model: str, data: str, assignments: tuple[str, ...], out: str | None, which: str
) -> None:
    """Predict the rows of a table of raw inputs with MODEL.

    DATA is a file in any supported format, - for standard input, or the name of a built-in data
    set. The columns written are prediction and, for classes, p_CLASS, the probability of each
    class; for several numeric targets, prediction_TARGET. If DATA has the targets, the scores go
    to standard error.
    """
    with one_sentence():
        from pathlib import Path

        from tuiprop.data.writer import SUFFIXES, encoded
        from tuiprop.models.predict import predict as predicted
        from tuiprop.models.predict import table_for
        from tuiprop.models.weights import load_model
        from tuiprop.storage.atomic import check_writable, write_bytes

        if out not in (None, "-"):
            check_writable(str(out), *SUFFIXES)
        loaded = load_model(model, which=which)
        if model.endswith(".tuiprop"):
            complain(f"{which} weights of the checkpoint: update {loaded.update}")
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
    """Write the scores of the predictions to standard error."""
    rows = counted(scores.rows, "row")
    line = f"{rows}: {loss} {scores.loss:.6g}"
    if scores.accuracy is not None:
        line = f"{rows}: accuracy {scores.accuracy:.2%}  {loss} {scores.loss:.6g}"
    complain(line)
    for target, each in scores.targets.items():
        r2 = "undefined, all values are equal" if each.r2 is None else f"{each.r2:.6g}"
        complain(f"{target}: R² {r2}  MAE {each.mae:.6g}  RMSE {each.rmse:.6g}")


@main.command()
@click.argument("file")
def inspect(file: str) -> None:
    """Describe the content of a weights, model or checkpoint file."""
    with one_sentence():
        from tuiprop.models.checkpoint import is_checkpoint, load_checkpoint
        from tuiprop.models.checkpoint_content import described

        if is_checkpoint(file):
            for line in described(load_checkpoint(file)):
                say(line)
            return
        from tuiprop.errors import FileError
        from tuiprop.models.contents import Architecture
        from tuiprop.models.weights import IncompleteFileError, load_model, read

        content = read(file)
        try:
            model = load_model(file)
        except IncompleteFileError as error:
            lines = [
                "written by another program: weights without activations",
                f"network   {error.architecture.words}",
            ]
        except FileError as error:
            if content.metadata is not None:
                raise
            lines = ["written by another program: weights whose shapes do not match", f"{error}"]
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
