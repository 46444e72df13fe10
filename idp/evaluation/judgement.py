"""May I, judged: the verdict on every attribute, and the disclosure of it, permit or deny, in one statement and
one commit (hotpath statement 7).

The asker's token, both applications, agency, account and consent are asked for in it: nothing is cached that can
be asked. It holds no lock, so a verdict rests on what was committed when it began; none that began after a
withdrawal was acknowledged permits. No row of verdicts: the token does not speak for anybody (any more).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Any
from uuid import UUID

from consent import disclosures, verdict
from consent.decision import Reason
from idp import audit
from idp.clients.registry import Client
from idp.evaluation import repeats
from idp.evaluation.looks import NONE, Look
from idp.evaluation.question import Malformed
from idp.hot_connection import HotConnection
from idp.tokens import use
from idp.tokens.access_token import AccessToken

_LOOK = f"""
look AS MATERIALIZED (
  SELECT q.look_no, q.citizen_id, q.client_no, q.purpose_no, q.purpose_no > 0 AS purpose_known, q.agreed,
         q.law_reason, q.statute_no, q.first_place, q.last_place, uuidv7() AS decision_id,
         client.client_no IS NOT NULL AS application_open, a.citizen_id IS NOT NULL AS account_known,
         a.state = 'active' AS account_open, a.ial, c.consent_id, c.attribute_nos, c.expires_at, c.paused_at,
         c.withdrawn_at
    FROM unnest(%(citizen_ids)s::uuid[], %(client_nos)s::integer[], %(purpose_nos)s::integer[],
                %(agreed)s::boolean[], %(law_reasons)s::text[], %(statute_nos)s::smallint[],
                %(first_places)s::integer[], %(last_places)s::integer[])
         WITH ORDINALITY AS q (citizen_id, client_no, purpose_no, agreed, law_reason, statute_no, first_place,
                               last_place, look_no)
    LEFT JOIN idp.accounts AS a ON a.citizen_id = q.citizen_id
    LEFT JOIN consent.consents AS c
      ON c.citizen_id = q.citizen_id AND c.client_no = q.client_no AND c.purpose_no = q.purpose_no
    LEFT JOIN idp.clients AS client
      ON client.client_no = q.client_no AND client.state = ANY (%(open_states)s::idp.client_state[])
         AND client.agency_state IN ('registered', 'verified')
   WHERE {use.MACHINE_LIVES}
)"""
# Each look has a stretch of the attributes, found by their places: a join would compare all with all.
_VERDICT = f"""
verdict AS MATERIALIZED (
  SELECT asked.place, look.look_no, asked.attribute_no, found.reason, look.citizen_id, look.client_no,
         look.purpose_no, look.account_known, look.statute_no, look.decision_id, look.consent_id, look.expires_at,
         found.reason::text = look.law_reason AS by_law
    FROM look
   CROSS JOIN LATERAL (
     SELECT p.place, (%(attribute_nos)s::smallint[])[p.place] AS attribute_no,
            (%(least_ials)s::smallint[])[p.place] AS least_ial,
            (%(held_elsewhere)s::boolean[])[p.place] AS held_elsewhere, (%(by_law)s::boolean[])[p.place] AS by_law
       FROM generate_series(look.first_place, look.last_place) AS p (place)) AS asked
   CROSS JOIN LATERAL (SELECT {verdict.REASON} AS reason) AS found
)"""
_FOUND = """
SELECT array_agg(v.reason::text ORDER BY v.place), array_agg(v.decision_id ORDER BY v.place),
       array_agg(v.consent_id ORDER BY v.place), array_agg(v.expires_at ORDER BY v.place),
       EXISTS (SELECT FROM anew)
  FROM verdict AS v
"""
_WRITTEN = f"{disclosures.DISCLOSED_EVALUATION}, {audit.NOTED_OF_NOBODY}"
_JUDGE = f"WITH {_LOOK}, {_VERDICT}, anew AS (SELECT), {_WRITTEN} {_FOUND}"
_JUDGE_UNLESS_REPEATED = f"WITH {_LOOK}, {_VERDICT}, {repeats.ANEW}, {_WRITTEN} {_FOUND}"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was found of one look. `reasons` by attribute number; `expires_at` of the consent, where one stands."""

    decision_id: UUID
    reasons: dict[int, Reason]
    consent_id: UUID | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, by which token; `request`: where the request may come again."""

    client: Client
    token: AccessToken
    request: repeats.Request | None


def judge(
    connection: HotConnection,
    asker: Asker,
    looks: Sequence[Look],
    open_states: list[str],
    now: datetime | None = None,
) -> list[Judgement] | None:
    """A judgement for each look, in their order, and its disclosure; None: the token opens nothing (any more).

    `Malformed`: the request's id was used for another question.
    """
    rows = [(number, look, attribute) for number, look in enumerate(looks) for attribute in look.asked]
    ends = list(accumulate(len(look.asked) for look in looks))
    parameters = use.parameters(asker.token, open_states, now) | {
        "asking_id": asker.client.client_id,
        "source_agency_no": asker.client.agency_no,
        "citizen_ids": [look.place.citizen_id for look in looks],
        "client_nos": [look.place.client_no for look in looks],
        "purpose_nos": [look.place.purpose_no for look in looks],
        "agreed": [look.agreement is not None for look in looks],
        "law_reasons": [str(look.law_reason or "") for look in looks],
        "statute_nos": [(look.agreement and look.agreement.law_statute_no) or NONE for look in looks],
        "first_places": [end - len(look.asked) + 1 for end, look in zip(ends, looks, strict=True)],
        "last_places": ends,
        "attribute_nos": [attribute.attribute_no for _, _, attribute in rows],
        "least_ials": [attribute.least_ial for _, _, attribute in rows],
        "held_elsewhere": [attribute.attribute_no not in look.held for _, look, attribute in rows],
        "by_law": [look.is_by_law(attribute) for _, look, attribute in rows],
    }
    if asker.request is None:
        row = connection.row(_JUDGE, parameters)
    else:
        row = connection.row(_JUDGE_UNLESS_REPEATED, parameters | asker.request.parameters())
    if row is None or row[0] is None:
        return None
    *found, anew = row
    if not anew and asker.request is not None:
        found = _given(connection, asker.client, asker.request)
    judged = [Judgement(found[1][end - 1], {}, found[2][end - 1], found[3][end - 1]) for end in ends]
    for (number, _, attribute), reason in zip(rows, found[0], strict=True):
        judged[number].reasons[attribute.attribute_no] = Reason(reason)
    return judged


def _given(connection: HotConnection, asking: Client, request: repeats.Request) -> list[Any]:
    given = repeats.given(connection, asking.client_no, request)
    if given is None:
        raise Malformed("X-Request-ID was used for another question within ten minutes, so send a new one")
    return list(given)
