"""The text of the two title lines."""

from textual.content import Content

from tuiprop.protocol.messages.data import Outline
from tuiprop.protocol.messages.frame import Frame
from tuiprop.protocol.messages.moving import Motion, Position, Speed
from tuiprop.protocol.messages.proof import Proof, ProofNote
from tuiprop.protocol.messages.settings import EffectiveSettings
from tuiprop.protocol.messages.training import Branches, Costs
from tuiprop.protocol.messages.what_if import Trial
from tuiprop.ui.drawing.numbers import short
from tuiprop.ui.verify import words as proving

SLOW = 30.0
"""Operations per second below which the speed counts operations, not updates."""


def architecture(outline: Outline, activations: list[str], long: bool) -> Content:
    """Return 4 → 8 tanh → 3 softmax, or 4→8→3 if not `long`."""
    if not long:
        return Content.styled("→".join(map(str, outline.sizes)), "$dim")
    parts = [(str(outline.sizes[0]), "$dim")]
    for units, activation in zip(outline.sizes[1:], activations, strict=True):
        parts += [(f" → {units} ", "$dim"), (activation, "$function")]
    return Content.assemble(*parts)


def source_name(outline: Outline) -> str:
    """Return the data set, or the file without its folder."""
    source = str(outline.experiment["data"]["source"])
    return source.replace("\\", "/").rsplit("/", 1)[-1]


def optimiser(settings: EffectiveSettings) -> str:
    """Return the optimiser, the learning rate and the penalty: sgd 0.25, l2 0.01."""
    words = f"{settings.optimizer} {settings.learning_rate:g}"
    return words + (f", l2 {settings.l2:g}" if settings.l2 else "")


def speed_words(speed: Speed | None) -> str:
    """Return the chosen speed, such as 5 operations per second, or full speed."""
    if speed is None:
        return "full speed"
    what = "operation" if speed.operations else "update"
    return f"{speed.rate:g} {what}{'s' if speed.rate > 1 else ''} per second"


def _measured(speed: float) -> str:
    """Format a measured speed: 1,840 or 0.5."""
    return f"{speed:,.0f}" if speed >= 10 else f"{speed:.1f}"


def state(frame: Frame) -> Content:
    """Return the state: ▌▌ PAUSED, or ▶ with the speed."""
    motion = frame[Motion]
    if motion.diverged:
        return Content.styled("✗ DIVERGED", "bold $error")
    if motion.hit:
        return Content.styled("▌▌ STOPPED", "bold $now")
    if motion.status == "paused":
        return Content.styled("▌▌ PAUSED", "bold $now")
    slow = motion.updates_per_second * frame[Position].operations < SLOW
    words = f"{_measured(motion.updates_per_second)} updates/s"
    if slow:
        words = f"{_measured(motion.updates_per_second * frame[Position].operations)} operations/s"
    if motion.status == "seeking":
        words = f"going to update {motion.target}, {motion.progress:.0%}"
    return Content.styled(f"▶ {words}", "bold $success")


def flags(frame: Frame, *, proof_elsewhere: bool) -> Content:
    """Return the flags: a failed save, a mistake, a failed check, a what-if, the branch.

    Args:
        frame: the newest frame.
        proof_elsewhere: True if a proof that holds is visible elsewhere.
    """
    flags: list[Content] = []
    if frame[Motion].unkept:
        flags.append(Content.styled("NOT SAVED", "bold reverse $error"))
    note, mistake = frame[Proof].note, frame[Proof].mistake
    is_news = note is not None and note.finished and not (note.passed and proof_elsewhere)
    if mistake is not None or is_news:
        flags.append(proof(frame[Proof], 30))
    if frame[Trial].what_if is not None:
        flags.append(Content.styled("WHAT IF", "bold reverse $foreground"))
    elif branch := frame[Branches].current:
        flags.append(Content.styled(f"branch {branch}", "$foreground"))
    return Content().join(flag + "  " for flag in flags)


def position(at: Position, outline: Outline) -> Content:
    """Return the position: update 187: epoch 47/200, batch 3/4."""
    dim, plain = "$dim", "bold $foreground"
    epochs = outline.experiment["training"]["epochs"]
    update = at.update + (at.done > 0)
    return Content.assemble(
        ("update ", dim),
        (str(update), plain),
        (": epoch ", dim),
        (str(at.epoch), plain),
        (f"/{epochs}, batch ", dim),
        (str(at.batch), plain),
        (f"/{at.per_epoch}", dim),
    )


def position_in_short(at: Position) -> Content:
    """Return the update alone."""
    update = at.update + (at.done > 0)
    return Content.assemble(("update ", "$dim"), (str(update), "bold $foreground"))


def costs(now: Costs, width: int) -> Content:
    """Return J  batch 0.083  training 0.0790  validation 0.0680, or as much as fits.

    The epoch is always included if the values are older than the current state.
    """
    batch, training, validation = (
        ("batch", now.batch),
        ("training", now.training),
        ("validation", now.validation),
    )
    for words, values in (
        (str, (batch, training, validation)),
        (_initial, (batch, training, validation)),
        (_initial, (training, validation)),
        (_initial, (training,)),
    ):
        parts = [("J", "$dim")]
        for label, value in values:
            if value is not None or label == "batch":
                parts += [(f"  {words(label)} ", "$dim"), (short(value), "bold $foreground")]
        if now.epoch is not None:
            parts.append((f" (epoch {now.epoch})", "$dim"))
        text = Content.assemble(*parts)
        if text.cell_length <= width:
            break
    return text


def _initial(word: str) -> str:
    return word[0]


def proof(view: Proof, width: int) -> Content:
    """Return ✓ proof 2/2 or ✗ dW[2], and the injected mistake, in `width` columns."""
    parts: list[str | tuple[str, str]] = []
    if view.mistake is not None:
        parts += [(f" mistake: {view.mistake.name} ", "bold $background on $error"), " "]
    if view.note is not None:
        words = _proof_words(view.note)
        parts.append((words, proving.verdict_style(words)))
    return Content.assemble(*parts).truncate(width, ellipsis=True)


def _proof_words(note: ProofNote) -> str:
    if wrong := proving.wrong(note):
        return f"✗ {', '.join(wrong)}"
    if note.fault:
        return "· proof failed"
    if not note.finished:
        return f"… proof {note.compared}/{note.parameters}"
    right = sum(layer.startswith("✓") for layer in note.layers)
    sign = "✓" if right == len(note.layers) else "·"
    return f"{sign} proof {right}/{len(note.layers)}"
