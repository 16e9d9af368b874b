"""Checkpoints: runs that go on from a file are the runs that were not interrupted."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.checkpoints import damage, kill
from tuiprop.core.optimizer import OPTIMIZERS
from tuiprop.data.catalogue import suggested_experiment
from tuiprop.errors import FileError
from tuiprop.models import checkpoint as module
from tuiprop.models.checkpoint import load_checkpoint
from tuiprop.models.checkpoint_content import Checkpoint
from tuiprop.models.contents import ContentError
from tuiprop.models.weights import load_model
from tuiprop.session.resume import resume_session
from tuiprop.session.session import Session, open_session
from tuiprop.training.edit import InputEdit, MistakeEdit, ParameterEdit, SettingsEdit
from tuiprop.training.experiment import Experiment, parse
from tuiprop.training.run import Run


def experiment(**training: Any) -> Experiment:
    """Iris in batches of 25, five an epoch, the last of 20."""
    layers = [{"units": 4, "activation": "tanh"}, {"units": 3, "activation": "softmax"}]
    chosen = {"batch_size": 25, "epochs": 6, "learning_rate": 0.05, **training}
    return parse({"data": {"source": "iris"}, "network": {"layers": layers}, "training": chosen})


def saved_and_resumed(session: Session, path: Path, **options: Any) -> Session:
    """The same run from its file, where it stood."""
    session.save_checkpoint(path, **options)
    saved = load_checkpoint(path)
    again, differing = resume_session(saved)
    assert not differing
    again.run.advance(saved.content.position[0])
    return again


def assert_same(run: Run, other: Run) -> None:
    assert (run.t, run.branch.number) == (other.t, other.branch.number)
    assert run.trainer.state.tobytes() == other.trainer.state.tobytes()
    assert run.history.rows.tobytes() == other.history.rows.tobytes()
    assert run.logs == other.logs
    assert run.best().epoch == other.best().epoch
    assert run.best().vector.tobytes() == other.best().vector.tobytes()


EDITS = (
    lambda t, value: ParameterEdit(at=t, symbol="W", layer=1, row=2, column=1, value=value),
    lambda t, value: InputEdit(at=t, example=7, input=2, value=value),
    lambda t, value: SettingsEdit(at=t, learning_rate=abs(value) + 0.001),
    lambda t, value: SettingsEdit(at=t, optimizer="adam", options={"eps": 1e-6}),
    lambda t, value: SettingsEdit(at=t, batch_size=40, l2=0.01),
)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@settings(
    max_examples=4,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_resumed_runs_are_the_uninterrupted_ones(
    tmp_path: Path, optimizer: str, data: st.DataObject
) -> None:
    dtype = data.draw(st.sampled_from(["float64", "float32"]))
    described = experiment(optimizer=optimizer, dtype=dtype, options={"weight_decay": 0.02})
    straight, session = open_session(described), open_session(described)
    _ = session.fingerprint
    position = st.integers(0, 30)
    for _ in range(data.draw(st.integers(0, 3))):
        until, at = data.draw(position), data.draw(st.integers(0, 20))
        make = data.draw(st.sampled_from(EDITS))
        edit = make(at, data.draw(st.floats(-2, 2)))
        for each in (straight, session):
            each.run.advance(until)
            each.run.edit(edit)
        session = saved_and_resumed(session, tmp_path / "a.tuiprop")
        assert_same(session.run, straight.run)
    until, back = data.draw(position), data.draw(position)
    for each in (straight, session):
        each.run.advance(until)
        each.run.seek(min(back, each.run.branch.reached))
    session = saved_and_resumed(session, tmp_path / "b.tuiprop")
    assert_same(session.run, straight.run)
    for each in (straight, session):
        each.run.seek(34)
    assert_same(session.run, straight.run)
    for number in straight.run.branches:
        for each in (straight, session):
            each.run.switch(number)
            each.run.advance(each.run.branch.reached)
        assert_same(session.run, straight.run)


def test_from_every_update_of_an_epoch(tmp_path: Path) -> None:
    straight = open_session(experiment(optimizer="adam"))
    straight.run.advance(22)
    for t in range(5, 11):
        session = open_session(experiment(optimizer="adam"))
        session.run.advance(t)
        again = saved_and_resumed(session, tmp_path / "a.tuiprop")
        again.run.advance(22)
        assert_same(again.run, straight.run)


def test_what_a_file_holds(tmp_path: Path) -> None:
    session = open_session(experiment())
    session.run.advance(17)
    session.save_checkpoint(tmp_path / "a.tuiprop", operations=4, opened="iris")
    saved = load_checkpoint(tmp_path / "a.tuiprop")
    assert saved.content.position == (17, 4)
    assert saved.content.opened == "iris"
    assert saved.experiment == session.experiment
    assert saved.model().parameters.vector.tobytes() == session.parameters.vector.tobytes()
    best = saved.model("best")
    assert best.update == 5 * session.history.best
    assert best.parameters.vector.tobytes() == session.run.best().vector.tobytes()
    assert best.predict(np.zeros((1, 4))).shape == (1, 3)
    assert set(saved.content.machine) == {"tuiprop", "NumPy", "BLAS", "processor", "system"}


def test_data_of_a_file_beside_it(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("x,y\n" + "".join(f"{i},{i % 2}\n" for i in range(20)))
    session = open_session(parse({"data": {"source": str(tmp_path / "d.csv")}}))
    session.run.advance(3)
    path = tmp_path / "a.tuiprop"
    session.save_checkpoint(path)
    assert (
        msgspec.msgpack.decode(path.read_bytes()[len(module.HEAD) + 32 :])["experiment"]["data"][
            "source"
        ]
        == "d.csv"
    )
    resume_session(load_checkpoint(path))
    (tmp_path / "d.csv").write_text("x,y\n" + "".join(f"{i + 1},{i % 2}\n" for i in range(20)))
    with pytest.raises(ValueError, match="the data have changed since the run was saved"):
        resume_session(load_checkpoint(path))


def test_another_machine_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = open_session(experiment())
    session.run.advance(3)
    session.save_checkpoint(tmp_path / "a.tuiprop")
    version = np.__version__
    monkeypatch.setattr("numpy.__version__", "9.9")
    again, differing = resume_session(load_checkpoint(tmp_path / "a.tuiprop"))
    assert differing == f"NumPy {version}, here 9.9"
    again.run.advance(3)
    assert again.run.trainer.state.tobytes() == session.run.trainer.state.tobytes()


def test_weights_made_with_a_mistake_are_not_given_out(tmp_path: Path) -> None:
    session = open_session(experiment())
    session.run.advance(6)
    session.run.edit(MistakeEdit(at=6, mistake="loss"), apart=True)
    for taken_out in (False, True):
        session.run.advance(8)
        session.save_checkpoint(tmp_path / "a.tuiprop")
        with pytest.raises(ContentError, match="go back to update 6"):
            load_checkpoint(tmp_path / "a.tuiprop").model()
        if not taken_out:
            session.run.edit(MistakeEdit(at=8, mistake=None))


def written(path: Path) -> Checkpoint:
    session = open_session(experiment(optimizer="adam"))
    session.run.advance(12)
    session.run.edit(ParameterEdit(at=7, symbol="b", layer=1, row=0, column=0, value=1.0))
    session.run.advance(9)
    session.save_checkpoint(path)
    return load_checkpoint(path).content


def with_checksum(content: bytes) -> bytes:
    return module.HEAD + sha256(content).digest() + content


def refused(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(FileError) as error:
        load_checkpoint(path)
    sentence = str(error.value)
    assert sentence.startswith(f"{path}: ")
    assert "\n" not in sentence
    return sentence


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tuiprop"
    outcomes, _ = damage(300, path, with_checksum=False)
    assert set(outcomes) <= {"refused", "as written"}
    assert outcomes["refused"] > 290


def test_damage_under_a_right_checksum(tmp_path: Path) -> None:
    # another number somewhere in an array: it is a run that can be gone on with
    outcomes, _ = damage(300, tmp_path / "a.tuiprop", with_checksum=True)
    assert set(outcomes) <= {"refused", "read", "as written"}
    assert outcomes["refused"] > 100


def test_truncated(tmp_path: Path) -> None:
    path = tmp_path / "a.tuiprop"
    written(path)
    whole = path.read_bytes()
    for size in range(0, len(whole), 37):
        refused(path, whole[:size])


def test_killed_while_it_saves(tmp_path: Path) -> None:
    assert set(kill(5, tmp_path / "a.tuiprop")) <= {"old", "new"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"position": (99, 0)}, "cannot be at (99, 0)"),
        ({"position": (1, 99)}, "cannot be at (1, 99)"),
        ({"branch": 7}, "branch 7 does not exist"),
        ({"logs": ()}, "there is no branch"),
        ({"state": b"1234"}, "state has 4 bytes"),
        ({"state": b""}, "state has 0 bytes"),
        ({"initial": b""}, "initial has 0 bytes"),
        ({"best": b"1"}, "best has 1 bytes"),
        ({"best_epoch": 9}, "the best epoch is 9"),
        ({"history": b""}, "the history has 0 bytes"),
        ({"history": b"1"}, "the history has 1 bytes"),
        ({"examples": (0, 0)}, "no training examples: (0, 0)"),
        ({"inputs": ("a",)}, "it prepares 4 inputs"),
        ({"preparation": ({},) * 4}, "preparation: expected"),
        ({"experiment": {}}, "data.source"),
        ({"experiment": {"data": {"source": "iris"}}}, "network.layers"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, changes: Any, words: str) -> None:
    path = tmp_path / "a.tuiprop"
    content = msgspec.structs.replace(written(path), **changes)
    assert words in refused(path, module.encode(content))


@pytest.mark.parametrize(
    "edit",
    [
        ParameterEdit(at=1, symbol="W", layer=3, row=0, column=0, value=1.0),
        ParameterEdit(at=1, symbol="W", layer=1, row=4, column=0, value=1.0),
        ParameterEdit(at=1, symbol="b", layer=1, row=0, column=1, value=1.0),
        ParameterEdit(at=1, symbol="b", layer=1, row=0, column=0, value=float("inf")),
        ParameterEdit(at=99, symbol="b", layer=1, row=0, column=0, value=1.0),
        InputEdit(at=1, example=120, input=0, value=1.0),
        InputEdit(at=1, example=0, input=4, value=1.0),
        SettingsEdit(at=1, optimizer="none"),
        SettingsEdit(at=1, learning_rate=-1.0),
        SettingsEdit(at=1, options={"momentum": 0.5}),
        SettingsEdit(at=-1, batch_size=5),
        MistakeEdit(at=1, mistake="none"),
    ],
)
def test_edits_that_cannot_be(tmp_path: Path, edit: Any) -> None:
    path = tmp_path / "a.tuiprop"
    content = written(path)
    log = msgspec.structs.replace(content.logs[1], edits=(edit,))
    logs = (content.logs[0], log)
    sentence = refused(path, module.encode(msgspec.structs.replace(content, logs=logs)))
    assert "branch 1 cannot have the edit" in sentence


def test_names_with_a_line_feed_stay_on_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a.tuiprop"
    content = written(path)
    for table, key in (("data", "a\nb"), ("a\nb", "")):
        tables = {**content.experiment, table: {**content.experiment.get(table, {}), key: 1}}
        refused(path, module.encode(msgspec.structs.replace(content, experiment=tables)))


def test_branches_that_cannot_be(tmp_path: Path) -> None:
    path = tmp_path / "a.tuiprop"
    content = written(path)
    first, second = content.logs
    for logs in (
        (second, first),
        (first, first),
        (first, msgspec.structs.replace(second, parent=5)),
        (first, msgspec.structs.replace(second, fork=99)),
        (msgspec.structs.replace(first, number=3), second),
    ):
        changed = msgspec.structs.replace(content, logs=logs)
        assert "branch" in refused(path, module.encode(changed))


def test_other_files(tmp_path: Path) -> None:
    path = tmp_path / "a.tuiprop"
    assert "not a checkpoint of tuiprop" in refused(path, b"PK")
    assert "format 1, which this version reads, got '2'" in refused(
        path, b"tuiprop checkpoint 2\nabc"
    )
    with pytest.raises(FileError, match=r"suffix \.tuiprop, got \.npz"):
        load_checkpoint(tmp_path / "w.npz")
    with pytest.raises(FileError, match="cannot be read: No such file"):
        load_checkpoint(tmp_path / "none.tuiprop")
    nested = b"\x81\xaaexperiment\x81\xa4data" + b"\x91" * 100_000
    assert "invalid content" in refused(path, with_checksum(nested))


def test_weights_say_what_was_changed_by_hand(tmp_path: Path) -> None:
    session = open_session(suggested_experiment("xor-table"))
    run = session.run
    run.advance(5)
    run.edit(ParameterEdit(at=5, symbol="W", layer=1, row=0, column=1, value=0.5))
    run.advance(8)
    run.edit(SettingsEdit(at=8, learning_rate=0.25))
    told: tuple[str, ...] = ("W[1][0,1] = 0.5 at update 5", "learning_rate = 0.25 at update 8")
    assert session.model.edits == told
    session.save(tmp_path / "w.npz")
    assert load_model(tmp_path / "w.npz").edits == told
    session.save_checkpoint(tmp_path / "r.tuiprop")
    assert load_model(tmp_path / "r.tuiprop").edits == told
    run.seek(6)
    assert session.model.edits == told[:1]
