"""The wording of the proof."""

from collections.abc import Sequence

from rich.cells import cell_len
from textual.content import Content

from tuiprop.protocol.messages.proof import ArrayProof, MistakeNote, ProofNote

SIGNS = {"right": "✓", "wrong": "✗"}
"""The signs of the verdicts; an unchecked array has none."""

HOW_CHECKED = (
    "Gradient check: dW and db against central differences of J at two steps, h and 4h, in "
    "float64, on {examples} of the next batch. Shown: the relative error and how many numbers "
    "were compared; those at a kink of g are left out. An array cannot be checked where the "
    "steps disagree, or rounding leaves fewer than five digits of the difference."
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
    return [str(each.array) for each in [*proof.checks, *proof.audits] if each.verdict == "wrong"]


def unchecked(proof: ProofNote) -> str:
    """Return "2 of 4 arrays cannot be checked", or "" where all are checked."""
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


def which(proof: ProofNote) -> str:
    """Return which parameters are compared, in words."""
    if proof.sample == proof.parameters:
        return f"all {proof.parameters:,} parameters"
    return f"a seeded sample of {proof.sample:,} of {proof.parameters:,} parameters"


def _checked(each: ArrayProof) -> str:
    """Write "✓ 3e-10 of 24, 2 at kinks", or "· steps disagree"."""
    kinks = f", {each.kinks} at kinks" if each.kinks and each.compared else ""
    figure = f"{each.figure:.0e}" if each.figure < 1e-3 else f"{each.figure:.2g}"
    sign = SIGNS.get(each.verdict)
    found = f"{sign} {figure} of {each.compared}" if sign else f"· {each.why}"
    return found + kinks


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
    examples = f"{proof.examples} example{'s' if proof.examples > 1 else ''}"
    return [
        *_gradient_check(proof),
        Content(),
        *_update_audit(proof),
        Content(),
        Content.styled(HOW_CHECKED.format(examples=examples), "$dim"),
        Content.styled(HOW_AUDITED, "$dim"),
    ]


def _gradient_check(proof: ProofNote) -> list[Content]:
    if proof.fault:
        return [_head("Gradient check", "·", f"failed: {proof.fault}")]
    words = which(proof)
    if not proof.finished:
        words = f"{proof.compared:,} of {words}"
    elif not_all := unchecked(proof):
        words = f"{not_all}; {words}"
    sign = _sign(proof.checks) if proof.finished else "…"
    lines = [_head("Gradient check", sign, words)]
    if proof.finished:
        lines += _table([(each, _checked(each)) for each in proof.checks])
    return lines


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
