"""What the dashboard remembers from one start to the next."""

import contextlib
from pathlib import Path

import msgspec
from platformdirs import user_config_path


class Settings(msgspec.Struct, kw_only=True):
    """The user's choices; a file that cannot be read or written changes nothing."""

    hint: bool = True
    """Show the line of hint."""
    theme: str = "tuiprop-dark"

    @classmethod
    def load(cls) -> "Settings":
        """The choices made before, or the defaults."""
        with contextlib.suppress(OSError, msgspec.MsgspecError):
            return msgspec.json.decode(_path().read_bytes(), type=cls)
        return cls()

    def save(self) -> None:
        """Keep the choices."""
        with contextlib.suppress(OSError):
            _path().parent.mkdir(parents=True, exist_ok=True)
            _path().write_bytes(msgspec.json.encode(self))


def _path() -> Path:
    return user_config_path("tuiprop") / "settings.json"
