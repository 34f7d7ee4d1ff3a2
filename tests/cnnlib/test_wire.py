"""Outcomes cross a process boundary unchanged, and nothing else does."""

import json
import math

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cnnlib.checks import wire
from cnnlib.checks.values import CaseOutcome, CodeLine, PlainValue, plain
from cnnlib.checks.wire import WireError, dumps, loads, pack, unpack


def sent(outcomes: list[CaseOutcome]) -> list[CaseOutcome]:
    """Send outcomes as bytes and read them again."""
    line = dumps({"outcomes": pack(outcomes)})
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    return unpack(loads(line)["outcomes"], len(outcomes))


def alike(one: PlainValue, other: PlainValue) -> bool:
    if (one.type, one.dtype, type(one.data)) != (
        other.type,
        other.dtype,
        type(other.data),
    ):
        return False
    if isinstance(one.data, np.ndarray):
        return (
            one.data.dtype == other.data.dtype
            and one.data.shape == other.data.shape
            and one.data.tobytes() == other.data.tobytes()
        )
    if one.type == "list":
        return len(one.data) == len(other.data) and all(
            map(alike, one.data, other.data)
        )
    if one.type == "dict":
        return list(one.data) == list(other.data) and all(
            map(alike, one.data.values(), other.data.values())
        )
    if isinstance(one.data, float):
        return one.data.hex() == other.data.hex()
    return one.data == other.data


class Liar:
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


ITEMS = [
    ...,
    None,
    True,
    -(2**63) - 1,
    0.1,
    -0.0,
    math.nan,
    -math.inf,
    "a\nb\ud800\x1b[31m é",
    Liar(),
    torch.nn.Linear(1, 1),
    torch.arange(6.0).reshape(2, 3),
    torch.tensor(3, dtype=torch.int8),
    torch.tensor([True, False]),
    torch.zeros(0, 3),
    torch.ones(2, dtype=torch.float16),
    torch.ones(2, dtype=torch.bfloat16),
    torch.tensor([1 + 2j]),
    torch.tensor([math.nan, math.inf]),
    torch.zeros(2, 3, 4).permute(2, 0, 1),
    np.arange(4, dtype=">f8"),
    np.arange(4, dtype=np.uint16)[::2],
    np.float32(0.5),
    [1, (2.0, "x"), {"k": [torch.ones(1)]}],
    {"a": None, "b": ...},
]


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: type(item).__name__)
def test_every_kind_of_value_comes_out_as_it_went_in(item):
    value = plain(item)
    [found] = sent([CaseOutcome({"result": value})])
    assert alike(found.values["result"], value)


def test_errors_messages_remarks_and_order_are_kept():
    outcomes = [
        CaseOutcome(
            error="ValueError",
            message="x [red] \x1b",
            line=CodeLine(3, "x = [red] \x1b", "flatten"),
        ),
        CaseOutcome(
            {"b": PlainValue("none"), "a": PlainValue("int", 1)},
            remarks=("prints", "cut:x"),
        ),
        CaseOutcome(),
    ]
    found = sent(outcomes)
    assert found == outcomes
    assert list(found[1].values) == ["b", "a"]


numbers = hnp.arrays(
    st.sampled_from(["f4", "f8", "i1", "i8", "u2", "c8", "?"]),
    hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
)
values = st.recursive(
    st.one_of(st.integers(), st.floats(), st.text(), st.booleans(), st.none(), numbers),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
).map(plain)


@pytest.mark.slow
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine
@given(st.dictionaries(st.text(), values), st.lists(st.text()))
def test_any_plain_value_comes_out_as_it_went_in(named, remarks):
    [found] = sent([CaseOutcome(named, remarks=tuple(remarks))])
    assert list(found.values) == list(named)
    assert all(alike(found.values[name], named[name]) for name in named)
    assert found.remarks == tuple(remarks)


def test_what_is_too_large_stays_behind_but_is_named(monkeypatch):
    monkeypatch.setattr(wire, "MOST_BYTES", 100)
    [found] = sent(
        [CaseOutcome({"r": plain(torch.zeros(26)), "s": plain(torch.zeros(25))})]
    )
    assert found.values["r"].type == "tensor of 26 numbers, too large to be judged"
    assert found.values["s"].shape == (25,)
    [found] = sent([CaseOutcome({"r": plain(1 << 9000)})])
    assert found.values["r"] == PlainValue("int of 9001 bits, too large to be judged")


def test_a_class_that_calls_itself_tensor_is_only_a_name():
    for name in ("tensor", "list", "int", ""):
        [found] = sent([CaseOutcome({"r": PlainValue(name)})])
        assert found.values["r"].data is None
        assert found.values["r"].type not in ("tensor", "list", "int", "")


def array(**changes: object) -> dict:
    [made] = pack([CaseOutcome({"r": plain(torch.arange(4.0).reshape(2, 2))})])
    made["values"]["r"] |= changes
    return made


def value(**facts: object) -> dict:
    outcome = {"values": {"r": facts}, "error": "", "message": "", "remarks": []}
    return outcome | {"line": None}


def nested(depth: int) -> dict:
    inner: dict = {"type": "none"}
    for _ in range(depth):
        inner = {"type": "list", "data": [inner]}
    return inner


BAD = {
    "no object": 3,
    "a key too few": {"values": {}, "error": "", "message": "", "remarks": []},
    "a key too many": value(type="none") | {"more": 1},
    "error not text": value(type="none") | {"error": None},
    "error too long": value(type="none") | {"error": "x" * 401},
    "message not text": value(type="none") | {"message": ["x"]},
    "remarks not texts": value(type="none") | {"remarks": [1]},
    "remarks text": value(type="none") | {"remarks": "ab"},
    "values a list": value(type="none") | {"values": []},
    "value no object": value(type="none") | {"values": {"r": 3}},
    "type missing": value(data=3),
    "type empty": value(type=""),
    "type no text": value(type=["int"]),
    "type too long": value(type="x" * 401),
    "bool as int": value(type="int", data=True),
    "int as float": value(type="float", data=1),
    "text as int": value(type="int", data="1"),
    "int too long": value(type="int", data=1 << 9000),
    "int as bool": value(type="bool", data=1),
    "text too long": value(type="str", data="x" * 10_001),
    "module without name": value(type="module"),
    "data of an unknown type": value(type="Liar", data=[1]),
    "data of none": value(type="none", data=0),
    "more keys": value(type="int", data=1, dtype="int64"),
    "list of numbers": value(type="list", data=[1]),
    "list too long": value(type="list", data=[{"type": "none"}] * 10_001),
    "dict as list": value(type="dict", data=[]),
    "too deep": value(**nested(8)),
    "too few bytes": array(shape=[2, 3]),
    "too many bytes": array(shape=[3]),
    "negative side": array(shape=[-2, -2]),
    "side no int": array(shape=[4.0]),
    "side a bool": array(shape=[True, 4]),
    "shape a number": array(shape=4),
    "huge": array(shape=[2**39, 2**39]),
    "no base64": array(data="!!!!"),
    "data a list": array(data=[1, 2]),
    "objects": array(dtype="object"),
    "texts": array(dtype="<U1"),
    "a struct": array(dtype="f4,f4"),
    "no dtype": array(dtype="float31"),
    "dtype no text": array(dtype=4),
    "dtype by another name": array(dtype="f4"),
    "dates": array(dtype="datetime64[s]"),
    "key missing": {
        "values": {"r": {"type": "tensor"}},
        "error": "",
        "message": "",
        "remarks": [],
        "line": None,
    },
    "line a text": value(type="none") | {"line": "x = 1"},
    "line too short": value(type="none") | {"line": [1, "x = 1"]},
    "line's number a bool": value(type="none") | {"line": [True, "x = 1", "f"]},
    "line's number negative": value(type="none") | {"line": [-1, "x = 1", "f"]},
    "line's number huge": value(type="none") | {"line": [10**6, "x = 1", "f"]},
    "line too long": value(type="none") | {"line": [1, "x" * 401, "f"]},
    "line's function no text": value(type="none") | {"line": [1, "x = 1", None]},
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_what_is_not_of_the_form_is_refused(bad):
    with pytest.raises(WireError):
        unpack(json.loads(json.dumps([bad])), 1)


def test_the_unchanged_forms_would_have_been_taken():
    assert unpack([array()], 1)[0].values["r"].data.tolist() == [[0, 1], [2, 3]]
    assert unpack([value(type="none")], 1) == [CaseOutcome({"r": PlainValue("none")})]
    assert unpack([value(**nested(7))], 1)


def test_bytes_that_are_neither_true_nor_false_are_refused():
    [made] = pack([CaseOutcome({"r": plain(torch.tensor([True, False]))})])
    assert unpack([made], 1)
    made["values"]["r"]["data"] = "AgA="
    with pytest.raises(WireError):
        unpack([made], 1)


@pytest.mark.parametrize("count", [0, 2])
def test_there_must_be_as_many_outcomes_as_cases(count):
    with pytest.raises(WireError):
        unpack(pack([CaseOutcome()]), count)


@pytest.mark.parametrize("outcomes", [None, {}, "", {"a": 1}])
def test_outcomes_are_a_list(outcomes):
    with pytest.raises(WireError):
        unpack(outcomes, len(outcomes) if outcomes else 0)


@pytest.mark.parametrize(
    "line", [b"", b"{", b"[1]", b"\xff\xfe", b'"x"', b"[" * 10**6, b"9" * 5000]
)
def test_a_line_that_is_no_message_is_refused(line):
    with pytest.raises(WireError):
        loads(line)


def test_an_array_that_came_in_can_be_written_to():
    [found] = sent([CaseOutcome({"r": plain(torch.zeros(2))})])
    found.values["r"].data[0] = 1
    assert found.values["r"].data.tolist() == [1, 0]
