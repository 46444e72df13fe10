"""The answer to a question (OpenID AuthZEN Authorization API 1.0 §6.2, §7.2), made of what was judged. Pure.

`decision` is true only where everything asked may be given. Where a part may be, it is false and `attributes`
names that part: who reads no further than `decision` never gives too much. `valid_until` is when the consent runs
out; it is no leave to remember the answer, because a withdrawal is not known before.
"""

from typing import Any

from consent.decision import BASES_WITHOUT_CONSENT, Reason
from consent.purposes import Purposes
from idp.accounts.assurance import Acr
from idp.evaluation.judgement import Judgement
from idp.evaluation.looks import Wanted

# To what is no question of ours, or an item that asks nothing.
DENIED: dict[str, Any] = {"decision": False, "context": {"reason": Reason.MALFORMED_ITEM}}
BASES = {reason: kind for kind, reason in BASES_WITHOUT_CONSENT.items()} | {Reason.CONSENT_GIVEN: "consent"}


def of(wanted: Wanted, judged: Judgement, purposes: Purposes, *, understands_custom: bool) -> dict[str, Any]:
    """The answer to one item. Its reason is that of the first attribute that is denied; of a permit the weakest
    one, which is the consent that can be taken back.
    """
    reasons = [judged.reasons[attribute.attribute_no] for attribute in wanted.attributes]
    names = [attribute.name for attribute in wanted.attributes]
    denied = {name: reason for name, reason in zip(names, reasons, strict=True) if not reason.permits}
    permits = [reason for reason in reasons if reason.permits]
    context: dict[str, Any] = {
        "reason": next(iter(denied.values()), None) or _weakest(permits),
        "decision_id": str(judged.decision_id),
        "attributes": [name for name in names if name not in denied],
    }
    if denied:
        context["attributes_denied"] = denied
    if Reason.STEP_UP_REQUIRED in denied.values():
        context["acr_values"] = Acr.SUBSTANTIAL.value
    if permits:
        context |= _terms(wanted, judged, permits, purposes)
        if understands_custom:
            context["obligations"] = _obligations(wanted)
    return {"decision": not denied, "context": context}


def _weakest(permits: list[Reason]) -> Reason:
    return Reason.CONSENT_GIVEN if Reason.CONSENT_GIVEN in permits else permits[0]


def _terms(wanted: Wanted, judged: Judgement, permits: list[Reason], purposes: Purposes) -> dict[str, Any]:
    """On which basis what is allowed may be given."""
    terms: dict[str, Any] = {"legal_basis": BASES[_weakest(permits)]}
    agreement = wanted.look.agreement
    if Reason.CONSENT_GIVEN in permits and judged.expires_at is not None:
        terms |= {"consent_id": str(judged.consent_id), "valid_until": int(judged.expires_at.timestamp())}
    if set(permits) != {Reason.CONSENT_GIVEN} and agreement and agreement.law_statute_no:
        terms["statute"] = purposes.bases[agreement.law_statute_no].citation
    return terms


def _obligations(wanted: Wanted) -> list[dict[str, Any]]:
    """What the application has agreed to, to be handed on with the data (AuthZEN obligations profile)."""
    assert wanted.look.agreement is not None, "nothing is permitted without an agreement"
    erase = {"name": "gapura:erase_after", "duration": f"P{wanted.look.agreement.retention_days}D"}
    return [{"id": "1", "type": "custom", "properties": erase}]
