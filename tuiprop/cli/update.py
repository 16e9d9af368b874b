"""The commands `tuiprop check` and `tuiprop explain`, which verify and print one update."""

import sys

import click

from tuiprop.cli.common import one_sentence, open_experiment, say_notes, settable
from tuiprop.cli.group import main
from tuiprop.cli.output import complain, say, say_lines


@main.command()
@click.argument("experiment")
@settable
@click.option("--init", metavar="FILE", help="Initial weights (.npz, .safetensors, .json).")
def check(experiment: str, assignments: tuple[str, ...], init: str | None) -> None:
    """Check the gradients of the initial weights on the first batch, in float64."""
    with one_sentence():
        session = open_experiment(experiment, init, assignments)
        say_notes(session.examples.notes)
        result = session.check()
    say("array      checked  relative error  verdict")
    for array in result.arrays:
        kinks = f", {array.kinks} left out at kinks" if array.kinks else ""
        error = f"{array.relative_error:.2e}" if array.verdict.is_known else "-"
        say(f"{array.array.numpy:<9} {array.checked:>8}  {error:>14}  {array.verdict.text}{kinks}")
    which = "a sample of the parameters" if result.sampled else "all parameters"
    words = [f"{which}, central difference"]
    if result.unchecked < len(result.arrays):
        words.append(f"worst relative error {result.worst:.2e}")
    if result.unchecked:
        words.append(f"{result.unchecked} of {len(result.arrays)} arrays cannot be checked")
    say("; ".join(words))
    if not result.passed:
        wrong = ", ".join(a.array.numpy for a in result.arrays if a.verdict.name == "WRONG")
        complain(f"tuiprop: the gradient check failed for {wrong}")
        sys.exit(1)


@main.command()
@click.argument("experiment")
@settable
@click.option(
    "--update",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="The number of the update.",
)
@click.option("--init", metavar="FILE", help="Initial weights (.npz, .safetensors, .json).")
def explain(experiment: str, assignments: tuple[str, ...], update: int, init: str | None) -> None:
    """Print one update as Markdown: every operation with its equation, shapes and numbers."""
    with one_sentence():
        from tuiprop.session.markdown import explain as explained

        session = open_experiment(experiment, init, assignments)
        say_notes(session.examples.notes)
        try:
            text = explained(session, update)
        except ArithmeticError as error:
            complain(f"tuiprop: {error}")
            sys.exit(1)
        say_lines(text)
