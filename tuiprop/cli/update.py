"""The commands `tuiprop check` and `tuiprop explain`, which verify and print one update."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from tuiprop.cli.common import one_sentence, open_experiment, say_notes, settable
from tuiprop.cli.group import main
from tuiprop.cli.output import complain, say, say_json, say_lines

if TYPE_CHECKING:
    from tuiprop.session.update_check import UpdateCheck
    from tuiprop.verify.gradient_verdict import ArrayCheck


@contextmanager
def _ended_by_divergence() -> Iterator[None]:
    """Exit with status 1 and a sentence if the run diverges."""
    try:
        yield
    except ArithmeticError as error:
        complain(f"tuiprop: {error}")
        sys.exit(1)


_update = click.option(
    "--update",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="The number of the update.",
)


@main.command()
@click.argument("experiment")
@settable
@_update
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
@click.option("--init", metavar="FILE", help="Initial weights (.npz, .safetensors, .json).")
def check(
    experiment: str, assignments: tuple[str, ...], update: int, as_json: bool, init: str | None
) -> None:
    """Check every array of an update, and audit what the update did."""
    with one_sentence():
        from tuiprop.session.update_check import check_update

        session = open_experiment(experiment, init, assignments)
        if not as_json:
            say_notes(session.examples.notes)
        with _ended_by_divergence():
            result = check_update(session, update)
    if as_json:
        say_json(_as_json(result))
    else:
        _say_check(result)
    if not result.passed:
        audits = result.audit.arrays if result.audit else ()
        wrong = [each.array for each in result.gradient.wrong]
        wrong += [each.array for each in audits if not each.ok]
        complain(f"tuiprop: wrong: {', '.join(array.numpy for array in wrong)}")
        sys.exit(1)


def _say_check(result: "UpdateCheck") -> None:
    gradient = result.gradient
    say("array      compared  largest error    bound  verdict")
    for each in gradient.arrays:
        error, bound = f"{each.relative_error:.2e}", f"{each.bound:.0e}"
        if not each.verdict.is_known:
            error = bound = "-"
        say(
            f"{each.array.numpy:<9} {each.compared:>9}  {error:>13}  {bound:>7}  "
            f"{each.verdict.text}{_times(each)}"
        )
    right = sum(each.verdict.value == "right" for each in gradient.operations)
    words = [f"z, a, J, da, dz: {right} of {len(gradient.operations)} arrays right"]
    if gradient.unchecked:
        words.append(f"{gradient.unchecked} of {len(gradient.arrays)} gradients cannot be checked")
    if result.audit is None:
        words.append("update: cannot be audited: the run diverges there")
    else:
        audits = result.audit.arrays
        words.append(f"update: {sum(each.ok for each in audits)} of {len(audits)} arrays right")
    say("; ".join(words))


def _times(check: "ArrayCheck") -> str:
    return "" if check.ratio is None else f": {check.ratio:.6g} times the right numbers"


def _as_json(result: "UpdateCheck") -> dict[str, object]:
    audits = result.audit.arrays if result.audit else ()
    return {
        "verdict": result.verdict,
        "arrays": [_array_as_json(each) for each in result.gradient.arrays],
        "operations": [_array_as_json(each) for each in result.gradient.operations],
        "update": [
            {"array": str(each.array), "verdict": "right" if each.ok else "wrong"}
            for each in audits
        ],
    }


def _array_as_json(check: "ArrayCheck") -> dict[str, object]:
    known = check.verdict.is_known
    return {
        "array": str(check.array),
        "verdict": check.verdict.value if known else "unchecked",
        "error": check.relative_error,
        "bound": check.bound,
        "compared": check.compared,
        "of": check.of,
        **({} if known else {"why": check.verdict.value}),
    }


@main.command()
@click.argument("experiment")
@settable
@_update
@click.option("--init", metavar="FILE", help="Initial weights (.npz, .safetensors, .json).")
def explain(experiment: str, assignments: tuple[str, ...], update: int, init: str | None) -> None:
    """Print one update as Markdown: every operation with its equation, shapes and numbers."""
    with one_sentence():
        from tuiprop.session.markdown import explain as explained

        session = open_experiment(experiment, init, assignments)
        say_notes(session.examples.notes)
        with _ended_by_divergence():
            text = explained(session, update)
        say_lines(text)
