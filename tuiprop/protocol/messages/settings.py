"""The settings of the training, and the command that changes them."""

from tuiprop.protocol.messages.base import Query, Request, View


class EffectiveSettings(View, frozen=True, kw_only=True):
    """The settings that the next update is computed with."""

    optimizer: str
    learning_rate: float
    l2: float
    batch_size: int
    options: dict[str, float | tuple[float, float]]


class EffectiveSettingsQuery(Query[EffectiveSettings], frozen=True, kw_only=True):
    """Ask for the settings of the next update."""


class Change(Request[None], frozen=True, kw_only=True):
    """Train with other settings from here on."""

    learning_rate: float | None = None
    l2: float | None = None
    batch_size: int | None = None
    """The batch size from the next epoch on."""
    optimizer: str | None = None
    options: dict[str, float | tuple[float, float]] | None = None
