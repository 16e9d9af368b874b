"""The wording of the proof."""

from collections.abc import Sequence

from rich.cells import cell_len
from textual.content import Content

from tuiprop.protocol.messages.proof import ArrayProof, MistakeNote, ProofNote

SIGNS = {"right": "✓", "wrong": "✗"}
"""The signs of the verdicts; an unchecked array has none."""

HOW_CHECKED = (
    "Gradient check: every number of dW and db, as the run computes them for {examples}, against "
    "the derivative of J by a second implementation, which changes each unit and carries the "
    "change forward to the loss. z, a, J, da and dz are checked too. Shown: the largest difference "
    "≤ the bound that rounding explains, both as a share of the largest number, and how many "
    "numbers were compared."
)
HOW_AUDITED = (
    "Update audit: W, b and the optimiser state recomputed in float64 by a second, independent "
    "implementation. Tolerance: a bound on each number's rounding error. Shown: the largest "
    "difference as a share of that bound, and where."
)

COLUMN = 34
"""Columns of the text of one array."""


def verdict_style(text: str) -> str:
    """Return the colour of a text that begins with a sign."""
    return {"✓": "$success", "✗": "bold $error"}.get(text[:1], "$dim")


def wrong(proof: ProofNote) -> list[str]:
    """Return the wrong arrays, those of the gradient check first."""
    found = (*proof.checks, *proof.operations, *proof.audits)
    return [str(each.array) for each in found if each.verdict == "wrong"]


def unchecked(proof: ProofNote) -> str:
    """Return "2 of 4 arrays cannot be checked", or "" where all dW and db are checked."""
    count = sum(each.verdict == "unchecked" for each in proof.checks)
    return f"{count} of {len(proof.checks)} arrays cannot be checked" if count else ""


def verdict(proof: ProofNote | None) -> str:
    """Summarise the proof in a few words after its sign.

    It is "✓ all checks pass" only where every array was compared.
    """
    if proof is None:
        return "…"
    if found := wrong(proof):
        return f"✗ wrong: {', '.join(found)}"
    if proof.fault:
        return "· check failed"
    if not proof.finished:
        return "…"
    return f"· {words}" if (words := unchecked(proof)) else "✓ all checks pass"


def all_parameters(proof: ProofNote) -> str:
    """Return "all 43 parameters"."""
    return f"all {proof.parameters:,} parameters"


def examples_of(proof: ProofNote) -> str:
    """Return "the next batch (25 examples)", and the last batch of the epoch if it is smaller."""
    counts = [f"{count} example{'' if count == 1 else 's'}" for count in proof.examples]
    batches = ("the next batch", "the last of the epoch")
    return " and ".join(f"{batch} ({count})" for batch, count in zip(batches, counts, strict=False))


def _figure(number: float) -> str:
    return f"{number:.0e}" if 0.0 < number < 1e-3 else f"{number:.2g}"


def _checked(each: ArrayProof) -> str:
    """Write "✓ 3e-16 ≤ 5e-14 of 24", "✗ 32 × the right one", or "· rounding dominates"."""
    sign = SIGNS.get(each.verdict)
    if sign is None:
        return f"· {each.why}"
    if each.ratio is not None:
        return f"{sign} {each.ratio:.3g} × the right one"
    relation = "≤" if each.verdict == "right" else ">"
    return f"{sign} {_figure(each.figure)} {relation} {_figure(each.bound)} of {each.compared}"


def _audited(each: ArrayProof) -> str:
    """Write "✓ 0.25 at [3,2]"."""
    row, column = each.cell
    figure = f"{each.figure:.2g} at [{row},{column}]" if each.figure else "equal"
    return f"{SIGNS[each.verdict]} {figure}"


def _table(found: Sequence[tuple[ArrayProof, str]]) -> list[Content]:
    """Write two arrays per line, that of W[l] and that of b[l]."""
    lines = []
    names = max(len(str(each.array)) for each, _ in found)
    for pair in zip(found[::2], found[1::2], strict=True):
        parts = [("  ", "")]
        for each, text in pair:
            parts.append((f"{each.array!s:<{names}} ", "$dim"))
            parts.append((f"{text:<{COLUMN - names}}", verdict_style(text)))
        lines.append(Content.assemble(*parts).rstrip())
    return lines


def _sign(found: Sequence[ArrayProof]) -> str:
    """Return ✗ where one array is wrong, ✓ where all are right."""
    verdicts = {each.verdict for each in found}
    if "wrong" in verdicts:
        return SIGNS["wrong"]
    return SIGNS["right"] if verdicts == {"right"} else "·"


def _head(title: str, sign: str, words: str) -> Content:
    return Content.assemble((f"{title:<16}", "bold"), (f"{sign} ", verdict_style(sign)), words)


def report(proof: ProofNote | None) -> list[Content]:
    """Write the whole proof, line by line; a sentence may be longer than a line."""
    if proof is None:
        return [Content.styled("… Starts when the run is paused.", "$dim")]
    return [
        *_gradient_check(proof),
        Content(),
        *_update_audit(proof),
        Content(),
        Content.styled(HOW_CHECKED.format(examples=examples_of(proof)), "$dim"),
        Content.styled(HOW_AUDITED, "$dim"),
    ]


def _gradient_check(proof: ProofNote) -> list[Content]:
    if proof.fault:
        return [_head("Gradient check", "·", f"failed: {proof.fault}")]
    words = all_parameters(proof)
    if not proof.finished:
        words = f"{proof.compared:,} of {words}"
    elif not_all := unchecked(proof):
        words = f"{not_all}; {words}"
    sign = _sign([*proof.checks, *_wrong_operations(proof)]) if proof.finished else "…"
    lines = [_head("Gradient check", sign, words)]
    if proof.finished:
        lines += _table([(each, _checked(each)) for each in proof.checks])
        lines.append(_operations(proof))
        lines += [
            Content.styled(f"  explained by {each}", "bold $error") for each in proof.mistakes
        ]
    return lines


def _wrong_operations(proof: ProofNote) -> list[ArrayProof]:
    return [each for each in proof.operations if each.verdict == "wrong"]


def _operations(proof: ProofNote) -> Content:
    """Write "z, a, J, da, dz  ✓ 11 arrays", or those that are wrong or were not compared."""
    wrong_ones = _wrong_operations(proof)
    right = sum(each.verdict == "right" for each in proof.operations)
    sign, text = "✓", f"✓ {right} arrays"
    if right < len(proof.operations):
        sign, text = "·", f"· {right} of {len(proof.operations)} arrays right"
    if wrong_ones:
        names = ", ".join(f"{each.array} {_figure(each.figure)}" for each in wrong_ones)
        sign, text = "✗", f"✗ {names}"
    return Content.assemble(("  z, a, J, da, dz  ", "$dim"), (text, verdict_style(sign)))


def _update_audit(proof: ProofNote) -> list[Content]:
    if not proof.audits and proof.fault:
        return [_head("Update audit", "·", "not run")]
    if not proof.audits:
        return [_head("Update audit", "…", "no update yet: press b")]
    head = _head("Update audit", _sign(proof.audits), f"update {proof.update}")
    # audits: W[1] b[1] W[2] b[2] …, then the optimiser state in the same order; group by layer
    order = sorted(enumerate(proof.audits), key=lambda pair: (pair[1].array.layer, pair[0]))
    return [head, *_table([(each, _audited(each)) for _, each in order])]


def flag(mistake: MistakeNote, width: int) -> list[Content]:
    """Warn that a mistake is injected; in two lines where one is too short."""
    line = f" ✗ MISTAKE INJECTED: {mistake.title}  (weights cannot be exported) "
    long = cell_len(line) > width
    lines = (
        (" ✗ MISTAKE INJECTED, weights cannot be exported:", f"   {mistake.title}")
        if long
        else (line,)
    )
    return [Content.styled(each, "bold $background on $error") for each in lines]
