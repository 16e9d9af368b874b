"""Handlers that move or change the run."""

from tuiprop.protocol.handlers.table import handler, moves
from tuiprop.protocol.messages.conditions import SetStops
from tuiprop.protocol.messages.moving import Move, Pause, Play, Seek, SetSpeed, Toggle
from tuiprop.protocol.messages.proof import SetMistake, Verify
from tuiprop.protocol.messages.settings import Change
from tuiprop.protocol.messages.what_if import Keep, Revert, Try
from tuiprop.protocol.state import State
from tuiprop.session.changes import mistake_edit, settings_edit
from tuiprop.session.what_if import try_out


@moves
def play(engine: State, request: Play) -> None:
    """Train."""
    engine.opened.cursor.play(request.speed)


@moves
def toggle(engine: State, request: Toggle) -> None:
    """Play or pause."""
    engine.opened.cursor.toggle(request.speed)


@moves
def set_speed(engine: State, request: SetSpeed) -> None:
    """Play at another speed."""
    if engine.run is not None:
        engine.run.cursor.set_speed(request.speed)


@handler
def pause(engine: State, request: Pause) -> None:
    """Pause."""
    if engine.run is not None:
        engine.run.cursor.stop()


@moves
def move(engine: State, request: Move) -> None:
    """Go forward or back by some steps."""
    engine.opened.cursor.move(request)


@moves
def seek(engine: State, request: Seek) -> None:
    """Go to a place."""
    engine.opened.cursor.seek(request)


@handler
def try_change(engine: State, request: Try) -> None:
    """Try another value for a number, in place of any change being tried."""
    opened = engine.opened
    opened.cursor.stop()
    opened.at.what_if = try_out(opened.session, opened.cursor, request)


@handler
def keep(engine: State, request: Keep) -> None:
    """Keep the tried change."""
    opened = engine.opened
    tried, opened.at.what_if = opened.at.what_if, None
    if tried is not None:
        tried.keep(opened.cursor)


@handler
def revert(engine: State, request: Revert) -> None:
    """Discard the tried change."""
    engine.opened.at.what_if = None


@moves
def change(engine: State, request: Change) -> None:
    """Train with other settings."""
    opened = engine.opened
    opened.cursor.stop()
    opened.cursor.edit(settings_edit(opened.session, request))


@moves
def set_mistake(engine: State, request: SetMistake) -> None:
    """Inject a mistake, or remove it."""
    opened = engine.opened
    opened.cursor.edit(mistake_edit(opened.session, request.name), apart=True)


@handler
def set_stops(engine: State, request: SetStops) -> None:
    """Replace the conditions."""
    engine.opened.stops.replace(request.stops)
    engine.opened.cursor.invalidate_conditions()


@handler
def verify(engine: State, request: Verify) -> None:
    """Begin the proof at once."""
    engine.opened.proof.verify()
