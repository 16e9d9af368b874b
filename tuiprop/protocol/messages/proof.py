"""The gradient check and the update audit, and the mistakes that they find."""

from tuiprop.protocol.messages.base import Message, Query, Request, View
from tuiprop.update.arrays import ArrayRef


class MistakeNote(Message, frozen=True, kw_only=True):
    """A mistake that can be injected into the network."""

    name: str
    title: str
    """The mistaken equation."""
    right: str
    """The right equation."""
    sentence: str


class SetMistake(Request[None], frozen=True, kw_only=True):
    """Inject a mistake from here on, on a new branch; None removes it."""

    name: str | None


class ArrayProof(Message, frozen=True, kw_only=True):
    """The result of checking one array."""

    array: ArrayRef
    """The array: dW[2], or for the audit W[2] or its optimiser state."""
    verdict: str
    """The verdict: right, wrong or unchecked."""
    figure: float
    """The largest difference as a share of the largest number; for the audit as a share of its
    bound."""
    bound: float = 0.0
    """The largest difference that rounding explains, as the same share; not for the audit."""
    compared: int = 0
    """The number of values that were compared."""
    of: int = 0
    """The number of all values."""
    ratio: float | None = None
    """The numbers of a wrong array divided by the right ones, if that is the same in every cell."""
    why: str = ""
    """The reason for "unchecked", such as "rounding dominates"."""
    cell: tuple[int, int] = (0, 0)
    """The cell with the largest difference, as a share of its bound."""


class ProofNote(Message, frozen=True, kw_only=True):
    """The proof of the current position."""

    finished: bool
    compared: int
    """Parameters compared so far."""
    parameters: int
    """The number of all parameters."""
    examples: list[int]
    """The number of examples of each batch that is checked: the next, and the last of the epoch
    if that has another size."""
    layers: list[str]
    """The result of each layer: ✓ 3e-16, ✗ dW[2], or why it is unchecked."""
    checks: list[ArrayProof]
    """The gradient check of each dW[l] and db[l]."""
    operations: list[ArrayProof]
    """The check of the other arrays, in the order of the update: z[1], a[1], …, J, da[L], …"""
    mistakes: list[str]
    """The known mistakes that explain every wrong J, dW and db: equation and sentence."""
    update: int
    """The update that was audited."""
    audits: list[ArrayProof]
    """The audit of each W[l] and b[l] and of the optimiser state; empty before any update."""
    passed: bool | None
    """The proof found nothing wrong; None until it is finished."""
    fault: str = ""
    """The exception that ended the proof before it was finished, or empty."""


class Proof(View, frozen=True, kw_only=True):
    """The gradient check and the update audit, and the mistake that may make them fail."""

    note: ProofNote | None
    """None while the run moves, and until the proof begins."""
    mistake: MistakeNote | None
    """The injected mistake."""


class ProofQuery(Query[Proof], frozen=True, kw_only=True):
    """Ask for the proof."""


class Verify(Request[None], frozen=True, kw_only=True):
    """Check the gradient and audit the update at once."""
