"""References to arrays: names, shapes, and the properties that everything else asks for."""

import subprocess
import sys

import msgspec
import pytest

from tuiprop.core.loss import LOSSES
from tuiprop.core.network import Layer, Network
from tuiprop.core.optimizer import OPTIMIZERS
from tuiprop.update.arrays import ArrayRef, CellRef, T, of_layer, results
from tuiprop.update.operations import operation_count, operations, propagation_count

SIZES, M = (4, 8, 3), 5


@pytest.mark.parametrize(
    ("array", "names", "shape", "shape_name"),
    [
        (ArrayRef("W", 2), ("W[2]", "W2", "W^{[2]}"), (3, 8), "(n[2],n[1])"),
        (ArrayRef("db", 1), ("db[1]", "db1", "db^{[1]}"), (8, 1), "(n[1],1)"),
        (ArrayRef("a", 0), ("a[0]", "a0", "a^{[0]}"), (4, 5), "(n[0],m)"),
        (ArrayRef("y", 2), ("y", "y", "y"), (3, 5), "(n[2],m)"),
        (ArrayRef("J", 2), ("J", "J", "J"), (1, 1), ""),
        (ArrayRef("W", 1, "v"), ("v(W[1])", "v_W1", "v_{W^{[1]}}"), (8, 4), "(n[1],n[0])"),
        (T, ("t", "t", "t"), (1, 1), ""),
    ],
)
def test_names_and_shapes(
    array: ArrayRef, names: tuple[str, str, str], shape: tuple[int, int], shape_name: str
) -> None:
    assert (str(array), array.numpy, array.latex) == names
    assert array.in_file() == array.numpy
    assert array.shape(SIZES, M) == shape
    assert array.shape_name == shape_name


def test_names_of_cells_and_of_what_an_update_changes() -> None:
    assert ArrayRef("dW", 2).cell_name("setosa", "u4") == "dW[2][setosa,u4]"
    assert ArrayRef("b", 2).cell_name("setosa", "b") == "b[2][setosa]"
    assert ArrayRef("J", 2).cell_name("", "J") == "J"
    assert ArrayRef("W", 2).in_file(after=True) == "W2_after"


def test_an_array_exists_in_the_layers_that_have_it() -> None:
    L = len(SIZES) - 1
    there = [array for l in range(-1, L + 2) for array in of_layer(l) if array.exists(L)]
    assert [str(array) for array in there if array.layer == 0] == ["a[0]"]
    assert len(there) == 8 * L + 1
    assert [l for l in range(4) if ArrayRef("J", l).exists(L)] == [L]
    assert not ArrayRef("Q", 1).exists(L)
    for cell, exists in (
        (CellRef(ArrayRef("b", 1), 7), True),
        (CellRef(ArrayRef("b", 1), 8), False),
        (CellRef(ArrayRef("b", 1), 0, 1), False),
        (CellRef(ArrayRef("a", 0), 3, 4), True),
        (CellRef(ArrayRef("a", 0), -1), False),
        (CellRef(ArrayRef("z", 0)), False),
    ):
        assert cell.exists(SIZES, M) == exists, cell


def test_properties() -> None:
    refs = [*of_layer(0), *of_layer(1), ArrayRef("y", 1), ArrayRef("J", 1), ArrayRef("W", 1, "v")]

    def having(name: str) -> list[str]:
        return [str(array) for array in refs if getattr(array, name)]

    assert having("is_parameter") == ["W[1]", "b[1]", "v(W[1])"]
    assert having("is_given") == ["a[0]", "W[1]", "b[1]", "y", "v(W[1])"]
    assert having("is_editable") == ["a[0]", "W[1]", "b[1]"]
    assert [str(array) for array in refs if not array.is_of_layer] == ["y", "J", "v(W[1])"]
    assert str(ArrayRef("W", 1, "v").gradient) == "dW[1]"


@pytest.mark.parametrize("loss", ["cross_entropy", "mse"])
@pytest.mark.parametrize("L", [1, 3])
def test_results_are_those_of_the_operations_in_order(loss: str, L: int) -> None:
    output = LOSSES[loss].output or "tanh"
    layers = (*(Layer(3, "tanh") for _ in range(L - 1)), Layer(2, output))
    found = operations(Network(4, layers, loss), OPTIMIZERS["adam"], 0.1)
    assert tuple(operation.result for operation in found) == results(L)
    assert len(found) == operation_count(L)
    is_change = [result.is_parameter for result in results(L)]
    assert is_change.index(True) == propagation_count(L)
    computed: set[ArrayRef] = set()
    for operation in found:  # each reads what is given or was computed before it
        assert all(array.is_given or array in computed for array in operation.operands)
        computed.add(operation.result)


def test_references_travel_in_messages() -> None:
    cell = CellRef(ArrayRef("W", 1, "v"), 2, 3, before=True)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(cell), type=CellRef) == cell


def test_references_need_no_numpy() -> None:
    program = "import sys, tuiprop.update.arrays; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
