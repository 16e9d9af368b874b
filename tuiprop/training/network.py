"""The network that the settings of an experiment describe."""

from collections.abc import Sequence

from tuiprop.core.activation import ACTIVATIONS
from tuiprop.core.loss import LOSSES
from tuiprop.core.network import Layer, Network
from tuiprop.errors import InputError
from tuiprop.training.experiment import Experiment, LayerSettings


def network_of(experiment: Experiment, inputs: int) -> Network:
    """The network that a complete experiment describes, over n[0] inputs.

    Raises:
        InputError: see `described_network`.
    """
    settings = experiment.network
    assert settings.layers is not None
    assert settings.loss is not None
    return described_network(inputs, settings.layers, settings.loss, settings.l2)


def described_network(
    inputs: int, layers: Sequence[LayerSettings], loss: str, l2: float = 0.0
) -> Network:
    """Build the network over n[0] inputs.

    Raises:
        InputError: a size below 1, an unknown name, softmax before the output layer, or an
            output layer that the loss is not defined for. The sentence names a valid choice.
    """
    if inputs < 1 or any(layer.units < 1 for layer in layers):
        raise InputError("every layer needs 1 unit or more, and the network 1 input or more")
    if not layers:
        raise InputError("a network needs 1 layer or more, the output layer")
    for l, layer in enumerate(layers, start=1):
        if layer.activation not in ACTIVATIONS:
            raise InputError(f"layer {l}: there is no activation {layer.activation!r}")
        if ACTIVATIONS[layer.activation].output_only and l < len(layers):
            raise InputError(
                f"layer {l}: {layer.activation} is for the output layer only, "
                f"which is layer {len(layers)}"
            )
    if loss not in LOSSES:
        raise InputError(f"there is no loss {loss!r}")
    needed, found = LOSSES[loss].output, layers[-1].activation
    if needed not in (None, found):
        fitting = ", ".join(name for name, each in LOSSES.items() if each.output in (None, found))
        raise InputError(
            f"{loss} needs a {needed} output layer, found {found}; with {found}: {fitting}"
        )
    return Network(inputs, tuple(Layer(each.units, each.activation) for each in layers), loss, l2)


def usual_loss(output: str) -> str:
    """The loss for an activation of the output layer; mse if none is specific to it."""
    return next((name for name, loss in LOSSES.items() if loss.output == output), "mse")
