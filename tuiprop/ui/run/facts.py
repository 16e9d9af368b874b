"""The panel beside the cost chart: the proof of the current state, and facts about the run."""

from typing import Any, ClassVar

from textual.content import Content

from tuiprop.protocol.messages.base import Query
from tuiprop.protocol.messages.data import Outline
from tuiprop.protocol.messages.frame import Frame
from tuiprop.protocol.messages.moving import Motion, MotionQuery, Position, PositionQuery
from tuiprop.protocol.messages.operation import CurrentOperation, CurrentOperationQuery
from tuiprop.protocol.messages.proof import Proof, ProofNote, ProofQuery
from tuiprop.protocol.messages.settings import EffectiveSettings, EffectiveSettingsQuery
from tuiprop.protocol.messages.training import Costs, CostsQuery
from tuiprop.ui.drawing.line import Line
from tuiprop.ui.drawing.numbers import short
from tuiprop.ui.status import optimiser
from tuiprop.ui.verify import words as proving


class FactsPanel(Line):
    """The proof, then the progress, the data and the settings of the run."""

    DEFAULT_CSS = """
    FactsPanel { width: 46; height: 1fr; background: $background; padding: 0 1;
                 border: round $border; border-title-color: $foreground; }
    """
    QUERIES: ClassVar[tuple[Query[Any], ...]] = (
        PositionQuery(),
        MotionQuery(),
        CurrentOperationQuery(),
        CostsQuery(),
        ProofQuery(),
        EffectiveSettingsQuery(),
    )
    """The views that it shows."""

    def on_mount(self) -> None:
        """Write the title of the panel."""
        self.border_title = "[b]Proof[/b] and run"

    def tell(self, frame: Frame, outline: Outline) -> None:
        """Show the proof and the facts, if the panel is visible."""
        if self.is_on_screen:
            width = self.size.width
            self.show([*proof_lines(frame, width), *facts(frame, outline, width)])


def progress(at: Position, width: int) -> Content:
    """Return a bar over the epochs."""
    done = min(1.0, at.update / (at.last_update or 1))
    filled = round(done * width)
    return Content.assemble(
        ("━" * filled, "$success"),
        ("─" * (width - filled), "$border"),
    )


def facts(frame: Frame, outline: Outline, width: int) -> list[Content]:
    """Return the run panel: progress, accuracy, data, optimiser, loss, parameters."""
    experiment = outline.experiment
    training = experiment["training"]
    position, costs, settings = frame[Position], frame[Costs], frame[EffectiveSettings]
    rows: list[tuple[str, Content]] = []

    def row(label: str, value: str) -> None:
        rows.append((label, Content.styled(value, "$foreground")))

    epochs = training["epochs"]
    row("progress", f"{position.epochs_done} of {epochs} epochs done")
    rows.append(("", progress(position, max(4, width - 13))))
    if costs.penalty:
        row("J training", f"{short(costs.training_loss)} loss + {short(costs.penalty)} L2 term")
    if costs.accuracy_training is not None:
        row("accuracy", f"training   {costs.accuracy_training:.2%}")
        if costs.accuracy_validation is not None:
            row("", f"validation {costs.accuracy_validation:.2%}")
    row("examples", f"{outline.training} training, {outline.validation} validation")
    row("batches", f"{position.per_epoch} of {position.batch_size} per epoch")
    row("optimiser", optimiser(settings))
    row("loss", str(experiment["network"]["loss"]))
    row("parameters", f"{outline.parameters:,} ({training['dtype']})")
    return [Content.assemble((f"{label:<12}", "$dim"), value) for label, value in rows]


def proof_lines(frame: Frame, width: int) -> list[Content]:
    """Return the proof panel: the injected mistake, the gradient check, the update audit."""
    lines = []
    note, mistake = frame[Proof].note, frame[Proof].mistake

    def row(label: str, *parts: tuple[str, str]) -> None:
        line = Content.assemble((f"{label:<16}", "$dim"), *parts)
        lines.append(line.truncate(width, ellipsis=True))

    if mistake is not None:
        row("mistake", (mistake.title, "bold $error"))
    if note is None:
        what = "when paused" if frame[Motion].status != "paused" else "in a moment"
        row("gradient check", (f"… {what}", "$dim"))
        return lines
    if note.fault:
        row("gradient check", (f"· failed: {note.fault}", "$dim"))
        return lines
    if note.finished:
        row("gradient check", *_layers(note, width - 16))
        row("", (proving.all_parameters(note), "$foreground"))
    else:
        row("gradient check", (f"… {note.compared} of {proving.all_parameters(note)}", "$dim"))
    audit = [str(each.array) for each in note.audits if each.verdict == "wrong"]
    if not note.audits:
        row("update audit", (f"… {_unaudited(frame[CurrentOperation])}", "$dim"))
    else:
        words = f"✗ {', '.join(audit)}" if audit else f"✓ update {note.update}"
        row("update audit", (words, proving.verdict_style(words)))
    return lines


def _unaudited(current: CurrentOperation) -> str:
    """Return why there is no audit."""
    if not current.computed:
        return "no update yet"
    return "Shift+b, then b, runs one" if current.updates_to_replay else "v audits an update"


def _layers(note: ProofNote, room: int) -> list[tuple[str, str]]:
    """Return a verdict for each layer, or one for all if there are too many for `room`."""
    parts = []
    for l, text in enumerate(note.layers, start=1):
        sign, _, figure = text.partition(" ")
        named = f"✓ {l}: {figure}" if sign == "✓" else text if sign == "✗" else f"· {l}: {text}"
        parts.append((f"{named}  ", proving.verdict_style(text)))
    if sum(len(text) for text, _ in parts) - 2 <= room:
        return parts
    wrong = [part for part in parts if part[0].startswith("✗")]
    right = sum(text.startswith("✓") for text, _ in parts)
    words = f"{'✓' if right == len(parts) else '·'} {right} of {len(parts)} layers"
    return wrong or [(words, proving.verdict_style(words))]
