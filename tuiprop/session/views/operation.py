"""Descriptions of an operation for the screen."""

from collections.abc import Sequence

import numpy as np

from tuiprop.core.network import Network
from tuiprop.protocol.messages.operation import Axis, EquationPart, Operand, OperationNote
from tuiprop.protocol.messages.proof import MistakeNote
from tuiprop.update.arrays import ArrayRef, T
from tuiprop.update.equation import MEAN, Piece
from tuiprop.update.operation import Operation, Phase
from tuiprop.update.record import Record
from tuiprop.verify.injection import Mistake

AXES: tuple[Axis, Axis] = ("row", "column")


def describe(
    operations: Sequence[Operation], number: int, network: Network, m: int, count: int
) -> OperationNote:
    """Describe one of the operations of an update.

    Args:
        operations: the operations of the update.
        number: the number of the operation, from 1.
        network: the network.
        m: the number of examples in the batch.
        count: t in the rule of the optimiser.
    """
    operation = operations[number - 1]
    result = operation.result

    def part(piece: Piece) -> EquationPart:
        """A piece of an equation with the shape that is printed under it."""
        if piece == MEAN:
            return EquationPart(text=piece.text, shape=f"1/{m}")
        if piece.array is None or piece.array.is_number:
            return EquationPart(text=piece.text)
        direction = -1 if piece.transposed else 1
        rows, columns = piece.array.shape(network.sizes, m)[::direction]
        names = piece.array.size_names[::direction]
        return EquationPart(
            text=piece.text, shape=f"({rows},{columns})", names=f"({','.join(names)})"
        )

    return OperationNote(
        number=number,
        phase=operation.phase.value,
        result=result,
        equation=[
            part(Piece.of(result)),
            EquationPart(text=operation.sign),
            *map(part, operation.equation),
        ],
        rule=list(operation.rule),
        summed_over=operation.summed_over,
        sentence=operation.sentence.format(m=m),
        latex=list(operation.latex),
        numpy=operation.numpy.format(m=m, t=count).splitlines(),
        operands=[
            _operand(
                reference,
                result,
                update=operation.phase is Phase.UPDATE,
                summand=reference in _summands(operation),
            )
            for reference in operation.operands
            if reference != T
        ],
        next=operations[number].text if number < len(operations) else "",
    )


def _summands(operation: Operation) -> set[ArrayRef]:
    """The operands that are summands, alone or times a number."""
    if operation.phase is Phase.UPDATE:
        return set(operation.operands)
    terms: list[list[ArrayRef]] = [[]]
    for piece in operation.equation:
        if piece.text in ("+", "−"):
            terms.append([])
        elif piece.array is not None:
            terms[-1].append(piece.array)
    return {term[0] for term in terms if len(term) == 1} if len(terms) > 1 else set()


def _operand(array: ArrayRef, result: ArrayRef, *, update: bool, summand: bool) -> Operand:
    """Describe an operand: each axis that the result shares is read at the result's index."""
    if update:  # element by element
        return Operand(array=array, rows="row", columns="column", summand=summand)
    axes: dict[str, Axis] = {}
    for size, axis in zip(result.size_names, AXES, strict=True):
        if size != "1":
            axes.setdefault(size, axis)
    rows, columns = (axes.get(size, "") for size in array.size_names)
    return Operand(array=array, rows=rows, columns=columns, summand=summand)


def mistake_note(mistake: Mistake) -> MistakeNote:
    """Describe a mistake for the screen."""
    return MistakeNote(
        name=mistake.name, title=mistake.title, right=mistake.right, sentence=mistake.sentence
    )


def long_route(network: Network, record: Record) -> str:
    """Compare dz[L] = a[L] − y with da[L] * g′(z[L]); name examples where that is undefined."""
    L = network.L
    long_way = np.empty_like(record.dz[L])
    with np.errstate(all="ignore"):
        network.activation(L).multiply_derivative(
            record.z[L], record.a[L], record.da[L], long_way, np.empty_like(long_way)
        )
    finite = np.isfinite(long_way).all(axis=0)
    if finite.all():
        difference = float(np.abs(long_way - record.dz[L]).max())
        return f"The long route, over da[{L}], differs by at most {difference:.1e}."
    rows = ", ".join(f"#{row}" for row in record.examples[~finite])
    return f"The long route has no number for {rows}: an output saturates there."
