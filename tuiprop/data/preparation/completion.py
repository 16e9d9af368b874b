"""Completion of an experiment by its data: the target, the layers and the loss."""

from collections.abc import Sequence

import msgspec

from tuiprop.core.loss import LOSSES
from tuiprop.core.network import Network
from tuiprop.data.preparation.choices import input_choices, kept_rows, target_choices
from tuiprop.data.preparation.split import split
from tuiprop.data.preparation.target import MOST_CLASSES, looks_like_classes
from tuiprop.data.table import Column, Table
from tuiprop.training.breakpoint import parse
from tuiprop.training.experiment import Experiment, ExperimentError, LayerSettings, condition_error
from tuiprop.training.network import described_network
from tuiprop.training.quantity import ConditionError
from tuiprop.wording import listed, quote

_HIDDEN = LayerSettings(units=8, activation="tanh")


def complete(experiment: Experiment, table: Table) -> Experiment:
    """Return the experiment with target, layers and loss filled in, checked against the table.

    The default target is the last column. The default loss is the one that suits the activation of
    the output layer, or else the target. The default layers are 8 units of tanh and the output
    layer that loss and target need.

    Raises:
        ExperimentError: a key does not suit the table or another key.
        DataError: a missing value is refused.
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


def _targets(experiment: Experiment, table: Table) -> tuple[Column, ...]:
    names = experiment.data.targets or table.names[-1:]
    for i, name in enumerate(names):
        if name not in table:
            allowed = f"one of the columns {listed(table.names)}"
            raise ExperimentError.invalid(quote(name), allowed, key="data.target")
        if name in names[:i]:
            raise ExperimentError.invalid(
                f"{quote(name)} twice", "distinct columns", key="data.target"
            )
    return tuple(table[name] for name in names)


def _fitting_loss(layers: tuple[LayerSettings, ...] | None, targets: tuple[Column, ...]) -> str:
    """Return the default loss; `_check_loss` reports targets that it cannot take."""
    for target in targets:
        if target.refusal:
            raise ExperimentError(
                f'{target.refusal}; network.loss = "cross_entropy" makes its cells classes',
                key="data.target",
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
        raise ExperimentError.invalid(
            f"an output layer of {output}",
            f"a list that ends in softmax or sigmoid, as the target {target.name} is text",
            key="network.layers",
        )
    return "mse"


def _check_loss(loss: str, targets: tuple[Column, ...], key: str) -> None:
    """Check that the loss can take the targets.

    Args:
        loss: the name of the loss.
        targets: the target columns.
        key: the key at fault if it cannot.
    """
    if not LOSSES[loss].classes:
        for target in targets:
            if target.is_text:
                if len(targets) > 1:
                    reason = f"several targets must all be numbers, but {target.name} is text"
                    raise ExperimentError(reason, key=key)
                allowed = f"one of {_names(classes=True)}, as the target {target.name} is text"
                raise ExperimentError.invalid(loss, allowed, key=key)
        return
    if len(targets) > 1:
        allowed = f"one of {_names(classes=False)}, as there are {len(targets)} targets"
        raise ExperimentError.invalid(loss, allowed, key=key)
    count = len(targets[0].categories.names)
    if not 2 <= count <= MOST_CLASSES:
        classes = "1 class" if count == 1 else f"{count:,} classes"
        raise ExperimentError.invalid(
            f"{classes} in {targets[0].name}",
            f"a column of 2 to {MOST_CLASSES:,} classes for {loss}",
            key="data.target",
        )


def _names(classes: bool) -> str:
    return ", ".join(name for name, loss in LOSSES.items() if loss.classes == classes)


def _output_layer(loss: str, targets: tuple[Column, ...]) -> LayerSettings:
    activation = LOSSES[loss].output or "linear"
    return LayerSettings(units=_fitting_units(loss, targets)[0], activation=activation)


def _fitting_units(loss: str, targets: tuple[Column, ...]) -> tuple[int, ...]:
    """Return the possible values of n[L], the most suitable first."""
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
        raise ExperimentError(f"{key}: {error}", key=key) from None


def _check_outputs(
    layers: tuple[LayerSettings, ...], loss: str, targets: tuple[Column, ...]
) -> None:
    """Check that n[L] is what loss and targets need."""
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
    key = f"network.layers[{len(layers) - 1}].units"
    raise ExperimentError.invalid(str(units), allowed, key=key)


def _check_conditions(experiment: Experiment, network: Network, *, held_out: bool) -> None:
    """Check that network and data have what the conditions are about."""
    for i, each in enumerate(experiment.breakpoint):
        try:
            parse(each.when).quantity.check(network, held_out=held_out)
        except ConditionError as error:
            raise condition_error(i, error) from None
