"""Funding and fulfilment: each shown by a small history in memory."""

from tests.builders import announced, deployed, money, people, said
from tests.in_memory import answer
from tests.rows import UN_FUND, flow, left, lost, only, pledged, ranked, received, short, signed, strength

# --- funding ------------------------------------------------------------------------------------------------------


def test_each_status_of_money_has_its_own_sum() -> None:
    events = [
        pledged("100"),
        signed("80"),
        received("50"),
        received("10"),
        flow("contribution.suspended", "30"),
        flow("contribution.resumed", "5"),
        flow("funds.disbursed", "20"),
        flow("contribution.refunded", "4"),
    ]

    row = only("funding", *events)

    sums = {name: row[name]["minimum"] for name in ("pledged", "committed", "received", "disbursed", "refunded")}
    assert sums == {"pledged": "100", "committed": "80", "received": "60", "disbursed": "20", "refunded": "4"}
    assert short(row["suspended"]) == ("25", "25")
    assert (row["party"], row["channel"], row["currency"]) == ("CAN", UN_FUND, "USD")


def test_what_is_outstanding_is_what_was_pledged_less_what_came_plus_what_went_back() -> None:
    pledge_only = only("funding", pledged("100"))
    partly = only("funding", pledged("100"), signed("80"), received("60"))
    refunded = only("funding", pledged("100"), received("60"), flow("contribution.refunded", "15"))
    beyond = only("funding", pledged("100"), received("160"))

    assert [short(row["outstanding"]) for row in (pledge_only, partly, refunded, beyond)] == [
        ("100", "100"),
        ("40", "40"),
        ("55", "55"),
        ("-60", "-60"),
    ]


def test_without_a_pledge_the_commitment_is_outstanding_and_without_either_nothing() -> None:
    assert short(only("funding", signed("80"), received("60"))["outstanding"]) == ("20", "20")
    assert only("funding", received("60"))["outstanding"] is None


def test_an_amended_commitment_counts_as_amended_and_a_cancelled_one_not_at_all() -> None:
    amended = said("commitment.amended", "2024-04-01", commitment="c", money=money("90"))
    cancelled = said("commitment.cancelled", "2024-05-01", commitment="c")

    after = only("funding", signed("80"), amended)

    assert (short(after["committed"]), after["committed"]["entries"]) == (("90", "90"), [0, 1])
    gone = only("funding", signed("80"), amended, cancelled)
    assert (gone["committed"], gone["outstanding"], gone["entries"]) == (None, None, [0, 1, 2])


def test_currencies_are_never_added() -> None:
    events = [received("5"), received("7", currency="CAD"), pledged("100")]

    accounts = {row["currency"]: row for row in answer("funding", *events)}

    assert {currency: short(row["received"]) for currency, row in accounts.items()} == {
        "USD": ("5", "5"),
        "CAD": ("7", "7"),
    }
    assert (accounts["CAD"]["pledged"], short(accounts["USD"]["outstanding"])) == (None, ("95", "95"))


def test_a_payment_fulfils_a_pledge_of_another_channel_but_not_of_another_currency() -> None:
    pledge = pledged("100", channel=None)

    paid = {r["channel"]: r for r in answer("funding", pledge, received("60", fulfils="p"))}
    foreign = {r["currency"]: r for r in answer("funding", pledge, received("60", currency="CAD", fulfils="p"))}

    assert short(paid["not_stated"]["outstanding"]) == ("40", "40")
    assert short(foreign["USD"]["outstanding"]) == ("100", "100")


def test_a_commitment_is_paid_although_the_payment_fulfils_a_pledge_of_another_channel() -> None:
    events = [pledged("100", channel=None), signed("100", fulfils="p"), received("100", fulfils="p")]

    accounts = {row["channel"]: short(row["outstanding"]) for row in answer("funding", *events)}

    assert accounts == {"not_stated": ("0", "0"), UN_FUND: ("0", "0")}


def test_a_withdrawn_or_deprecated_pledge_is_not_pledged_money() -> None:
    withdrawn = said("pledge.withdrawn", "2024-02-01", pledge="p")

    assert answer("funding", pledged("100"), withdrawn) == []
    assert answer("funding", pledged("100"), ranked(0, "deprecated")) == []
    assert answer("funding", received("100"), ranked(0, "deprecated")) == []
    assert answer("funding", signed("100"), ranked(0, "deprecated")) == []


def test_a_pledge_without_a_figure_is_pledged_and_has_no_sum() -> None:
    item = {"kind": "money", "currency": "USD", "unspecified": "not_stated", "channel": UN_FUND}
    unstated = said("pledge.announced", pledge="p", party="CAN", items=[item])

    row = only("funding", unstated, received("60"))

    assert (short(row["pledged"]), row["pledged"]["unspecified"]) == ((None, None), 1)
    assert row["outstanding"]["maximum"] is None


# --- fulfilment ---------------------------------------------------------------------------------------------------


def test_what_was_pledged_is_set_against_what_came() -> None:
    events = [announced("a", count=100), deployed(count=24), left(4), said("pledge.suspended", "2024-08", pledge="a")]

    row = only("fulfilment", *events)

    assert (row["party"], row["kind"], row["of"], row["pledges"]) == ("JAM", "personnel", "person", ["a"])
    assert [short(row[name]) for name in ("pledged", "delivered", "outstanding")] == [(100, 100), (20, 20), (80, 80)]
    assert (row["suspended"], row["conditional"], row["entries"]) == (True, False, [0, 1, 2])


def test_people_are_fulfilled_whatever_their_category_and_shown_by_category() -> None:
    police = said("personnel.deployed", party="JAM", items=[people(30, category="individual_police")])

    row = only("fulfilment", announced("a", count=100, condition="command"), police)

    shown = {c["category"]: (short(c["pledged"]), short(c["delivered"])) for c in row["categories"]}
    assert short(row["outstanding"]) == (70, 70)
    assert shown == {"individual_police": (None, (30, 30)), "troops": ((100, 100), None)}
    assert row["conditional"]


def test_what_is_pledged_and_not_begun_is_outstanding_as_a_whole() -> None:
    row = only("fulfilment", announced("a", count=100))

    assert (row["delivered"], short(row["outstanding"])) == (None, (100, 100))


def test_a_range_is_outstanding_as_a_range_and_no_figure_as_none() -> None:
    ranged = said("pledge.announced", pledge="a", party="JAM", items=[people(50, 100)])
    unstated = said("pledge.announced", pledge="a", party="JAM", items=[people(None)])

    assert short(only("fulfilment", ranged, deployed(count=20))["outstanding"]) == (30, 80)
    assert only("fulfilment", unstated, deployed(count=20))["outstanding"] is None


def test_what_comes_without_a_pledge_is_delivered_all_the_same() -> None:
    row = only("fulfilment", deployed(count=20))

    assert (row["pledged"], short(row["delivered"]), row["outstanding"], row["pledges"]) == (None, (20, 20), None, [])


def test_money_is_fulfilled_by_what_was_received_in_its_currency() -> None:
    elsewhere = received("30", channel="direct_in_kind")
    fulfilling = received("60", channel="direct_in_kind", fulfils="p")

    by_currency = {
        row["of"]: row
        for row in answer("fulfilment", pledged("100"), elsewhere, fulfilling, received("5", currency="CAD"))
    }

    assert short(by_currency["USD"]["delivered"]) == ("90", "90")
    assert short(by_currency["USD"]["outstanding"]) == ("40", "40")
    assert (by_currency["CAD"]["pledged"], short(by_currency["CAD"]["delivered"])) == (None, ("5", "5"))


def test_what_was_refunded_is_outstanding_again() -> None:
    events = [pledged("100"), received("60"), flow("contribution.refunded", "15")]

    row = only("fulfilment", *events)

    assert short(row["outstanding"]) == short(only("funding", *events)["outstanding"]) == ("55", "55")


def test_gifts_to_others_casualties_and_reports_fulfil_nothing() -> None:
    truck = {"kind": "equipment", "category": "truck", "minimum": 2, "maximum": 2}
    events = [
        said("equipment.delivered", party="USA", items=[truck], recipient="HTI"),
        lost("wounded_in_action", minimum=1, maximum=1),
        strength(people(50)),
        strength(people(5), party="JAM"),
    ]

    assert answer("fulfilment", *events) == []


def test_equipment_and_services_are_matters_of_their_own() -> None:
    truck = {"kind": "equipment", "category": "truck", "minimum": 3, "maximum": 3}
    training = {"kind": "service", "category": "training", "minimum": 40, "unit": "person_trained"}
    events = [
        said("pledge.announced", pledge="k", party="USA", items=[truck, training]),
        said("equipment.delivered", "2024-02-01", party="USA", items=[{**truck, "minimum": 1, "maximum": 1}]),
    ]

    matters = {(row["kind"], row["of"]): short(row["outstanding"]) for row in answer("fulfilment", *events)}

    assert matters == {("equipment", "truck"): (2, 2), ("service", "training/person_trained"): (40, None)}


def test_people_sent_for_a_joint_pledge_are_credited_to_it() -> None:
    joint = announced("joint", "FRA", jointly_with=["OIF"])

    row = only("fulfilment", joint, deployed("FRA", 60, fulfils="joint"))

    assert (row["party"], short(row["delivered"]), short(row["outstanding"])) == ("FRA+OIF", (60, 60), (40, 40))


def test_what_is_lost_was_delivered_all_the_same() -> None:
    trucks = {"kind": "equipment", "category": "truck", "minimum": 10, "maximum": 10}
    given = said("equipment.delivered", "2024-02-01", party="USA", items=[trucks])
    lost_ones = said("equipment.lost", "2024-03-01", party="USA", items=[{**trucks, "minimum": 3, "maximum": 3}])

    row = only("fulfilment", said("pledge.announced", pledge="t", party="USA", items=[trucks]), given, lost_ones)

    assert (short(row["delivered"]), short(row["outstanding"])) == ((10, 10), (0, 0))


# --- single commitments and payments ------------------------------------------------------------------------------


def test_a_commitment_stands_with_its_purpose_its_links_and_what_was_paid_under_it() -> None:
    amended = said("commitment.amended", "2024-04-01", commitment="c", money=money("90"))
    events = [
        pledged("100"),
        signed("80", fulfils="p", purpose="Fuel"),
        amended,
        received("30", commitment="c"),
        received("5", currency="CAD", commitment="c"),
        received("7"),
    ]

    row = only("commitments", *events)

    assert (row["commitment"], row["parties"], row["status"], row["fulfils"], row["purpose"]) == (
        "c", ["CAN"], "signed", "p", "Fuel",
    )  # fmt: skip
    assert (row["money"], row["money_since"], row["signed"]["entries"]) == (money("90"), "2024-04-01", [1])
    assert (short(row["paid"]), row["paid"]["entries"], row["entries"]) == (("30", "30"), [3], [1, 2])


def test_a_cancelled_commitment_is_told_as_such_and_a_deprecated_payment_pays_nothing() -> None:
    cancelled = said("commitment.cancelled", "2024-05-01", commitment="c")

    row = only("commitments", signed("80"), received("30", commitment="c"), cancelled, ranked(1, "deprecated"))

    assert (row["status"], row["provenance"]["status"], row["paid"]) == ("cancelled", [2], None)


def test_every_payment_is_told_by_itself() -> None:
    events = [
        received("30", fulfils="p", purpose="Fuel"),
        flow("funds.disbursed", "4", recipient="KEN"),
        ranked(0, "preferred"),
    ]

    shown = answer("payments", *events)

    assert [(p["payment"], p["flow"], p["money"], p["rank"]) for p in shown] == [
        (0, "received", money("30"), "preferred"), (1, "disbursed", money("4"), "normal"),
    ]  # fmt: skip
    assert (shown[0]["fulfils"], shown[0]["purpose"], shown[1]["recipient"]) == ("p", "Fuel", "KEN")


def test_what_is_told_of_a_commitment_before_its_signature_waits_for_that() -> None:
    assert answer("commitments", said("commitment.cancelled", "2024-05-01", commitment="c")) == []


# --- what fulfils what --------------------------------------------------------------------------------------------


def test_a_payment_settles_its_own_account_where_its_pledge_has_several() -> None:
    items = [
        {"kind": "money", **money(amount), "channel": c}
        for amount, c in (("100", UN_FUND), ("50", "bilateral_to_host"))
    ]
    pledge = said("pledge.announced", pledge="p", party="CAN", items=items)

    paid = answer("funding", pledge, received("50", channel="bilateral_to_host", fulfils="p"))

    assert {row["channel"]: short(row["outstanding"]) for row in paid} == {
        "bilateral_to_host": ("0", "0"), UN_FUND: ("100", "100"),
    }  # fmt: skip


def test_what_fulfils_a_converted_pledge_fulfils_the_one_that_took_its_place() -> None:
    after = said(
        "pledge.announced",
        "2024-05-01",
        pledge="q",
        party="CAN",
        converts=["p"],
        items=[{"kind": "money", **money("100")}],
    )
    joint = announced("b", "FRA", jointly_with=["OIF"], converts=["a"], effective="2024-05-01")

    accounts = {
        r["channel"]: r for r in answer("funding", pledged("100", channel=None), received("60", fulfils="p"), after)
    }
    row = only("fulfilment", announced("a", "FRA"), deployed("FRA", 60, fulfils="a"), joint)

    assert short(accounts["not_stated"]["outstanding"]) == ("40", "40")
    assert (row["party"], short(row["delivered"])) == ("FRA+OIF", (60, 60))


def test_pledges_that_convert_one_another_fulfil_nothing_for_ever() -> None:
    ring = [announced("a", converts=["b"]), announced("b", converts=["a"]), deployed(fulfils="a")]

    assert short(only("fulfilment", *ring)["delivered"]) == (10, 10)
