"""Commands that move or change the run."""

from tuiprop.protocol.handlers.table import handler, moves
from tuiprop.protocol.messages.moving import (
    Change,
    Keep,
    Move,
    Pause,
    Play,
    Revert,
    Seek,
    SetPace,
    SetSlip,
    SetStops,
    Toggle,
    Try,
    Verify,
)
from tuiprop.protocol.state import State
from tuiprop.session.changes import settings_edit, slip_edit
from tuiprop.session.what_if import try_out
from tuiprop.training.edit import Edit


@moves
def play(engine: State, request: Play) -> None:
    """Train on."""
    engine.opened.walk.play(request.pace)


@moves
def toggle(engine: State, request: Toggle) -> None:
    """Play or pause."""
    engine.opened.walk.toggle(request.pace)


@moves
def set_pace(engine: State, request: SetPace) -> None:
    """Play at another pace."""
    if engine.run is not None:
        engine.run.walk.set_pace(request.pace)


@handler
def pause(engine: State, request: Pause) -> None:
    """Pause."""
    if engine.run is not None:
        engine.run.walk.stop()


@moves
def move(engine: State, request: Move) -> None:
    """Go so far on or back."""
    engine.opened.walk.move(request)


@moves
def seek(engine: State, request: Seek) -> None:
    """Go to a place."""
    engine.opened.walk.seek(request)


@handler
def try_change(engine: State, request: Try) -> None:
    """Try another value for a number, in place of the one that is tried."""
    opened = engine.opened
    _ = opened.session.fingerprint  # taken before inputs are changed
    opened.revert()
    opened.view.trial = try_out(opened.session, opened.walk, request)


@handler
def keep(engine: State, request: Keep) -> None:
    """Keep the change that is tried."""
    engine.opened.view.trial = None


@handler
def revert(engine: State, request: Revert) -> None:
    """Discard the change that is tried."""
    engine.opened.revert()


@moves
def change(engine: State, request: Change) -> None:
    """Train with other settings."""
    engine.opened.walk.stop()
    _edit(engine, settings_edit(engine.opened.session, request))


@moves
def set_slip(engine: State, request: SetSlip) -> None:
    """Inject a mistake, or take it out."""
    edit = slip_edit(engine.opened.session, request.name)
    engine.opened.walk.stop()
    _edit(engine, edit, apart=True)


def _edit(engine: State, edit: Edit, *, apart: bool = False) -> None:
    walk = engine.opened.walk
    walk.within.leave()
    walk.look_anew()
    engine.opened.session.run.edit(edit, apart=apart)


@handler
def set_stops(engine: State, request: SetStops) -> None:
    """Replace the conditions."""
    engine.opened.view.stops.replace(request.stops)
    engine.opened.walk.look_anew()


@handler
def verify(engine: State, request: Verify) -> None:
    """Begin the proof at once."""
    engine.opened.proof.verify()
