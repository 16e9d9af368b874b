"""The run that views show: the open one, or a what-if of it."""

from tuiprop.session.cursor import Cursor
from tuiprop.session.session import Session
from tuiprop.session.what_if import WhatIf
from tuiprop.training.run import Run


class Viewpoint:
    """The session and the cursor that views show.

    Args:
        session: the open session.
        cursor: its cursor.
    """

    def __init__(self, session: Session, cursor: Cursor) -> None:
        self._session, self._cursor = session, cursor
        self.what_if: WhatIf | None = None
        """The what-if that is shown instead of the run; None without one."""

    @property
    def session(self) -> Session:
        """The session that is shown."""
        return self._session if self.what_if is None else self.what_if.session

    @property
    def cursor(self) -> Cursor:
        """The cursor that is shown."""
        return self._cursor if self.what_if is None else self.what_if.cursor

    @property
    def run(self) -> Run:
        """The run that is shown."""
        return self.session.run
