"""What an experiment leaves to the data: the target, the layers and the loss."""

from collections.abc import Sequence

import msgspec

from tuiprop.core.loss import LOSSES
from tuiprop.core.network import Network
from tuiprop.data.choices import input_choices, kept_rows, target_choices
from tuiprop.data.split import split
from tuiprop.data.table import Column, Table, listed, quote
from tuiprop.data.target import MOST_CLASSES, looks_like_classes
from tuiprop.training.breakpoint import ConditionError, parse
from tuiprop.training.experiment import Experiment, ExperimentError, LayerSettings
from tuiprop.training.network import described_network

_HIDDEN = LayerSettings(units=8, activation="tanh")


def complete(experiment: Experiment, table: Table) -> Experiment:
    """The experiment with target, layers and loss written out, and found to fit the table.

    Left out, the target is the last column; the loss is what the activation of the output layer
    goes with, or else what the target looks like; the layers are 8 units of tanh and the output
    layer that loss and target need.

    Raises:
        ExperimentError: a key that does not fit the table or another key.
        DataError: a value is missing where that is refused.
    """
    targets = _targets(experiment, table)
    data = msgspec.structs.replace(
        experiment.data, target=experiment.data.target or targets[0].name
    )
    choices = input_choices(data, table)
    network = experiment.network
    loss = network.loss or _fitting_loss(network.layers, targets)
    _check_loss(loss, targets, "network.loss" if network.loss else "data.target")
    of_targets = target_choices(data, table, classes=LOSSES[loss].classes)
    kept = kept_rows((*choices, *of_targets), table)
    layers = network.layers or (_HIDDEN, _output_layer(loss, targets))
    described = _network(len(choices), layers, loss, network.loss is not None)
    _check_outputs(layers, loss, targets)
    if experiment.breakpoint:
        classes = targets[0].categories if LOSSES[loss].classes else None
        _, validation = split(data, table, kept, classes)
        _check_conditions(experiment, described, held_out=len(validation) > 0)
    return msgspec.structs.replace(
        experiment,
        data=data,
        network=msgspec.structs.replace(network, layers=layers, loss=loss),
    )


def _error(key: str, found: str, allowed: str) -> ExperimentError:
    return ExperimentError(f"{key}: found {found}, allowed: {allowed}", key)


def _targets(experiment: Experiment, table: Table) -> tuple[Column, ...]:
    names = experiment.data.targets or table.names[-1:]
    for i, name in enumerate(names):
        if name not in table:
            raise _error("data.target", quote(name), listed(table.names))
        if name in names[:i]:
            raise _error("data.target", f"{quote(name)} twice", "different columns")
    return tuple(table[name] for name in names)


def _fitting_loss(layers: tuple[LayerSettings, ...] | None, targets: tuple[Column, ...]) -> str:
    """The loss where none is named; of targets that it cannot take, `_check_loss` complains."""
    for target in targets:
        if target.doubt:
            raise ExperimentError(
                f'{target.doubt}; network.loss = "cross_entropy" makes classes of the target',
                "data.target",
            )
    if len(targets) > 1:
        return "mse"
    target = targets[0]
    classes = looks_like_classes(target)
    if layers is None:
        if not classes:
            return "mse"
        return "binary_cross_entropy" if len(target.categories.names) == 2 else "cross_entropy"
    output = layers[-1].activation
    if output == "softmax":
        return "cross_entropy"
    if output == "sigmoid" and classes:
        return "binary_cross_entropy"
    if target.is_text:
        raise _error(
            "network.layers",
            f"an output layer of {output}, which goes with numbers",
            f"softmax or sigmoid, as the target {target.name} is text",
        )
    return "mse"


def _check_loss(loss: str, targets: tuple[Column, ...], key: str) -> None:
    """That the loss can take the targets.

    Args:
        loss: its name.
        targets: the target columns.
        key: what the user can change.
    """
    if not LOSSES[loss].classes:
        for target in targets:
            if target.is_text:
                raise _error(
                    key,
                    f"{loss} for the target {target.name}, which is text",
                    _names(classes=True) if len(targets) == 1 else "several targets of numbers",
                )
        return
    if len(targets) > 1:
        raise _error(
            key,
            f"{loss} for {len(targets)} targets",
            f"one target of classes, or {_names(classes=False)}",
        )
    count = len(targets[0].categories.names)
    if not 2 <= count <= MOST_CLASSES:
        classes = "1 class" if count == 1 else f"{count} classes"
        raise _error(
            "data.target",
            f"{classes} in {targets[0].name}",
            f"from 2 to {MOST_CLASSES} classes for {loss}",
        )


def _names(classes: bool) -> str:
    return ", ".join(name for name, loss in LOSSES.items() if loss.classes == classes)


def _output_layer(loss: str, targets: tuple[Column, ...]) -> LayerSettings:
    activation = LOSSES[loss].output or "linear"
    return LayerSettings(units=_fitting_units(loss, targets)[0], activation=activation)


def _fitting_units(loss: str, targets: tuple[Column, ...]) -> tuple[int, ...]:
    """The values that n[L] can have, the one that suits best first."""
    if not LOSSES[loss].classes:
        return (len(targets),)
    count = len(targets[0].categories.names)
    return (1, 2) if loss == "binary_cross_entropy" and count == 2 else (count,)


def _network(
    inputs: int, layers: Sequence[LayerSettings], loss: str, loss_is_named: bool
) -> Network:
    try:
        return described_network(inputs, layers, loss)
    except ValueError as error:
        of_loss = loss_is_named and not str(error).startswith("layer ")
        key = "network.loss" if of_loss else "network.layers"
        raise ExperimentError(f"{key}: {error}", key) from None


def _check_outputs(
    layers: tuple[LayerSettings, ...], loss: str, targets: tuple[Column, ...]
) -> None:
    """That n[L] is what loss and targets need."""
    units, fitting = layers[-1].units, _fitting_units(loss, targets)
    if units in fitting:
        return
    if LOSSES[loss].classes:
        names = listed(targets[0].categories.names, most=10)
        each = f"one for each class of {targets[0].name} ({names})"
        allowed = f"1, or 2, {each}" if len(fitting) == 2 else f"{fitting[0]}, {each}"
    else:
        names = listed((target.name for target in targets), most=10)
        allowed = f"{fitting[0]}, one for each target column ({names})"
    raise _error(f"network.layers[{len(layers) - 1}].units", str(units), allowed)


def _check_conditions(experiment: Experiment, network: Network, *, held_out: bool) -> None:
    """That the network and the data have what the conditions ask for."""
    for i, each in enumerate(experiment.breakpoint):
        try:
            parse(each.when).quantity.check(network, held_out=held_out)
        except ConditionError as error:
            key = f"breakpoint[{i}].when"
            raise ExperimentError(f"{key}: {error}", key) from None
