import msgspec

from tuiprop.training.edit import Edit, MistakeEdit


def test_a_log_calls_an_injected_mistake_a_slip() -> None:
    written = {"type": "SlipEdit", "at": 3, "slip": "no_mean"}
    edit = MistakeEdit(at=3, mistake="no_mean")
    assert msgspec.convert(written, Edit) == edit
    assert msgspec.to_builtins(edit) == written
