"""The panel beside the set-up form: the network that results, or what is wrong."""

from itertools import pairwise

from textual.content import Content
from textual.widgets import Static

from tuiprop.protocol.messages.data import Outline


class Outcome(Static):
    """Describes an experiment that was checked."""

    def describe(self, outline: Outline) -> None:
        """Show the network, the examples and the classes of an experiment."""
        network = outline.experiment["network"]
        rows = [("l", "W", "b", "g")]
        rows += _shapes(outline.sizes, [layer["activation"] for layer in network["layers"]])
        widths = [max(len(row[i]) for row in rows) + 2 for i in range(4)]
        lines = [Content(f"n[0] = {outline.sizes[0]} inputs"), Content()]
        for i, row in enumerate(rows):
            line = "".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            lines.append(Content.styled(line.rstrip(), "" if i else "$dim"))
        updates = "update" if outline.per_epoch == 1 else "updates"
        lines += [
            Content(),
            Content.styled(f"{outline.parameters:,} parameters", "bold"),
            Content(
                f"{outline.rows} rows: {outline.training} training, {outline.validation} validation"
            ),
            Content(f"{outline.per_epoch} {updates} per epoch"),
        ]
        if outline.classes:
            lines.append(Content.assemble(("classes ", "$dim"), ", ".join(outline.classes)))
        if outline.notes:
            lines += [Content(), *(Content(f"· {note}") for note in outline.notes)]
        self.update(Content("\n").join(lines))

    def refuse(self, sentence: str) -> None:
        """Show what is wrong."""
        self.update(Content.assemble(("✗ ", "bold $error"), (sentence, "$error")))


def _shapes(sizes: list[int], activations: list[str]) -> list[tuple[str, str, str, str]]:
    """Return l, the shapes of W and b, and the name of g of each layer."""
    return [
        (str(l), f"({n},{before})", f"({n},1)", activations[l - 1])
        for l, (before, n) in enumerate(pairwise(sizes), start=1)
    ]
