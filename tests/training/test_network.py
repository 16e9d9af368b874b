import pytest

from tuiprop.training.experiment import LayerSettings
from tuiprop.training.network import described_network


def _layer(units: int, activation: str) -> LayerSettings:
    return LayerSettings(units=units, activation=activation)


@pytest.mark.parametrize(
    ("inputs", "layers", "loss", "sentence"),
    [
        (0, (_layer(1, "linear"),), "mse", "1 unit or more, and the network 1 input or more"),
        (2, (_layer(0, "linear"),), "mse", "1 unit or more, and the network 1 input or more"),
        (2, (), "mse", "a network needs 1 layer or more"),
        (2, (_layer(2, "tanh"), _layer(1, "tan")), "mse", "layer 2: there is no activation 'tan'"),
        (
            2,
            (_layer(2, "softmax"), _layer(1, "linear")),
            "mse",
            "layer 1: softmax is for the output layer only, which is layer 2",
        ),
        (2, (_layer(1, "linear"),), "rmse", "there is no loss 'rmse'"),
        (
            2,
            (_layer(1, "tanh"),),
            "binary_cross_entropy",
            "binary_cross_entropy needs a sigmoid output layer, found tanh; "
            "with tanh: mse, squared_error, mae, huber",
        ),
        (
            2,
            (_layer(3, "sigmoid"),),
            "cross_entropy",
            "cross_entropy needs a softmax output layer, found sigmoid; "
            "with sigmoid: binary_cross_entropy, mse, squared_error, mae, huber",
        ),
        (
            2,
            (_layer(3, "softmax"),),
            "binary_cross_entropy",
            "binary_cross_entropy needs a sigmoid output layer, found softmax; "
            "with softmax: cross_entropy, mse, squared_error, mae, huber",
        ),
    ],
)
def test_what_cannot_be(
    inputs: int, layers: tuple[LayerSettings, ...], loss: str, sentence: str
) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        described_network(inputs, layers, loss)
    assert sentence in str(caught.value)
