"""On which basis a look rests, in the citizen's words: their own permission, a statute, or both, each by what it
let out; and why nothing left where it did not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session

from consent import agreements, consents
from consent.decision import Reason
from consent.disclosures import Disclosure
from idp.web import current, permits

NOT_GIVEN = {
    Reason.NOT_ASKED_YET: lazy_gettext("belum ada izin"),
    Reason.NOT_IN_CONSENT: lazy_gettext("tidak termasuk izin"),
    Reason.REFUSED: lazy_gettext("Anda menolak"),
    Reason.EXPIRED: lazy_gettext("izin sudah berakhir"),
    Reason.WITHDRAWN: lazy_gettext("izin sudah dicabut"),
    Reason.PAUSED: lazy_gettext("izin dijeda"),
    Reason.AGREEMENT_MISSING: lazy_gettext("instansi tidak berhak memintanya"),
    Reason.PURPOSE_UNKNOWN: lazy_gettext("tujuannya tidak terdaftar"),
    Reason.STEP_UP_REQUIRED: lazy_gettext("identitas belum cukup terbukti"),
    Reason.APPLICATION_SUSPENDED: lazy_gettext("layanan dihentikan"),
    Reason.ACCOUNT_CLOSED: lazy_gettext("akun tidak aktif"),
}


@dataclass(frozen=True)
class ByLaw:
    """What of a consent rests on a statute, and not on the citizen's word."""

    attribute_nos: frozenset[int]
    citation: str


def by_law(db: Session, citizen_id: UUID) -> dict[UUID, ByLaw]:
    """By consent: a release under one writes no reason of its own for what the statute lets out."""
    bases, found = current.gate().purposes.get().bases, {}
    for head in consents.list_of(db, citizen_id):
        statute_no = agreements.get(db, head.agreement_no).law_statute_no if head.law_nos else None
        if statute_no is not None:
            found[head.consent_id] = ByLaw(head.law_nos, bases[statute_no].citation)
    return found


def of(look: Disclosure, law_of: Mapping[UUID, ByLaw]) -> str:
    """Within a sentence, so without a capital; a statute as a lawyer cites it."""
    reason = Reason(look.reason)
    if reason is Reason.CONSENT_GIVEN:
        return _of_release(look.attribute_nos, law_of.get(look.consent_id) if look.consent_id else None)
    if reason.permits:
        base = current.gate().purposes.get().bases.get(look.statute_no or 0)
        return base.citation if base else str(gettext("menurut hukum"))
    return str(NOT_GIVEN.get(reason, gettext("tidak diizinkan")))


def _of_release(attribute_nos: frozenset[int], law: ByLaw | None) -> str:
    let_out_by_law = attribute_nos & law.attribute_nos if law else frozenset()
    if law is None or not let_out_by_law:
        return str(gettext("izin Anda"))
    if let_out_by_law == attribute_nos:
        return law.citation
    catalogue = current.gate().attributes.get()
    labels = permits.in_sentence(permits.label_of(catalogue.by_no[number]) for number in sorted(let_out_by_law))
    return str(gettext("izin Anda; %(attributes)s: %(citation)s", attributes=labels, citation=law.citation))
