from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sfxgen.yaml_source import MAX_BYTES, Document, dotted, parse, plain_scalar


def one_mistake(text: bytes) -> str:
    document = parse("m.yaml", text)
    assert document.data is None or isinstance(document.data, dict)
    assert len(document.mistakes) == 1
    assert document.mistakes[0].hint
    return str(document.mistakes[0])


def test_scalars_follow_yaml_1_2_so_that_words_stay_words() -> None:
    document = parse(
        "m.yaml",
        b"a: on\nb: no\nc: 1:30\nd: 012\ne: 1.5\nf: ~\ng: true\nh: '7'\ni: 2020-01-01\nj: -3\nk: 0E0",
    )
    assert document.data == {
        "a": "on",
        "b": "no",
        "c": "1:30",
        "d": 12,
        "e": 1.5,
        "f": None,
        "g": True,
        "h": "7",
        "i": "2020-01-01",
        "j": -3,
        "k": 0.0,
    }


def test_every_key_path_has_its_line() -> None:
    document = parse("m.yaml", b"sounds:\n  a/b:\n    takes: [1,\n      4]\n  c: {prompt: x,\n    seed: 3}\n")
    lines = {dotted(path): line for path, line in document.lines.items()}
    assert lines == {
        "sounds": 1,
        "sounds.a/b": 2,
        "sounds.a/b.takes": 3,
        "sounds.a/b.takes[0]": 3,
        "sounds.a/b.takes[1]": 4,
        "sounds.c": 5,
        "sounds.c.prompt": 5,
        "sounds.c.seed": 6,
    }
    assert document.line(("sounds", "c", "nowhere", 3)) == 5


def test_anchors_and_merge_keys_work() -> None:
    document = parse("m.yaml", b"a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}\nc: *x\nd: {<<: [*x, {r: 4}]}")
    assert document.data == {
        "a": {"p": 1, "q": 2},
        "b": {"p": 1, "q": 3},
        "c": {"p": 1, "q": 2},
        "d": {"p": 1, "q": 2, "r": 4},
    }


def test_a_key_that_stands_twice_names_both_lines() -> None:
    assert one_mistake(b"a: 1\nb: 2\na: 3") == "m.yaml:3: a: stands here a second time, first on line 1"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"a:\n\tb: 1", "m.yaml:2: a tab indents this line"),
        (b"ok: 1\nb: \xff\xfe", "m.yaml:2: byte 0xff is not valid UTF-8"),
        (b"a: \x01", "m.yaml:1: holds the control character U+0001"),
        (b"a: b: c", "m.yaml:1: not valid YAML: mapping values are not allowed in this context"),
        (b"a: 1\n---\nb: 2", "m.yaml:2: a second document begins here"),
        (
            b"a: !!python/object/apply:os.system [ls]",
            "m.yaml:1: the tag tag:yaml.org,2002:python/object/apply:os.system",
        ),
        (b"? [a]\n: b", "m.yaml:1: a mapping or list cannot be a key"),
        (b"a: *x", "m.yaml:1: *x is not defined above"),
        (b"a: &a [*a]", "m.yaml:1: *a is not defined above"),
        (b"a: 1\nb: {<<: 3}", "m.yaml:2: << needs a mapping"),
        (b"a:\n  " + b"[" * 500, "m.yaml:2: nested deeper than 24 levels"),
        (b"- " * 100_000, "m.yaml:1: nested deeper than 24 levels"),
        (b"{a: " * 50_000, "m.yaml:1: nested deeper than 24 levels"),
        (b"#" * (MAX_BYTES + 1), "m.yaml: is 8.4 MB, more than 8 MiB"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_line(text: bytes, said: str) -> None:
    assert one_mistake(text).startswith(said)


def test_a_bomb_of_aliases_is_refused_before_it_grows() -> None:
    levels = [b"l0: &l0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [b"l%d: &l%d [%s]" % (n, n, b", ".join([b"*l%d" % (n - 1)] * 10)) for n in range(1, 12)]
    assert "aliases expanded" in one_mistake(b"\n".join(levels))


def test_a_byte_order_mark_is_no_mistake() -> None:
    assert parse("m.yaml", "\ufeffa: 1".encode()).data == {"a": 1}


@given(st.binary(max_size=200))
def test_no_bytes_whatever_raise(raw: bytes) -> None:
    document = parse("m.yaml", raw)
    assert isinstance(document, Document)


# PyYAML writes YAML 1.1, where 0E0 is text and needs no quotes; by 1.2 it is a number, as the first test says.
TEXT = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=12).filter(
    lambda text: isinstance(plain_scalar(text), str)
)
SCALARS = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | TEXT
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_what_pyyaml_writes_is_read_back(value: object) -> None:
    text = yaml.safe_dump(value, allow_unicode=True)
    document = parse("m.yaml", text.encode("utf-8", "surrogatepass"))
    if "<<" not in text and not any(0xFFFE <= ord(c) <= 0xFFFF for c in text):
        assert not document.mistakes
        assert document.data == value
