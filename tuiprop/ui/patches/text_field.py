"""A field for a line of text, of limited length.

No upstream issue known. If a text does not fit, `Input(max_length=…)` of Textual 8.2.8 silently
drops all of it.
"""

from textual.widgets import Input

from tuiprop.ui.patches.keyboard import LONGEST_TEXT, Dropped


class TextField(Input):
    """An input whose text has a limit, beyond which what is typed or pasted is dropped."""

    def replace(self, text: str, start: int, end: int) -> None:
        """Replace a part of the text by as much of another text as fits.

        Args:
            text: the new text.
            start: where the part begins.
            end: where it ends.
        """
        room = max(0, LONGEST_TEXT - len(self.value) + abs(end - start))
        if len(text) > room:
            self.app.post_message(
                Dropped(
                    f"The field holds at most {LONGEST_TEXT:,} characters; the rest was dropped."
                )
            )
        super().replace(text[:room], start, end)
