"""The closed lists of codes, each with the meaning that documentation and errors print.

Spelling follows the field: UN personnel categories, OCHA FTS contribution types, IATI aid types,
BODS source relations, Wikidata ranks. States are ISO 3166-1 alpha-3, currencies ISO 4217.
"""

from functools import cache
from types import MappingProxyType

import pycountry

STATES = MappingProxyType({state.alpha_3: state.name for state in pycountry.countries})
CURRENCIES = MappingProxyType({currency.alpha_3: currency.name for currency in pycountry.currencies})

PARTY_KINDS = MappingProxyType(
    {
        "state": "a state, by its ISO 3166-1 alpha-3 code",
        "organisation": "an international or regional organisation",
        "group": "a standing group of parties",
        "office": "an office of an organisation or a state",
        "mission": "an internationally mandated mission",
        "unnamed": "parties whose names the source withholds or does not give",
    }
)

PERSONNEL_CATEGORIES = MappingProxyType(
    {
        "troops": "members of national military contingents",
        "staff_officers": "officers serving in the mission's headquarters",
        "experts_on_mission": "military observers and other individual experts",
        "formed_police_units": "police serving as a cohesive unit",
        "individual_police": "police officers serving individually or in a police contingent that is no formed unit",
        "civilian": "civilian personnel",
        "police_unspecified": "police, kind not stated",
        "military_unspecified": "military, kind not stated",
        "law_enforcement_unspecified": "law-enforcement personnel, kind not stated",
        "uniformed_unspecified": "uniformed personnel, military or police not stated",
        "personnel_unspecified": "personnel of any kind, nothing more stated",
    }
)

PLEDGE_FORMALITIES = MappingProxyType(
    {
        "public_statement": "said in public",
        "letter_to_secretary_general": "notified by letter to the Secretary-General",
        "note_verbale": "notified by note verbale",
        "pcrs_registration": "registered in the Peacekeeping Capability Readiness System",
        "mou": "agreed in a memorandum of understanding or a bilateral agreement",
        "contribution_agreement": "agreed in a contribution agreement",
        "letter_of_assist": "agreed in a letter of assist",
        "parliamentary_approval": "approved by the pledging state's parliament",
        "conference": "made at a pledging or force generation conference",
    }
)

CHANNELS = MappingProxyType(
    {
        "un_trust_fund": "a United Nations trust fund for the mission (IATI aid type B03)",
        "assessed_contribution": "contributions assessed on member states",
        "bilateral_to_contributor": "paid bilaterally to a contributing state",
        "bilateral_to_host": "paid bilaterally to the host state",
        "direct_in_kind": "goods and services given directly, such as a drawdown",
        "logistics_support_reimbursable": "logistic support against reimbursement",
        "other_pooled_fund": "another pooled fund (IATI aid type B04)",
        "self_funded": "borne by the contributor itself",
        "not_stated": "the source does not say through which channel",
    }
)

FUND_MEASURES = MappingProxyType(
    {
        "pledged": "the sum pledged to the fund",
        "committed": "the sum committed in signed agreements",
        "received": "the sum paid into the fund",
        "disbursed": "the sum paid out of the fund",
        "balance": "what the fund is said to stand at, without saying of what",
        "suspended": "the sum whose use is suspended",
    }
)

UNSPECIFIED_REASONS = MappingProxyType(
    {
        "not_stated": "the source gives no figure",
        "under_negotiation": "the figure is being negotiated",
        "withheld": "the figure exists and is withheld",
        "unknown": "nobody knows the figure",
    }
)

PARTY_ROLES = MappingProxyType(
    {
        "lead_nation": "leads the mission",
        "troop_contributor": "contributes military personnel",
        "police_contributor": "contributes police",
        "personnel_contributor": "contributes personnel, kind not stated",
        "financial_contributor": "contributes money",
        "in_kind_contributor": "contributes goods or services",
        "host_state": "the state where the mission operates",
        "penholder": "drafts the Council's texts on the matter",
        "oversight_member": "takes part in strategic oversight",
        "trust_fund_administrator": "administers the trust fund",
        "support_provider": "provides logistic support",
        "training_partner": "trains personnel for the mission",
        "convener": "convenes the group",
    }
)

POST_ROLES = MappingProxyType(
    {
        "head_of_mission": "heads the mission",
        "special_representative": "represents the mandating body politically",
        "deputy_special_representative": "deputy to the special representative",
        "force_commander": "commands the force",
        "deputy_force_commander": "deputy to the force commander",
        "police_commissioner": "heads the police component",
        "deputy_police_commissioner": "deputy to the police commissioner",
        "chief_of_staff": "runs the headquarters",
        "director_of_mission_support": "heads mission support",
        "contingent_commander": "commands a national contingent",
        "spokesperson": "speaks for the mission",
        "national_coordinator": "coordinates a contributor's part from its capital",
        "consul_general": "represents a contributor in the host state",
        "penholder": "drafts the Council's texts on the matter",
    }
)

END_CAUSES = MappingProxyType(
    {
        "term_ended": "the term ended",
        "resigned": "the holder resigned",
        "replaced": "a successor was named",
        "recalled": "recalled by the sender",
        "handed_over": "the function was handed over",
        "deceased": "the holder died",
        "post_abolished": "the post was abolished",
        "unknown": "the source does not say",
    }
)

SUSPENSION_CAUSES = MappingProxyType(
    {
        "court_order": "a court blocked it",
        "legislative_hold": "members of the legislature put a hold on it",
        "political_situation": "the political situation in the host state",
        "security_situation": "the security situation",
        "funding": "money is missing or frozen",
        "policy_review": "the giver's government reviews or pauses its policy",
        "not_stated": "the source does not say",
    }
)

CASUALTY_KINDS = MappingProxyType(
    {
        "killed_in_action": "killed by hostile action",
        "died_of_accident": "died in an accident",
        "died_of_illness": "died of illness",
        "died_cause_not_stated": "died, cause not stated",
        "wounded_in_action": "wounded by hostile action",
        "injured_in_accident": "injured in an accident",
        "missing": "missing, fate unknown",
    }
)

AFFILIATIONS = MappingProxyType(
    {
        "mission": "serving in the mission",
        "partner_force": "serving in a force that the mission supports",
        "civilian": "a civilian",
    }
)

EQUIPMENT_STATUSES = MappingProxyType(
    {
        "present": "in the mission area",
        "in_use": "in use",
        "unserviceable": "out of service",
        "authorised": "authorised for delivery",
        "planned": "planned, not yet authorised",
    }
)

COMMUNICATION_FORMS = MappingProxyType(
    {
        "letter": "a letter",
        "joint_letter": "a letter signed by several parties",
        "petition": "a petition",
        "request": "a request, form not stated",
        "report": "a report",
        "recommendation": "a recommendation",
        "draft_resolution": "a draft resolution shared with others",
        "statement": "a public statement",
        "call": "a telephone call",
        "notice": "a formal notice",
    }
)

TARGET_OUTCOMES = MappingProxyType(
    {
        "met": "reached",
        "missed": "not reached",
        "superseded": "replaced by another target",
        "dropped": "given up",
    }
)

STANCES = MappingProxyType(
    {
        "supports": "is in favour",
        "opposes": "is against",
        "abstains": "abstained in a vote",
        "declines": "declines to take part in the way named",
        "calls_for": "asks for it",
        "reserves": "has not decided",
    }
)

INSTRUMENT_ACTIONS = MappingProxyType(
    {
        "authorised": "authorised the mission",
        "renewed": "extended the term",
        "amended": "changed the terms",
        "transitioned": "turned the mission into its next form",
        "ceiling_set": "set the ceiling",
        "terminated": "ended the mission",
    }
)

SOURCE_KINDS = MappingProxyType(
    {
        "un_document": "a document of the United Nations",
        "un_press": "United Nations press material",
        "government_publication": "a government's publication",
        "official_statement": "an official's statement",
        "mission_publication": "the mission's own publication",
        "audit_report": "an audit report",
        "registry_data": "data from a register",
        "research_dataset": "a research dataset",
        "reference_work": "an encyclopaedia or a reference wiki",
        "news": "news media",
        "eyewitness": "an eyewitness",
    }
)

SOURCE_RELATIONS = MappingProxyType(
    {
        "self_declaration": "stated by the party that the event is about",
        "official_register": "taken from an official register",
        "third_party": "stated by somebody else",
        "primary_research": "found by the source's own research",
        "verified": "checked independently",
    }
)

CONFIDENCES = MappingProxyType(
    {
        "high": "the recorder has no reason to doubt it",
        "medium": "plausible, not confirmed by a document",
        "low": "single, contradicted or second-hand",
    }
)

CLAIM_RANKS = MappingProxyType(
    {
        "preferred": "the best available statement",
        "normal": "a statement among others",
        "deprecated": "known to be wrong or superseded; kept for the record",
    }
)

CORRECTION_REASONS = MappingProxyType(
    {
        "recording_error": "the recorder made a mistake",
        "source_error": "the source was wrong",
        "source_corrigendum": "the source corrected itself",
        "late_information": "better information arrived",
        "duplicate": "recorded twice",
        "misattributed_party": "attributed to the wrong party",
        "unit_or_currency_error": "wrong unit or currency",
        "redaction_required": "must not stay readable",
    }
)


def state_called(name: str) -> str | None:
    """The code of the state that bears an English name, or that code in other letter case."""
    return _states_by_name().get(name.casefold()) or (name.upper() if name.upper() in STATES else None)


@cache
def _states_by_name() -> dict[str, str]:
    kinds = ("name", "common_name", "official_name")
    named = ((getattr(state, kind, None), state.alpha_3) for state in pycountry.countries for kind in kinds)
    return {name.casefold(): code for name, code in named if name}
