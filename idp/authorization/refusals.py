"""What a citizen's no means for the same request later: whoever comes back to the page finds their answer there,
and an application that asks the same again and again is answered without a screen (experience §3.5).

Pure, over what was asked and when it was refused; `of` fetches that.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from consent import history, notices
from consent.agreements import Agreement

ENOUGH = 2
WITHIN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Refusal:
    """One no, and the names of all attributes that were on its page."""

    at: datetime
    asked: frozenset[str]


def of(db: Session, citizen_id: UUID, agreement: Agreement, since: datetime) -> list[Refusal]:
    """What this citizen refused of this agreement since then."""
    acts = history.refusals(
        db, citizen_id, client_no=agreement.client_no, purpose_no=agreement.purpose_no, since=since
    )
    return [
        Refusal(act.acted_at, _on_the_page(notices.get(db, act.notice_no).words))
        for act in acts
        if act.notice_no is not None and act.agreement_no == agreement.agreement_no
    ]


def is_answered(refused: Iterable[Refusal], asked: frozenset[str], began_at: datetime) -> bool:
    """Whether a request that began then was refused so often just before that nobody is asked again."""
    before = [no for no in refused if no.asked == asked and began_at - WITHIN < no.at < began_at]
    return len(before) >= ENOUGH


def is_refused(refused: Iterable[Refusal], asked: frozenset[str], began_at: datetime) -> bool:
    """Whether the page of a request that began then was answered by a no."""
    return any(no.asked == asked and no.at >= began_at for no in refused)


def _on_the_page(words: dict[str, list[dict[str, str]]]) -> frozenset[str]:
    return frozenset(row["name"] for kind in ("required", "optional", "law") for row in words.get(kind, ()))
