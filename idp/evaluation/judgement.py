"""May I, judged: the verdict on every attribute, and the disclosure of it, permit or deny, in one statement and
one commit (hotpath statement 7).

The asker's token, both applications, agency, account and consent are asked for in it: nothing is cached that can
be asked. It holds no lock, so a verdict rests on what was committed when it began; none that began after a
withdrawal was acknowledged permits. No row of verdicts: the token does not speak for anybody (any more).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from consent import disclosures, verdict
from consent.decision import Reason
from idp import audit
from idp.clients.registry import Client
from idp.evaluation.looks import NONE, Look
from idp.hot_connection import HotConnection
from idp.tokens import use
from idp.tokens.access_token import AccessToken

_LOOK = f"""
look AS MATERIALIZED (
  SELECT q.look_no, q.citizen_id, q.client_no, q.purpose_no, q.purpose_no > 0 AS purpose_known, q.agreed,
         q.statute_no, uuidv7() AS decision_id, client.client_no IS NOT NULL AS application_open,
         a.citizen_id IS NOT NULL AS account_known, a.state = 'active' AS account_open, a.ial,
         c.consent_id, c.attribute_nos, c.expires_at, c.paused_at, c.withdrawn_at
    FROM unnest(%(citizen_ids)s::uuid[], %(client_nos)s::integer[], %(purpose_nos)s::integer[],
                %(agreed)s::boolean[], %(statute_nos)s::smallint[])
         WITH ORDINALITY AS q (citizen_id, client_no, purpose_no, agreed, statute_no, look_no)
    LEFT JOIN idp.accounts AS a ON a.citizen_id = q.citizen_id
    LEFT JOIN consent.consents AS c
      ON c.citizen_id = q.citizen_id AND c.client_no = q.client_no AND c.purpose_no = q.purpose_no
    LEFT JOIN idp.clients AS client
      ON client.client_no = q.client_no AND client.state = ANY (%(open_states)s::idp.client_state[])
         AND client.agency_state IN ('registered', 'verified')
   WHERE {use.MACHINE_LIVES}
)"""
_VERDICT = f"""
verdict AS MATERIALIZED (
  SELECT judged.place, judged.look_no, judged.attribute_no, judged.reason,
         judged.reason::text = judged.law_reason AS by_law
    FROM (SELECT asked.place, asked.look_no, asked.attribute_no, asked.law_reason, {verdict.REASON} AS reason
            FROM unnest(%(look_nos)s::integer[], %(attribute_nos)s::smallint[], %(least_ials)s::smallint[],
                        %(held_elsewhere)s::boolean[], %(law_reasons)s::text[])
                 WITH ORDINALITY AS asked (look_no, attribute_no, least_ial, held_elsewhere, law_reason, place)
            JOIN look ON look.look_no = asked.look_no) AS judged
)"""
_JUDGE = f"""
WITH {_LOOK}, {_VERDICT}, anew AS (SELECT), {disclosures.DISCLOSED_EVALUATION}, {audit.NOTED_OF_NOBODY}
SELECT array_agg(verdict.reason::text ORDER BY verdict.place),
       array_agg(look.decision_id ORDER BY verdict.place),
       array_agg(look.consent_id ORDER BY verdict.place),
       array_agg(look.expires_at ORDER BY verdict.place)
  FROM verdict JOIN look ON look.look_no = verdict.look_no
"""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was found of one look. `reasons` by attribute number; `expires_at` of the consent, where one stands."""

    decision_id: UUID
    reasons: dict[int, Reason]
    consent_id: UUID | None
    expires_at: datetime | None


def judge(
    connection: HotConnection,
    token: AccessToken,
    asking: Client,
    looks: Sequence[Look],
    open_states: list[str],
    now: datetime | None = None,
) -> list[Judgement] | None:
    """A judgement for each look, in their order, and its disclosure; None: the token opens nothing (any more)."""
    rows = [(number, look, attribute) for number, look in enumerate(looks, 1) for attribute in look.asked]
    row = connection.row(
        _JUDGE,
        use.parameters(token, open_states, now)
        | {
            "asking_id": asking.client_id,
            "source_agency_no": asking.agency_no,
            "citizen_ids": [look.place.citizen_id for look in looks],
            "client_nos": [look.place.client_no for look in looks],
            "purpose_nos": [look.place.purpose_no for look in looks],
            "agreed": [look.agreement is not None for look in looks],
            "statute_nos": [(look.agreement and look.agreement.law_statute_no) or NONE for look in looks],
            "look_nos": [number for number, _, _ in rows],
            "attribute_nos": [attribute.attribute_no for _, _, attribute in rows],
            "least_ials": [attribute.least_ial for _, _, attribute in rows],
            "held_elsewhere": [attribute.attribute_no not in look.held for _, look, attribute in rows],
            "law_reasons": [str(look.law_reason_of(attribute) or "") for _, look, attribute in rows],
        },
    )
    if row is None or row[0] is None:
        return None
    found: dict[int, Judgement] = {}
    for (number, _, attribute), reason, decision_id, consent_id, expires_at in zip(rows, *row, strict=True):
        judgement = found.setdefault(number, Judgement(decision_id, {}, consent_id, expires_at))
        judgement.reasons[attribute.attribute_no] = Reason(reason)
    return list(found.values())
