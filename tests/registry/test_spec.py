"""How plug-ins are written, and that whatever else is written gets a SpecError of one line."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scroogevm.errors import SpecError
from scroogevm.ports import STRATEGIES
from scroogevm.registry import Spec

WORDS = st.one_of(
    st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,6}", fullmatch=True),
    st.from_regex(r"[-+]?[0-9]{1,3}(\.[0-9]+)?(e[-+]?[0-9])?", fullmatch=True),
    st.from_regex(r"[-+]?\.[0-9]+", fullmatch=True),
)
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,6}", fullmatch=True)
SPECS = st.recursive(
    st.builds(Spec, WORDS),
    lambda inner: st.builds(
        Spec,
        WORDS,
        st.dictionaries(NAMES, inner, max_size=2),
        st.lists(inner, max_size=2).map(tuple),
    ),
    max_leaves=8,
)
PIECES = st.lists(
    st.sampled_from(
        ["margin", "max-of", "n-sigma", "doa", "n", "by", "cpu.", "=", "(", ")", ",", ":", " ", "3"]
    ),
    max_size=12,
).map("".join)


@given(SPECS)
def test_what_is_written_reads_back_the_same(spec: Spec) -> None:
    assert Spec.parse(str(spec)) == spec


@given(st.one_of(st.text(max_size=40), PIECES))
@example("a(" * 5000)
@example("a(" * 5000 + "b" + ")" * 5000)
@example("")
@example("\n")
@example("n-sigma:n=" + "9" * 5000)
@example("google-avg:samples=" + "9" * 400)
@example("max-of(strategies=doa)")
def test_any_text_builds_a_strategy_or_gives_one_line(text: str) -> None:
    try:
        built = STRATEGIES.build(text, "cpu")
    except SpecError as error:
        assert len(str(error).splitlines()) == 1  # some texts do build
    else:
        assert STRATEGIES.build(str(Spec.parse(text)), "cpu") == built


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "a name or value is missing"),
        ("n-sigma:", "a name or value is missing"),
        ("n-sigma:n", "'n' has no value"),
        ("n-sigma:n=1,n=2", "'n' is given twice"),
        ("n-sigma n=1", "unexpected 'n'"),
        ("n-sigma: ?", "unexpected '?'"),
        ("margin(doa", "a parenthesis is not closed"),
        ("margin(doa))", "unexpected ')'"),
        ("margin(a(b)=3)", "'a(b)' is not the name of a parameter"),
        ("a(" * 50, "it is nested too deeply"),
    ],
)
def test_a_malformed_spec_says_what_is_wrong_and_how_to_write_one(text: str, problem: str) -> None:
    with pytest.raises(SpecError) as caught:
        Spec.parse(text)
    assert caught.value.problem == problem
    assert caught.value.where == repr(text)
    assert "NAME" in caught.value.remedy


def test_spaces_do_not_matter() -> None:
    assert Spec.parse(" max-of ( rc-like , n-sigma( n = 2 ) ) ") == Spec.parse(
        "max-of(rc-like,n-sigma(n=2))"
    )
