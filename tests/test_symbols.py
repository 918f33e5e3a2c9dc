"""UN document symbols: the field's own lists of what must be accepted and what must be refused."""

from datetime import date

import pytest

from ledger.symbols import PATTERNS, adopted_in_its_year, canonical, canonical_instrument, kind_of, resolution_year

ACCEPTED = {
    "S/RES/2699 (2023)": ("Security Council resolution", "S/RES/2699(2023)"),
    "S/RES/2751(2024)": ("Security Council resolution", "S/RES/2751(2024)"),
    "S/RES/2793(2025)": ("Security Council resolution", "S/RES/2793(2025)"),
    "S/2024/263": ("Security Council document", "S/2024/263"),
    "S/2024/868": ("Security Council document", "S/2024/868"),
    "S/2025/122": ("Security Council document", "S/2025/122"),
    "S/2017/507": ("Security Council document", "S/2017/507"),
    "S/PRST/2024/1": ("Security Council presidential statement", "S/PRST/2024/1"),
    "S/PV.10009": ("Security Council meeting record", "S/PV.10009"),
    "S/PV.6201 (Resumption 1)": ("Security Council meeting record", "S/PV.6201(Resumption1)"),
    "S/PV.6201(Resumption1)": ("Security Council meeting record", "S/PV.6201(Resumption1)"),
    "S/25354": ("Security Council document before 1994", "S/25354"),
    "S/2024/263/Add.1": ("Security Council document", "S/2024/263/Add.1"),
    "S/2024/263/Corr.1": ("Security Council document", "S/2024/263/Corr.1"),
    "A/RES/64/293": ("General Assembly resolution", "A/RES/64/293"),
    "A/RES/491 (V)": ("General Assembly resolution before 1976", "A/RES/491(V)"),
    "A/RES/ES-11/1": ("General Assembly resolution", "A/RES/ES-11/1"),
    "A/RES/65/259": ("General Assembly resolution", "A/RES/65/259"),
    "A/C.5/66/8": ("General Assembly committee document", "A/C.5/66/8"),
    "A/C.5/69/18": ("General Assembly committee document", "A/C.5/69/18"),
    "A/75/121": ("General Assembly document", "A/75/121"),
    "A/55/305-S/2000/809": ("General Assembly document", "A/55/305-S/2000/809"),
    "A/C.3/78/L.60/Rev.1": ("General Assembly committee document", "A/C.3/78/L.60/Rev.1"),
    "A/56/863": ("General Assembly document", "A/56/863"),
}
REFUSED = [
    "S/RES/2699",
    "S/RES/2699(23)",
    "S/2024/",
    "S/RES/0(2023)",
    "A/RES/",
    "2699 (2023)",
    "S/RES/2699(2023)x",
    "S/RES/2699/2023",
]
ALMOST = [
    "",
    " S/2024/262",
    "S/2024/262 ",
    "S/2024/262\n",
    "s/2024/262",
    "S/2024/0262",
    "S/2024/٢٦٢",
    "S/2024/262/Add.",
    "S/RES/2699(1945)",
    "S/RES/26990(2023)",
    "S/PRST/1993/1",
    "A/C.7/66/8",
    "A/55/305-S/2000/",
    "A/55/305-",
    "S/2024/262-S/2024/263x",
]


@pytest.mark.parametrize(("written", "kind", "stored"), [(text, *told) for text, told in ACCEPTED.items()])
def test_a_symbol_is_recognised_and_stored_without_spaces(written: str, kind: str, stored: str) -> None:
    assert kind_of(written) == kind
    assert canonical(written) == stored


@pytest.mark.parametrize("stored", sorted({stored for _, stored in ACCEPTED.values()}))
def test_the_stored_spelling_is_its_own_canonical_form(stored: str) -> None:
    assert canonical(stored) == stored


@pytest.mark.parametrize("written", REFUSED + ALMOST)
def test_what_is_no_symbol_is_refused_with_a_symbol_to_copy(written: str) -> None:
    with pytest.raises(ValueError, match=r"is not a UN document symbol; write one such as S/RES/2699\(2023\)"):
        canonical(written)

    assert kind_of(written) is None


def test_every_kind_of_document_has_a_symbol_that_is_accepted_as_that_kind() -> None:
    others = {"General Assembly document before the thirtieth session": "A/2889", "press release": "SC/15432"}

    known = {kind for kind, _ in ACCEPTED.values()} | {kind for kind, text in others.items() if kind_of(text) == kind}

    assert known == set(PATTERNS)


def test_an_instrument_may_be_any_act_but_not_a_broken_symbol() -> None:
    assert canonical_instrument("S/RES/2699 (2023)") == "S/RES/2699(2023)"
    assert canonical_instrument("Framework agreement of 1 July") == "Framework agreement of 1 July"
    for broken in REFUSED[:5]:
        with pytest.raises(ValueError, match="is not a UN document symbol"):
            canonical_instrument(broken)


def test_only_a_resolution_of_the_security_council_names_the_year_of_its_adoption() -> None:
    assert resolution_year("S/RES/2751(2024)") == 2024
    assert resolution_year("S/RES/2751 (2024)") == 2024
    assert resolution_year("S/2024/262") is None
    assert resolution_year("A/RES/64/293") is None


def test_a_resolution_is_adopted_in_the_year_of_its_symbol() -> None:
    year, eve = (date(2024, 1, 1), date(2024, 12, 31)), date(2023, 12, 31)

    assert adopted_in_its_year("S/RES/2751(2024)", *year)
    assert adopted_in_its_year("S/RES/2751(2024)", eve, year[0])
    assert not adopted_in_its_year("S/RES/2751(2024)", eve, eve)
    assert not adopted_in_its_year("S/RES/2751(2024)", date(2025, 1, 1), date(2025, 1, 1))
    assert adopted_in_its_year("S/2024/262", eve, eve)
