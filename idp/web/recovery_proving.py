"""One proof of a recovery, judged and written in one transaction: the budgets, the proof itself, the recovery that
it begins or goes on with, and what goes with a beginning.

A wrong one is counted and committed; a right one that leads nowhere is rolled back, so that no printed code is
spent for nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext
from sqlalchemy.orm import Session

from idp.accounts import recovery
from idp.accounts.recovery import Cause, NotPossible
from idp.revocation import account, consent
from idp.revocation.account import Change
from idp.signals import recovery_messages
from idp.web import current, languages, rate_limits
from idp.web.rate_limits import (
    MESSAGES_OF_A_NETWORK,
    PROOFS_OF_A_NETWORK,
    RECOVERIES_OF_AN_ACCOUNT,
    network_of,
)
from idp.web.recovery_steps import NOBODY, Steps, Way


@dataclass(frozen=True)
class Refused:
    """What the page says."""

    text: str


class _LeadsNowhere(Exception):
    """The proof was right, and yet the recovery does not go on."""

    def __init__(self, text: str) -> None:
        super().__init__("leads nowhere")
        self.text = text


def prove(steps: Steps, way: Way, is_right: Callable[[Session], bool], wrong: str) -> Steps | Refused:
    """Take a proof. `is_right` judges it in the transaction and spends it; `wrong`: what is said if it is not."""
    now = current.now()
    try:
        with current.writing() as db:
            return _proved(db, steps, way, is_right, wrong, now)
    except _LeadsNowhere as refusal:
        return Refused(refusal.text)


def _proved(
    db: Session, steps: Steps, way: Way, is_right: Callable[[Session], bool], wrong: str, now: datetime
) -> Steps | Refused:
    gate, network = current.gate(), network_of(current.exchange().remote)
    if not rate_limits.spend(db, gate.vault, PROOFS_OF_A_NETWORK, network, now):
        return Refused(gettext("Terlalu banyak percobaan dari jaringan ini. Coba lagi nanti."))
    if not is_right(db) or steps.citizen_id == NOBODY:
        return Refused(wrong)
    rate_limits.give_back(db, gate.vault, PROOFS_OF_A_NETWORK, network, now)
    for grows in (PROOFS_OF_A_NETWORK, MESSAGES_OF_A_NETWORK):
        rate_limits.add_success(db, gate.vault, grows, network, steps.citizen_id, now)
    if steps.given:
        standing = recovery.add_proof(db, steps.citizen_id, steps.recovery_id, way.proof, now)
    else:
        standing = _begun(db, steps, way, now)
    if isinstance(standing, NotPossible):
        raise _LeadsNowhere(_sentence(standing))
    return steps.with_proof(way.proof, standing.recovery_id)


def _begun(db: Session, steps: Steps, way: Way, now: datetime) -> recovery.Standing | NotPossible:
    gate, citizen_id = current.gate(), steps.citizen_id
    standing = recovery.begin(db, citizen_id, steps.cause, way.proof, now)
    if isinstance(standing, NotPossible):
        return standing
    is_new = standing.cancel_handle is not None
    # Also where one is under way already: it may be the one that somebody else began.
    puts_out = steps.cause is Cause.SOMEBODY_ELSE
    if not (is_new or puts_out):
        return standing
    if not rate_limits.spend(db, gate.vault, RECOVERIES_OF_AN_ACCOUNT, str(citizen_id), now):
        raise _LeadsNowhere(gettext("Terlalu banyak permintaan untuk akun ini. Coba lagi satu jam lagi."))
    if is_new:
        recovery_messages.warn(db, gate, citizen_id, standing, languages.current())
    if puts_out:
        consent.pause_all(db, citizen_id)
        account.credential_changed(db, citizen_id, None, Change.RECOVERED)
    return standing


def _sentence(refusal: NotPossible) -> str:
    if refusal is NotPossible.FROZEN:
        return str(gettext("Pemulihan dari jauh dihentikan untuk akun ini. Datanglah ke loket dengan KTP Anda."))
    return str(gettext("Permintaan ini dibatalkan atau sudah selesai. Mulai lagi dari awal."))
