"""The run of a dashboard is kept, and gone on with."""

import os
import shutil
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest

from tests.session.runs import (
    ask,
    do,
    finish,
    go,
    look_at,
    opened,
    place_of,
    refusal,
    state_of,
    tables,
)
from tuiprop.models.checkpoint import load_checkpoint
from tuiprop.models.weights import load_model
from tuiprop.protocol.messages.conditions import Conditions, SetStops, Stop
from tuiprop.protocol.messages.files import Export, KeepRun, Save
from tuiprop.protocol.messages.moving import Motion, Move, Play, Position, Seek
from tuiprop.protocol.messages.opening import Forget, KeptRun, Locate, Open
from tuiprop.protocol.messages.settings import Change, EffectiveSettings
from tuiprop.protocol.messages.training import Branches, History
from tuiprop.protocol.messages.what_if import Try
from tuiprop.protocol.server import Engine
from tuiprop.session import autosave as module
from tuiprop.session.session import open_session
from tuiprop.storage.state_folder import MOST_FILES, kept_runs
from tuiprop.training.experiment import parse
from tuiprop.update.arrays import ArrayRef, CellRef


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TUIPROP_STATE", str(tmp_path / "state"))
    return tmp_path / "state" / "runs"


def located(what: str, *, anything: bool = False) -> KeptRun | None:
    return ask(Engine(), Locate(what=what, anything=anything)).kept


def left(update: int, what: str = "iris") -> Engine:
    """An engine that was left at an update."""
    engine = opened(what=what)
    go(engine, update)
    engine.close()
    return engine


def gone_on(folder: Path) -> tuple[Engine, Path]:
    """The newest run that was kept, in another engine."""
    path = kept_runs(folder)[0]
    engine = Engine()
    ask(engine, Open(checkpoint=str(path), kept_in=str(path), what="iris"))
    return engine, path


def test_a_run_is_kept_when_the_engine_ends(folder: Path) -> None:
    engine = opened(what="iris")
    do(engine, Seek(update=13))
    frame = do(engine, Move(operations=5))
    engine.close()
    kept = located("iris")
    assert kept is not None
    assert (kept.source, kept.update, kept.epoch, kept.epochs) == ("iris", 13, 2, 8)
    assert 0 <= kept.age < 60
    again, path = gone_on(folder)
    assert str(path) == kept.path
    look = ask(again, look_at())
    assert place_of(look) == place_of(frame) == (13, 5)
    assert state_of(again) == state_of(engine)
    assert look[History].rows == frame[History].rows
    assert located("iris") is None  # it is open


def test_what_was_changed_is_kept(folder: Path) -> None:
    engine = opened(what="iris")
    go(engine, 12)
    do(engine, Change(learning_rate=0.2))
    ask(engine, SetStops(stops=[Stop(when="train_loss < 0.05", enabled=False)]))
    go(engine, 20)
    go(engine, 6)
    do(engine, Change(batch_size=10))
    frame = go(engine, 9)
    engine.close()
    again, _ = gone_on(folder)
    look = ask(again, look_at())
    assert look[Branches].branches == frame[Branches].branches
    assert (look[Branches].current, look[EffectiveSettings], look[Conditions].stops) == (
        1,
        frame[EffectiveSettings],
        frame[Conditions].stops,
    )
    assert do(again, Seek(branch=0))[Position].update == 20
    go(engine, 9)
    do(engine, Seek(branch=0))
    assert state_of(again) == state_of(engine)


def test_a_change_that_is_only_tried_is_not_kept(folder: Path) -> None:
    engine = opened(what="iris")
    go(engine, 4)
    ask(engine, Try(cell=CellRef(ArrayRef("W", 1), 0, 0), value=3.0))
    assert engine.keep() is None
    engine.close()
    assert len(load_checkpoint(kept_runs(folder)[0]).content.logs) == 1


def test_what_nothing_was_done_to_is_not_kept(folder: Path) -> None:
    engine = opened(what="iris")
    ask(engine, KeepRun())
    engine.close()
    assert not folder.exists() or not list(folder.iterdir())


def test_a_run_is_kept_by_time(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EVERY", 100.0)
    engine = opened(what="iris")
    assert engine.keep() is None
    go(engine, 7)
    wait = engine.keep()
    assert wait is not None
    assert 90 < wait <= 100
    assert not folder.exists()
    now = perf_counter()
    monkeypatch.setattr(module, "perf_counter", lambda: now + 101)
    assert engine.keep() is None
    files = list(folder.glob("*.tuiprop"))
    assert load_checkpoint(files[0]).content.position == (7, 0)
    assert engine.keep() is None
    go(engine, 8)
    assert engine.keep() is not None
    engine.close()
    assert kept_runs(folder) == files
    assert load_checkpoint(files[0]).content.position == (8, 0)


def test_it_is_kept_in_the_same_file_further(folder: Path) -> None:
    left(5)
    engine, path = gone_on(folder)
    engine.close()
    assert load_checkpoint(path).content.position == (5, 0)
    engine, path = gone_on(folder)
    go(engine, 6)
    ask(engine, KeepRun())
    engine.close()
    assert kept_runs(folder) == [path]
    assert load_checkpoint(path).content.position == (6, 0)


def test_an_engine_that_dies_is_followed_by_one_with_the_same_file(folder: Path) -> None:
    engine = opened(what="iris")
    go(engine, 5)
    ask(engine, KeepRun())
    (path,) = folder.glob("*.tuiprop")
    go(engine, 9)
    snapshot = ask(engine, Save())
    engine.opened.autosave.let_go()  # as when its process ends
    second = opened(what="iris", resume=snapshot, kept_in=str(path))
    go(second, 9)
    second.close()
    assert list(folder.glob("*.tuiprop")) == [path]
    assert load_checkpoint(path).content.position == (9, 0)
    assert np.array_equal(
        engine.opened.session.run.best().vector, second.opened.session.run.best().vector
    )


def test_another_dashboard_has_it(folder: Path) -> None:
    left(5)
    _, path = gone_on(folder)
    assert located("iris", anything=True) is None
    request = Open(checkpoint=str(path), kept_in=str(path))
    assert "open in another dashboard" in refusal(Engine(), request).sentence
    assert "open in another dashboard" in refusal(Engine(), Forget(path=str(path))).sentence
    beside = opened(what="iris")
    go(beside, 3)
    beside.close()
    assert len(list(folder.glob("*.tuiprop"))) == 2


def test_only_what_was_named_is_offered(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left(5)
    monkeypatch.chdir(folder)
    (folder / "d.csv").write_text("x,y\n1,0\n2,1\n3,0\n4,1\n5,0\n6,1\n7,1\n8,0\n")
    assert located("wine") is None
    assert located("d.csv") is None
    assert located("wine", anything=True) is not None
    engine = opened({"data": {"source": "./d.csv"}}, what="d.csv")
    go(engine, 3)
    engine.close()
    kept = located(str(folder / "d.csv"))
    assert kept is not None
    assert kept.source == "d.csv"
    ask(Engine(), Forget(path=kept.path))
    assert located("d.csv") is None
    assert not Path(kept.path).exists()


def test_files_that_cannot_be_read_are_not_offered(folder: Path) -> None:
    left(5)
    kept_runs(folder)[0].write_bytes(b"tuiprop checkpoint 1\nabc")
    assert located("iris") is None


def test_why_it_cannot_be_kept(folder: Path) -> None:
    folder.parent.mkdir()
    folder.write_text("a file where the folder should be")
    engine = opened(what="iris")
    go(engine, 3)
    sentence = refusal(engine, KeepRun()).sentence
    assert ask(engine, look_at())[Motion].unkept == sentence
    engine.close()


def test_a_save_that_failed_is_tried_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.parent.mkdir()
    folder.write_text("a file where the folder should be")
    engine = opened(what="iris")
    go(engine, 3)
    now = perf_counter() + module.EVERY
    monkeypatch.setattr(module, "perf_counter", lambda: now)
    waits = []
    for _ in range(8):
        wait = engine.keep()
        assert wait is not None
        assert engine.keep() == wait  # it is not tried before
        assert ask(engine, look_at())[Motion].unkept == f"File exists ({folder})"
        waits.append(wait)
        now += wait
    assert waits == pytest.approx([2, 4, 8, 16, 30, 30, 30, 30])
    folder.unlink()
    assert engine.keep() is None
    assert ask(engine, look_at())[Motion].unkept == ""
    (path,) = folder.glob("*.tuiprop")
    assert load_checkpoint(path).content.position == (3, 0)
    go(engine, 4)
    assert engine.keep() == pytest.approx(module.EVERY)
    assert engine.close() == ""


def test_what_ending_says(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Engine().close() == ""
    folder.parent.mkdir()
    folder.write_text("a file where the folder should be")
    assert opened(what="iris").close() == ""  # nothing was done
    engine = opened(what="iris")
    go(engine, 3)
    assert engine.close() == f"File exists ({folder})"
    monkeypatch.setenv("TUIPROP_STATE", "")
    unwanted = opened(what="iris")
    go(unwanted, 3)
    assert unwanted.close() == ""


def test_a_save_without_memory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no(*arguments: object, **options: object) -> None:
        raise MemoryError

    engine = opened(what="iris")
    go(engine, 3)
    monkeypatch.setattr(module.Autosave, "write", no)
    assert engine.close() == "there is not enough memory"


def test_where_none_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = opened(what="iris")
    go(engine, 3)
    assert engine.keep() is None
    assert "not kept" in refusal(engine, KeepRun()).sentence
    engine.close()


def test_a_checkpoint_that_is_named(folder: Path, tmp_path: Path) -> None:
    engine = opened(what="iris")
    go(engine, 7)
    path = tmp_path / "r.tuiprop"
    exported = ask(engine, Export(path=str(path)))
    assert exported.sentence == f"checkpoint of update 7 written to {path}; read back"
    found = ask(Engine(), Locate(what=str(path)))
    assert found.checkpoint == str(path)
    again = Engine()
    reply = ask(again, Open(checkpoint=str(path), what=str(path)))
    assert (reply.differing, reply.outline.sizes) == ("", [4, 5, 3])
    assert reply.kept_in != str(path)
    assert state_of(again) == state_of(engine)
    ask(again, Play())
    finish(again)
    go(engine, 40)
    assert state_of(again) == state_of(engine)
    again.close()
    assert load_checkpoint(path).content.position == (7, 0)
    assert located(str(path)) is not None


def test_a_condition_that_is_true_already_does_not_stop_it_again(folder: Path) -> None:
    engine = opened(what="iris")
    go(engine, 10)
    ask(engine, SetStops(stops=[Stop(when="epoch > 0"), Stop(when="norm(W1) > 0")]))
    ask(engine, Play())
    finish(engine)
    assert ask(engine, look_at())[Motion].hit
    engine.close()
    again, _ = gone_on(folder)
    ask(again, Play())
    finish(again)
    assert ask(again, look_at())[Position].update == 40


def test_the_weights_of_the_best_epoch(tmp_path: Path) -> None:
    engine = opened(tables(learning_rate=0.9, epochs=12))
    frame = go(engine, 57)
    assert 0 < frame[History].best_epoch < 11
    assert frame[History].best_update == 5 * frame[History].best_epoch
    path = tmp_path / "w.npz"
    exported = ask(engine, Export(path=str(path), best=True))
    assert exported.update == frame[History].best_update
    assert (
        f"update {frame[History].best_update} (epoch {frame[History].best_epoch}, the best)"
        in exported.sentence
    )
    assert ask(engine, look_at())[Position].update == 57
    go(engine, frame[History].best_update)
    expected = engine.opened.session.parameters.vector
    assert load_model(path).parameters.vector.tobytes() == expected.tobytes()


def test_the_users_files_stay_where_runs_are_kept_in_his_folder(folder: Path) -> None:
    project = folder.parent
    project.mkdir()
    session = open_session(parse(tables()))
    names = [f"mine{i}.tuiprop" for i in range(12)] + ["20200101-000000-0123abcd.tuiprop"]
    for name in names:
        session.save_checkpoint(project / name)
    for name in ("poetry.lock", "uv.lock", ".tuiprop-old.tmp"):
        (project / name).write_bytes(b"")
    for path in project.iterdir():
        os.utime(path, (0, 0))
    before = {path: path.read_bytes() for path in project.iterdir()}
    for update in range(1, 8):
        left(update)
    assert {path: path.read_bytes() for path in before} == before
    assert set(project.iterdir()) == {*before, folder}
    assert len(kept_runs(folder)) == MOST_FILES
    for path in (project / names[0], project / names[-1], project / "poetry.lock"):
        kept_in = Open(experiment=tables(), kept_in=str(path))
        for request in (Forget(path=str(path)), kept_in):
            assert "not a run that is kept here" in refusal(Engine(), request).sentence
    assert {path: path.read_bytes() for path in before} == before


def test_a_kept_run_that_was_copied_is_a_checkpoint(folder: Path, tmp_path: Path) -> None:
    left(5)
    copy = tmp_path / "copy.tuiprop"
    shutil.copy(kept_runs(folder)[0], copy)
    assert load_checkpoint(copy).content.position == (5, 0)
    inside = folder / "copy.tuiprop"
    shutil.copy(copy, inside)
    assert "not a run that is kept here" in refusal(Engine(), Forget(path=str(inside))).sentence
    assert inside.exists()
