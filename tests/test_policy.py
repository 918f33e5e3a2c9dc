"""Policies, judged by the example of tlog-policy and by every rule in it that can be broken."""

import contextlib
from itertools import chain, combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.notes import COSIGNATURE, ED25519, SigningKey, VerifierKey
from ledger.policy import Policy, WrongPolicy, parse_policy


def key(name: str, kind: int = COSIGNATURE) -> VerifierKey:
    return SigningKey(f"{name}.example", name.encode().ljust(32, b"."), kind).verifier


NAMES = ["X1", "X2", "X3", "Y1", "Y2", "Y3"]
W = {name: key(name) for name in NAMES}
LOG = key("log", ED25519)
EXAMPLE = f"""log {LOG}

witness X1 {W["X1"]}
witness X2 {W["X2"]}
witness X3 {W["X3"]}
group X-witnesses 2 X1 X2 X3

witness Y1 {W["Y1"]}
witness Y2 {W["Y2"]}
witness Y3 {W["Y3"]}
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""


def test_the_example_of_the_specification_asks_for_two_of_one_group_and_one_of_the_other() -> None:
    policy = parse_policy(EXAMPLE)

    for names in chain.from_iterable(combinations(NAMES, count) for count in range(7)):
        enough = sum(name[0] == "X" for name in names) >= 2 and any(name[0] == "Y" for name in names)
        assert policy.is_witnessed([W[name] for name in names]) == enough, names


def test_logs_witnesses_and_addresses_are_told() -> None:
    policy = parse_policy(f"log {LOG} https://log.example/\nwitness w {W['X1']} https://w.example/x\nquorum w\n")

    assert (policy.logs, policy.witnesses, policy.urls) == ((LOG,), {"w": W["X1"]}, {"w": "https://w.example/x"})
    assert not policy.is_witnessed([W["X2"], LOG])
    assert policy.is_witnessed([W["X1"]])


def test_a_policy_may_ask_for_no_witness() -> None:
    assert parse_policy("quorum none").is_witnessed([])
    assert Policy().is_witnessed([])


def test_blanks_tabs_comments_and_empty_lines_mean_nothing() -> None:
    assert parse_policy("\n  \t\n# log x\n \t # quorum\n\t quorum \t none \t\n\n") == Policy()
    assert parse_policy("#" + "é" * 5 + "\nquorum none") == Policy()


def test_names_are_compared_and_not_read() -> None:
    told = f"witness K {W['X1']}\nwitness \u212a {W['X2']}\n".encode() + b"witness \xff " + str(W["X3"]).encode()

    policy = parse_policy(told + b"\n# \xfe\nquorum \xff\n")

    assert len(policy.witnesses) == 3
    assert policy.is_witnessed([W["X3"]])
    assert not policy.is_witnessed([W["X1"], W["X2"]])


def test_as_many_of_everything_as_is_recommended_are_read() -> None:
    lines = [
        *(f"log {key(f'log{n}', ED25519)}" for n in range(32)),
        *(f"witness w{n} {key(f'w{n}')}" for n in range(32)),
        *(f"group g{n} 1 w{n}" for n in range(31)),
        "group g31 all " + " ".join(f"g{n}" for n in range(31)),
        "quorum g31",
    ]

    policy = parse_policy("\n".join(lines))

    assert policy.is_witnessed([key(f"w{n}") for n in range(31)])
    assert not policy.is_witnessed([key(f"w{n}") for n in range(30)])


def test_groups_may_lie_as_deep_as_a_policy_is_long() -> None:
    chained = [f"group g{n} all {f'g{n - 1}' if n else 'w'}" for n in range(990)]

    policy = parse_policy("\n".join([f"witness w {W['X1']}", *chained, "quorum g989"]))

    assert policy.is_witnessed([W["X1"]])
    assert not policy.is_witnessed([])


WITNESS = f"witness w {W['X1']}\nwitness v {W['X2']}\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "a line `quorum`"),
        (f"log {LOG}", "a line `quorum`"),
        ("quorum none\nquorum none", "line 2: a policy has one line `quorum`"),
        ("quorum w", "line 1: 'w' is defined on no line before"),
        (f"quorum w\n{WITNESS}", "line 1: 'w' is defined on no line before"),
        ("quorum", "another number of words"),
        ("quorum none none", "another number of words"),
        ("Quorum none", "'Quorum' is none of log, witness, group, quorum"),
        ("timeout 5\nquorum none", "'timeout' is none of"),
        ("log\nquorum none", "another number of words"),
        (f"log {LOG} https://a https://b\nquorum none", "another number of words"),
        (f"log {LOG}\nlog {LOG}\nquorum none", "line 2: the key of this log is listed twice"),
        (f"log {LOG}\nlog {VerifierKey('other', ED25519, LOG.public)}\nquorum none", "listed twice"),
        (f"log {W['X1']}\nquorum none", "the key of a log is of type 1, and this one of type 4"),
        ("log key\nquorum none", "line 1: 'key' is no key"),
        (f"witness w {LOG}\nquorum none", "the key of a witness is of type 4, and this one of type 1"),
        (f"witness w\nwitness v {W['X1']}\nquorum none", "another number of words"),
        (f"witness w {W['X1']}\nwitness v {W['X1']}\nquorum none", "the key of this witness is listed twice"),
        (f"witness w {W['X1']}\nwitness w {W['X2']}\nquorum none", "line 2: 'w' is taken"),
        (f"witness none {W['X1']}\nquorum none", "'none' is taken"),
        (f"{WITNESS}group w any v\nquorum none", "'w' is taken"),
        (f"{WITNESS}group none any v\nquorum none", "'none' is taken"),
        (f"{WITNESS}group g any v\nwitness g {W['X3']}\nquorum none", "'g' is taken"),
        (f"{WITNESS}group g any\nquorum none", "another number of words"),
        (f"{WITNESS}group g any none\nquorum none", "'none' is defined on no line"),
        (f"{WITNESS}group g any g\nquorum none", "'g' is defined on no line"),
        (f"group g any w\n{WITNESS}quorum none", "line 1: 'w' is defined on no line"),
        (f"{WITNESS}group g any w w\nquorum none", "'w' is a member twice"),
        (f"{WITNESS}group g any w\ngroup h any w\nquorum none", "line 4: 'w' is a member twice"),
        *(
            (f"{WITNESS}group g {count} w v\nquorum none", "is none of all, any, and a number from 1 to 2")
            for count in ("0", "3", "-1", "+1", "1.5", "two", "ALL", "٢", "²", "02", "1" * 5_000)
        ),
        ("quorum none\r\n", "the only control characters"),
        ("quorum\x0bnone", "the only control characters"),
        ("# \x00\nquorum none", "the only control characters"),
        ("# \x7f\nquorum none", "the only control characters"),
        ("quorum\u00a0none", "is none of log"),
        ("\n" * 1_000 + "quorum none", "at most 1,000 lines"),
    ],
)
def test_every_rule_that_is_broken_is_told(text: str, told: str) -> None:
    with pytest.raises(WrongPolicy) as refused:
        parse_policy(text)

    assert told in str(refused.value)


WORDS = st.sampled_from(
    [
        "log",
        "witness",
        "group",
        "quorum",
        "any",
        "all",
        "none",
        "1",
        "w",
        "v",
        str(W["X1"]),
        str(LOG),
        "#",
        "\t",
        "\n",
        " ",
    ]
)


@given(st.lists(WORDS, max_size=30).map(" ".join) | st.text(max_size=60))
def test_arbitrary_text_is_read_or_refused_and_nothing_else(text: str) -> None:
    for content in (text, text.encode()):
        with contextlib.suppress(WrongPolicy):
            parse_policy(content).is_witnessed([W["X1"]])


@given(st.binary(max_size=60))
def test_arbitrary_bytes_are_read_or_refused_and_nothing_else(content: bytes) -> None:
    with contextlib.suppress(WrongPolicy):
        parse_policy(b"quorum none\n" + content)
