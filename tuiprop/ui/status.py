"""The text of the two title lines, the run panel and the hint."""

from textual.content import Content

from tuiprop.protocol.messages.data import Outline
from tuiprop.protocol.messages.frame import Frame
from tuiprop.protocol.messages.moving import Motion, Position, Speed
from tuiprop.protocol.messages.operation import CurrentOperation
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
    size = min(settings.batch_size or outline.training, outline.training)
    rows: list[tuple[str, Content]] = []

    def row(label: str, value: str) -> None:
        rows.append((label, Content.styled(value, "$foreground")))

    epochs = training["epochs"]
    row("progress", f"{position.epochs_done} of {epochs} epochs done")
    rows.append(("", progress(position, max(4, width - 13))))
    if costs.accuracy_training is not None:
        row("accuracy", f"training   {costs.accuracy_training:.2%}")
        if costs.accuracy_validation is not None:
            row("", f"validation {costs.accuracy_validation:.2%}")
    row("examples", f"{outline.training} training, {outline.validation} validation")
    row("batches", f"{position.per_epoch} of {size} per epoch")
    row("optimiser", optimiser(settings))
    row("loss", str(experiment["network"]["loss"]))
    row("parameters", f"{outline.parameters:,} ({training['dtype']})")
    return [Content.assemble((f"{label:<12}", "$dim"), value) for label, value in rows]


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
        return f"… proof {note.compared}/{note.sample}"
    right = sum(layer.startswith("✓") for layer in note.layers)
    sign = "✓" if right == len(note.layers) else "·"
    return f"{sign} proof {right}/{len(note.layers)}"


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
        row("", (proving.which(note), "$foreground"))
    else:
        row("gradient check", (f"… {note.compared} of {proving.which(note)}", "$dim"))
    audit = [each for each in proving.wrong(note) if not each.startswith("d")]
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


def hint(frame: Frame, went_back: bool) -> str:
    """Return one line that suggests what to do next."""
    motion, at, current = frame[Motion], frame[Position], frame[CurrentOperation]
    if motion.fault:
        return motion.fault
    if motion.diverged:
        return motion.diverged
    if motion.hit:
        return motion.hit
    if frame[Trial].what_if is not None:
        return (
            f"Update {at.update + 1} with the change. "
            "Enter: keep it as a branch · Escape: revert it"
        )
    if motion.unkept:
        return f"Not saved, will try again: {motion.unkept}"
    if motion.status == "seeking":
        return "space: stop here"
    if motion.status != "paused":
        return "space: pause · + -: speed"
    if went_back and at.update == 0 and current.now is None:
        return "Initial weights, bit for bit; the history is kept. b or space: go on"
    if went_back:
        return "Replayed to this state, bit for bit. G: return to the newest"
    if current.now is not None:
        return "o: next operation · Shift+o: undo, exactly · Enter: why this number?"
    if current.completed is not None:
        return f"Update {at.update} is complete. o: start the next · Shift+o: undo, exactly"
    if at.update == 0:
        return f"o: first operation, z[1] · b: all {at.operations}, one update · s: your own data"
    if at.epochs_done == 0:
        return "Shift+b: undo, exactly · arrows: other arrays · e: a whole epoch"
    return "g: any epoch · x: export the weights · s: your own data · Escape: hide this"
