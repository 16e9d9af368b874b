"""One example as text: side by side or in turn, with a picture or without."""

from typing import Any

from msgspec.structs import replace
from textual.content import Content

from tuiprop.protocol.messages.example_trace import LayerActivations, TraceNote
from tuiprop.protocol.messages.pictures import SHADES, Grid, Picture
from tuiprop.ui.predictions import example_trace
from tuiprop.ui.theme import DARK

PICTURE = Picture(
    name="#3", grid=Grid(columns=4, rows=4, shades=bytes([0, SHADES, 2 * SHADES, SHADES] * 4))
)


def layer(title: str, values: list[float], raw: list[float] | None = None) -> LayerActivations:
    names = [f"u{k}" for k in range(len(values))]
    return LayerActivations(
        title=title, names=names, values=values, raw=raw or [], size=len(values)
    )


def note(units: int = 3, **fields: Any) -> TraceNote:
    layers = [
        layer("a[0] input", [-1.0, 0.5], [3.25, 80.0]),
        layer("a[1] tanh", [1 / (k + 1) for k in range(units)]),
        layer("a[2] sigmoid", [0.75]),
    ]
    fields = {
        "actual": "yes",
        "predicted": "yes",
        "outputs": [0.25, 0.75],
        "output_names": ["no", "yes"],
        "of_classes": True,
        "picture": None,
        **fields,
    }
    return TraceNote(row=3, held_out=False, layers=layers, **fields)


def trace(note: TraceNote, width: int, height: int = 20) -> list[str]:
    return plain(example_trace.trace(note, DARK, width, height, plain=True))


def outcome(note: TraceNote) -> list[str]:
    return plain(example_trace.outcome(note, DARK, 40, 12, plain=True))


def plain(texts: list[Content]) -> list[str]:
    return [text.plain.rstrip() for text in texts]


def test_layers_stand_side_by_side_with_raw_inputs() -> None:
    lines = trace(note(), 100)
    assert len(lines) == 4
    assert [title in lines[0] for title in ("a[0] input", "a[1] tanh", "a[2] sigmoid")]
    assert "3.25" in lines[1]
    assert "-1.00" in lines[1]
    assert lines[1].count("█" * 12 + "   u") == 2  # the largest of each layer
    assert max(map(len, lines)) <= 100


def test_where_it_is_narrower_raw_inputs_are_left_out() -> None:
    lines = trace(note(), 70)
    assert len(lines) == 4
    assert "-1.00" in lines[1]
    assert "3.25" not in lines[1]


def test_numbers_of_the_table_have_a_head() -> None:
    named = note()
    named.layers[0] = replace(named.layers[0], names=["petal_length", "petal_width"])
    lines = trace(named, 100)
    assert lines[0].index("raw") + len("raw") == lines[1].index("3.25") + len("3.25")
    assert "raw" not in trace(named, 70)[0]


def test_one_unit_is_one() -> None:
    assert "a[2] sigmoid  1 unit" in trace(note(), 40)


def test_a_picture_is_whole_where_there_is_little_room() -> None:
    shades = bytes([0, 2 * SHADES] * 14) * 28
    large = Picture(name="#3", grid=Grid(columns=28, rows=28, shades=shades))
    lines = plain(example_trace.outcome(note(picture=large), DARK, 43, 10, plain=True))
    assert len(lines) == 10
    assert len(plain(example_trace.outcome(note(picture=large), DARK, 80, 16, plain=True))) == 14


def test_the_most_probable_of_more_classes_than_lines() -> None:
    outputs = [0.01] * 30
    outputs[7], outputs[20] = 0.5, 0.2
    many = note(
        actual="c3", outputs=outputs, output_names=[f"c{k}" for k in range(30)], picture=PICTURE
    )
    text = "\n".join(plain(example_trace.outcome(many, DARK, 60, 4, plain=True)))
    assert "▶c3" in text
    assert "c7 " in text
    assert "c20" in text
    assert "and 27 less probable" in text


def test_what_is_too_narrow_or_too_low_stands_in_turn() -> None:
    for lines in (trace(note(), 40), trace(note(30), 100)):
        titles = [line.split("  ")[0] for line in lines if line.startswith("a[")]
        assert titles == ["a[0] input", "a[1] tanh", "a[2] sigmoid"]


def test_the_actual_class_is_marked() -> None:
    lines = outcome(note())
    assert lines[0].startswith(" no  0.250 ")
    assert lines[1].startswith("▶yes 0.750 ")
    assert lines[1].count("█") == 3 * lines[0].count("█")
    assert "3.250" in lines[3]


def test_numbers_beside_a_picture() -> None:
    lines = outcome(
        note(
            actual="2.5",
            predicted="2",
            outputs=[2.0],
            output_names=["y"],
            of_classes=False,
            picture=PICTURE,
        )
    )
    assert "ŷ = 2.000" in lines[0]
    assert "2.5" in lines[1]
    assert lines[0].startswith("     ▒▒▒▒▒█████▒▒▒▒▒")
