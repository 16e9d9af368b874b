"""The settings that the dashboard keeps from one start to the next."""

import contextlib
import stat
from pathlib import Path
from typing import Annotated

import msgspec
from platformdirs import user_config_path

from tuiprop.storage.atomic import write_bytes

LARGEST = 2**16
"""The most bytes of the file."""


class Settings(msgspec.Struct, kw_only=True):
    """The user's choices; a file that cannot be read or written is ignored."""

    hint: bool = True
    """True to show the line of hints."""
    theme: Annotated[str, msgspec.Meta(pattern="^tuiprop-(dark|light)$")] = "tuiprop-dark"
    keymap: dict[str, str] = {}
    """Keys that replace the default ones, by the ids of the table of keys."""

    @classmethod
    def load(cls) -> tuple["Settings", str]:
        """Read the saved choices.

        Returns:
            The choices and "", or the defaults and a sentence on why the file cannot be read.
        """
        path = _path()
        try:
            return msgspec.json.decode(_content(path), type=cls), ""
        except FileNotFoundError:
            return cls(), ""
        except OSError as error:
            why = error.strerror or str(error)
        except RecursionError:
            why = "it is nested too deeply"
        except ValueError as error:  # raised by msgspec, or by text that is not UTF-8
            why = str(error)
        return cls(), f"{path}: cannot be read: {why}. The defaults are used."

    def save(self) -> None:
        """Save the choices."""
        with contextlib.suppress(OSError):
            _path().parent.mkdir(parents=True, exist_ok=True)
            write_bytes(_path(), msgspec.json.encode(self))


def _content(path: Path) -> bytes:
    """Return the content of a regular file of reasonable size; others may never end."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("it is not a regular file")
    if status.st_size > LARGEST:
        raise ValueError(f"it has {status.st_size:,} bytes, more than {LARGEST:,}")
    return path.read_bytes()


def settings_folder() -> Path:
    """Return the folder of the settings file."""
    return user_config_path("tuiprop")


def _path() -> Path:
    return settings_folder() / "settings.json"
