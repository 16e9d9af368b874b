import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future
from io import BytesIO
from pathlib import Path
from pkgutil import walk_packages
from types import NoneType
from typing import Any, TypeVar

import pytest

import tuiprop.ui
from tests.session.disks import slow_disk
from tests.session.runs import LAST, go, look_at, opened, state_of, tables
from tuiprop.models.checkpoint import load_checkpoint
from tuiprop.protocol import process_client
from tuiprop.protocol.client import EngineDiedError
from tuiprop.protocol.codec import decode_reply, encode
from tuiprop.protocol.inline_client import InlineClient
from tuiprop.protocol.messages.arrays import Numbers, Window
from tuiprop.protocol.messages.base import Refused, RefusedError, Request, Saving
from tuiprop.protocol.messages.data import Check, Outline
from tuiprop.protocol.messages.files import Export, Exported, Save, Snapshot
from tuiprop.protocol.messages.frame import Frame
from tuiprop.protocol.messages.moving import Motion, Move, Pause, Play, Position, Seek
from tuiprop.protocol.messages.opening import ListNames, Open, Opened, Vocabulary
from tuiprop.protocol.messages.proof import Verify
from tuiprop.protocol.messages.training import Costs, History
from tuiprop.protocol.pipe import read_message, write_message
from tuiprop.protocol.process_client import ProcessClient, start
from tuiprop.storage.state_folder import kept_runs
from tuiprop.update.arrays import ArrayRef

R = TypeVar("R")

SECONDS = 20.0
"""That nothing takes, unless it hangs."""


@pytest.fixture
def client() -> Iterator[ProcessClient]:
    client = ProcessClient()
    yield client
    client.close()


@pytest.fixture(scope="module")
def shared() -> Iterator[ProcessClient]:
    """Return an engine for tests after which it is alive and does what it is asked."""
    client = ProcessClient()
    yield client
    client.close()


def get(future: "Future[R]") -> R:
    return future.result(SECONDS)


def frame(client: ProcessClient) -> Frame:
    reply = get(client.ask(look_at()))
    assert isinstance(reply, Frame)
    return reply


def seek(client: ProcessClient, update: int) -> Frame:
    get(client.ask(Seek(update=update)))
    until = time.monotonic() + SECONDS
    while (now := frame(client))[Motion].status != "paused":
        assert time.monotonic() < until
        time.sleep(0.002)
    return now


def messages(content: bytes, *requests: Request[Any]) -> list[Any]:
    """Return the replies of an engine to some requests, without its signs of life."""
    stream, waiting, replies = BytesIO(content), [type(each) for each in requests], []
    while (message := read_message(stream)) is not None:
        reply = decode_reply(message, waiting[0] if waiting else None)
        if not isinstance(reply, Saving):
            replies.append(reply)
            del waiting[:1]
    return replies


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def wait_for_death(client: ProcessClient) -> None:
    until = time.monotonic() + SECONDS
    while not client.died:
        assert time.monotonic() < until
        time.sleep(0.002)


def test_replies_come_in_the_order_of_the_requests(shared: ProcessClient) -> None:
    requests: list[tuple[Request[Any], type]] = [
        (Open(experiment=tables()), Opened),
        (look_at(), Frame),
        (ListNames(), Vocabulary),
        (Seek(update=3), NoneType),
        (Check(experiment={"data": {"source": "none.csv"}}), RefusedError),
        (Check(experiment=tables()), Outline),
        (Save(), Snapshot),
    ] * 20
    futures = [shared.ask(request) for request, _ in requests]
    found = [future.exception(SECONDS) or future.result() for future in futures]
    assert [type(each) for each in found] == [answer for _, answer in requests]


def test_it_is_another_process(shared: ProcessClient) -> None:
    assert shared.pid != os.getpid()
    assert os.getsid(shared.pid) != os.getsid(0)
    assert isinstance(get(shared.ask(ListNames())), Vocabulary)
    assert not shared.died


def test_the_run_is_the_same_as_inline_bit_for_bit(shared: ProcessClient) -> None:
    assert isinstance(get(shared.ask(Open(experiment=tables()))), Opened)
    engine = opened()
    look = look_at(window=Window(array=ArrayRef("dz", 1), rows=5, columns=25))
    for update in (1, 17, LAST, 5, 12, 0, LAST):
        seek(shared, update)
        go(engine, update)
        there, here = get(shared.ask(look)), engine.handle(look)
        assert isinstance(there, Frame)
        assert isinstance(here, Frame)
        assert there[Position].update == update
        assert there[Numbers].matrix == here[Numbers].matrix
        assert there[History].rows == here[History].rows
        assert (there[Costs].batch, there[Costs].training) == (
            here[Costs].batch,
            here[Costs].training,
        )
    snapshot, same = get(shared.ask(Save())), engine.handle(Save())
    assert isinstance(snapshot, Snapshot)
    assert isinstance(same, Snapshot)
    resumed = opened(resume=snapshot)
    go(resumed, LAST)
    assert state_of(resumed) == state_of(engine)


def test_it_plays_while_nobody_asks(shared: ProcessClient) -> None:
    get(shared.ask(Open(experiment=tables(epochs=10**6))))
    get(shared.ask(Play()))
    before = frame(shared)
    time.sleep(0.1)
    after = frame(shared)
    assert before[Motion].status == after[Motion].status == "playing"
    assert after[Position].update > before[Position].update
    get(shared.ask(Pause()))
    still = frame(shared)
    assert still[Motion].status == "paused"
    time.sleep(0.05)
    assert frame(shared)[Position].update == still[Position].update
    get(shared.ask(Move(updates=-1)))
    assert seek(shared, 7)[Position].update == 7


def test_big_replies_and_requests(shared: ProcessClient, tmp_path: Path) -> None:
    experiment = tables()
    experiment["network"]["layers"][0]["units"] = 10_000
    get(shared.ask(Open(experiment=experiment)))
    window = Window(array=ArrayRef("W", 2), rows=3, columns=10_000)
    futures = [shared.ask(look_at(window=window)) for _ in range(5)]
    saved = shared.ask(Save())
    matrices = [get(future) for future in futures]
    for reply in matrices:
        matrix = reply[Numbers].matrix
        assert matrix is not None
        assert matrix.shape == (3, 10_000)
        assert [len(row) for row in matrix.values] == [10_000] * 3
    snapshot = get(saved)
    assert isinstance(snapshot, Snapshot)
    assert len(snapshot.state) > 1_900_000
    again = shared.ask(Open(experiment=experiment, resume=snapshot))
    assert isinstance(get(again), Opened)
    exported = get(shared.ask(Export(path=str(tmp_path / "w.npz"))))
    assert isinstance(exported, Exported)


@pytest.fixture
def broken_verify(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Engines that are started from now on have a mistake in what answers Verify."""
    (tmp_path / "sitecustomize.py").write_text(
        "from tuiprop.protocol.handlers import HANDLERS\n"
        f"from {Verify.__module__} import Verify\n"
        "HANDLERS[Verify] = lambda engine, request: [][0]\n"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *filter(None, sys.path)]))


@pytest.mark.usefixtures("broken_verify")
def test_an_error_inside_does_not_kill_it(client: ProcessClient) -> None:
    get(client.ask(Open(experiment=tables())))
    seek(client, 3)
    with pytest.raises(RefusedError, match="the engine could not do that: "):
        get(client.ask(Verify()))
    assert not client.died
    assert frame(client)[Position].update == 3


def test_a_number_that_cannot_cross_is_refused_and_nothing_else_is(shared: ProcessClient) -> None:
    get(shared.ask(Open(experiment=tables())))
    for update in (2**70, -(2**70)):
        for request in (Seek(update=update), Check(experiment=tables(seed=update))):
            with pytest.raises(RefusedError, match="too large"):
                get(shared.ask(request))
    assert isinstance(get(shared.ask(ListNames())), Vocabulary)
    assert frame(shared)[Position].update == 0


async def test_a_question_that_is_given_up_does_not_disturb_the_others(
    shared: ProcessClient,
) -> None:
    for _ in range(5):
        given_up = asyncio.wrap_future(shared.ask(ListNames()))
        waited_for = asyncio.wrap_future(shared.ask(Check(experiment=tables())))
        given_up.cancel()
        async with asyncio.timeout(SECONDS):
            assert isinstance(await waited_for, Outline)
    assert not shared.died


# Death


def test_killed_with_requests_pending(client: ProcessClient) -> None:
    get(client.ask(Open(experiment=tables())))
    os.kill(client.pid, signal.SIGSTOP)
    pending = [client.ask(look_at()) for _ in range(3)]
    assert not any(future.done() for future in pending)
    assert not client.died
    os.kill(client.pid, signal.SIGKILL)
    for future in pending:
        with pytest.raises(EngineDiedError, match="ended by SIGKILL"):
            get(future)
    wait_for_death(client)
    for request in (look_at(), Open(experiment=tables()), Save()):
        with pytest.raises(EngineDiedError, match="ended by SIGKILL"):
            get(client.ask(request))


def test_killed_while_it_is_asked_again_and_again(client: ProcessClient) -> None:
    get(client.ask(Open(experiment=tables())))
    os.kill(client.pid, signal.SIGKILL)
    futures = []
    until = time.monotonic() + SECONDS
    while not client.died:
        assert time.monotonic() < until
        futures.append(client.ask(look_at()))
    futures.append(client.ask(look_at()))
    for future in futures:
        with pytest.raises(EngineDiedError):
            get(future)


def test_its_last_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "msgspec.py").write_text("raise ImportError('no msgspec today')")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *sys.path]))
    client = ProcessClient()
    with pytest.raises(EngineDiedError, match="ImportError: no msgspec today"):
        get(client.ask(ListNames()))
    assert client.died
    client.close()


def test_close_leaves_no_process() -> None:
    client = ProcessClient()
    get(client.ask(Open(experiment=tables(epochs=10**6))))
    get(client.ask(Play()))
    pid = client.pid
    assert not gone(pid)
    client.close()
    assert gone(pid)
    wait_for_death(client)
    with pytest.raises(EngineDiedError):
        get(client.ask(look_at()))
    client.close()


def test_close_does_not_wait_for_one_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_client, "GRACE", 0.05)
    client = ProcessClient()
    get(client.ask(ListNames()))
    os.kill(client.pid, signal.SIGSTOP)
    started = time.monotonic()
    assert client.close() == "the engine did not answer for 0.05 seconds"
    assert time.monotonic() - started < SECONDS / 2
    assert gone(client.pid)


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder in which engines started afterwards keep their runs."""
    monkeypatch.setenv("TUIPROP_STATE", str(tmp_path / "state"))
    return tmp_path / "state" / "runs"


@pytest.mark.slow
def test_close_waits_for_a_disk_that_is_slow(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow_disk(tmp_path, monkeypatch, process_client.GRACE + 1)
    client = ProcessClient()
    get(client.ask(Open(experiment=tables())))
    seek(client, 10)
    told = []
    assert client.close(lambda: told.append(client.is_saving)) == ""
    assert told == [True]
    (path,) = kept_runs(runs)
    assert load_checkpoint(path).content.position == (10, 0)
    assert not list(runs.glob("*.tmp"))
    assert gone(client.pid)


def test_close_says_why_the_run_is_not_saved(runs: Path) -> None:
    runs.parent.mkdir()
    runs.write_text("a file where the folder should be")
    client = ProcessClient()
    get(client.ask(Open(experiment=tables())))
    seek(client, 10)
    assert client.close() == f"File exists ({runs})"
    killed = ProcessClient()
    get(killed.ask(ListNames()))
    os.kill(killed.pid, signal.SIGKILL)
    assert killed.close() == "the engine has ended: ended by SIGKILL"


def test_an_engine_that_is_left_ends_by_itself(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine saves within its limit of time, and then ends even if the save is not done."""
    (tmp_path / "sitecustomize.py").write_text(
        "import time\n"
        "import tuiprop.protocol.pipe as c\n"
        "import tuiprop.protocol.server as e\n"
        "c.LONGEST = 1.0\n"
        "e.Engine.close = lambda self: time.sleep(1000)\n"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *filter(None, sys.path)]))
    client = ProcessClient()
    get(client.ask(ListNames()))
    assert client.close()
    assert client.reason == "exit status 1"
    client.close()


def test_close_right_after_the_start() -> None:
    client = ProcessClient()
    client.close()
    assert gone(client.pid)


def test_a_dead_one_can_be_closed(client: ProcessClient) -> None:
    os.kill(client.pid, signal.SIGKILL)
    wait_for_death(client)
    client.close()


# The process itself


@pytest.fixture
def process() -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tuiprop.protocol"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        yield process
        process.kill()


def exchange(process: "subprocess.Popen[bytes]", request: Request[Any]) -> Any:
    assert process.stdin is not None
    assert process.stdout is not None
    write_message(process.stdin, encode(request))
    content = read_message(process.stdout)
    assert content is not None
    return decode_reply(content, type(request))


def test_it_ends_when_its_input_does(process: "subprocess.Popen[bytes]") -> None:
    assert isinstance(exchange(process, Open(experiment=tables(epochs=10**6))), Opened)
    assert exchange(process, Play()) is None
    out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 0
    assert (messages(out), err) == ([], b"")


def test_it_ends_in_the_middle_of_a_message(process: "subprocess.Popen[bytes]") -> None:
    assert process.stdin is not None
    process.stdin.write(b"\x10\x00\x00\x00half")
    out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 0
    assert (messages(out), err) == ([], b"")


def test_it_ignores_an_interrupt(process: "subprocess.Popen[bytes]") -> None:
    exchange(process, Open(experiment=tables(epochs=10**6)))
    for request in (Play(), Pause(), look_at()):
        process.send_signal(signal.SIGINT)
        assert not isinstance(exchange(process, request), Refused)
    _, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 0
    assert err == b""


@pytest.mark.usefixtures("broken_verify")
def test_only_messages_come_out_of_it(process: "subprocess.Popen[bytes]") -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    requests: list[Request[Any]] = [
        Open(experiment=tables()),
        Verify(),
        Seek(update=10),
        look_at(),
        ListNames(),
    ]
    for request in requests:
        write_message(process.stdin, encode(request))
    write_message(process.stdin, b"no message")
    out, err = process.communicate(timeout=SECONDS)
    replies = [type(each) for each in messages(out, *requests)]
    assert replies == [Opened, Refused, NoneType, Frame, Vocabulary, Refused]
    assert b"Traceback" in err


def test_what_a_library_prints_does_not_get_among_the_messages(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import tuiprop.protocol.server as e\n"
        "handle = e.Engine.handle\n"
        "def loud(self, request):\n"
        "    import os\n"
        "    print('hello', flush=True)\n"
        "    os.write(1, b'hello')\n"
        "    return handle(self, request)\n"
        "e.Engine.handle = loud\n"
    )
    path = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
    done = subprocess.run(
        [sys.executable, "-m", "tuiprop.protocol"],
        input=len(encode(ListNames())).to_bytes(4, "little") + encode(ListNames()),
        capture_output=True,
        check=True,
        timeout=SECONDS,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert [type(each) for each in messages(done.stdout, ListNames())] == [Vocabulary]
    assert done.stderr.count(b"hello") == 2


def modules_after(statement: str) -> set[str]:
    program = f"{statement}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout))


HEAVY = {"numpy", "plotext", "polars", "threadpoolctl", "tuiprop.protocol.server"}


def test_the_dashboards_side_does_without_numpy() -> None:
    names = {f"tuiprop.protocol.{each}" for each in ("process_client", "codec", "pipe")}
    modules = modules_after(f"import {', '.join(names)}")
    assert names <= modules
    assert modules & {*HEAVY, "textual"} == set()


def test_every_screen_does_without_numpy() -> None:
    names = [each.name for each in walk_packages(tuiprop.ui.__path__, "tuiprop.ui.")]
    modules = modules_after("; ".join(f"import {name}" for name in names))
    assert "tuiprop.ui.setup.screen" in modules
    assert modules & HEAVY == set()


def test_the_dashboard_itself_does_without_numpy_and_its_later_screens() -> None:
    modules = modules_after("import tuiprop.ui.app")
    assert "tuiprop.ui.run.screen" in modules
    assert modules & {*HEAVY, "tuiprop.ui.setup.screen", "tuiprop.ui.predictions.screen"} == set()


# Inline


async def test_inline_works_on_the_event_loop() -> None:
    client = InlineClient()
    assert isinstance(client.ask(Open(experiment=tables())).result(0), Opened)
    client.ask(Play()).result(0)
    async with asyncio.timeout(SECONDS):
        while True:
            reply = client.ask(look_at()).result(0)
            assert isinstance(reply, Frame)
            if reply[Motion].status == "paused":
                break
            await asyncio.sleep(0.001)
    assert reply[Position].update == LAST
    engine = opened()
    go(engine, LAST)
    assert state_of(client.engine) == state_of(engine)
    assert not client.died
    client.close()


async def test_inline_stops_when_it_is_closed() -> None:
    client = InlineClient()
    client.ask(Open(experiment=tables(epochs=10**6)))
    client.ask(Play())
    await asyncio.sleep(0.02)
    client.close()
    before = state_of(client.engine)
    await asyncio.sleep(0.03)
    assert state_of(client.engine) == before


def test_where_no_process_can_be_started_it_is_inline(monkeypatch: pytest.MonkeyPatch) -> None:
    client = start()
    assert isinstance(client, ProcessClient)
    client.close()

    def no(*arguments: Any, **options: Any) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", no)
    assert isinstance(start(), InlineClient)
