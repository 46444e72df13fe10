"""GET, POST /agency/withdrawals/link: an agency answers a withdrawal by the link in its e-mail, without an
account.

Looking changes nothing, because mail programs look too. A link works as often as it is opened: what was said
stands and is shown again. One that was never given, or is too old, is answered like any other address that is not
there.
"""

from urllib.parse import urlencode

from flask import Blueprint, Response, g, request
from flask_babel import lazy_gettext
from wtforms import StringField

from idp import audit
from idp.errors import PageError
from idp.signals import delivery, withdrawal_mail
from idp.signals.delivery import Withdrawal
from idp.signals.withdrawal_clock import LONGEST_STATUTE, Answer, Verdict, read_statute
from idp.web import current, pages, rate_limits, withdrawn
from idp.web.forms import Form
from idp.web.rate_limits import LINKS_OF_A_NETWORK

blueprint = Blueprint("agency_withdrawals_link", __name__, url_prefix=withdrawal_mail.PATH)


NO_STATUTE = lazy_gettext("Tulis hukum yang mewajibkan penyimpanan, misalnya UU 43/2009 Pasal 6.")


class AnswerForm(Form):
    """`decision` is the button that was pressed."""

    decision = StringField()
    statute = StringField(lazy_gettext("Hukum yang mewajibkan penyimpanan"))

    def wrongs(self) -> list[tuple[StringField, str]]:
        return [(field, error) for field, error in super().wrongs() if field.name != "decision"]


@blueprint.get("")
def show() -> Response:
    return _page(_found(), _form())


@blueprint.post("")
def answer() -> Response:
    found, form = _found(), _form()
    if not form.validate():
        return _page(found, form, 400)
    if form.decision.data not in list(Answer):
        raise PageError("bad_request", 400, "decision is not one of the buttons")
    said, statute = Answer(form.decision.data), None
    if said is Answer.KEPT:
        statute = read_statute(form.statute.data or "")
        if statute is None:
            form.refuse("statute", NO_STATUTE)
            return _page(found, form, 400)
    with current.writing() as db:
        # What contradicts an earlier answer changes nothing; the page then shows what stands.
        if delivery.answer(db, found, said, statute) is Verdict.NEW:
            audit.record(
                db,
                action=f"withdrawal.{said}",
                object_id=str(found.consent_id),
                outcome="done",
                actor_no=found.client_no,
                detail={"by": "link"},
            )
    return _private(pages.see_other(f"{withdrawal_mail.PATH}?{urlencode({'link': request.args['link']})}"))


def _found() -> Withdrawal:
    gate = current.gate()
    read = withdrawal_mail.read_link(gate, request.args.get("link", ""))
    if read is not None:
        with current.reading() as db:
            found = delivery.find(db, *read)
        if found is not None:
            return found
    network = rate_limits.network_of(current.exchange().remote)
    with current.writing() as db:
        heard = rate_limits.spend(db, gate.vault, LINKS_OF_A_NETWORK, network, current.now())
    raise PageError("link_over", 404) if heard else PageError("too_many_attempts", 429)


def _form() -> AnswerForm:
    """With the token of this browser: nobody signs in here."""
    g.form_secret = current.browser().secret.encode()
    return AnswerForm()


def _page(found: Withdrawal, form: AnswerForm, status: int = 200) -> Response:
    gate = current.gate()
    with current.reading() as db:
        told = withdrawn.describe(db, gate, found)
    response = pages.render(
        "agency/withdrawals_link.html",
        status=status,
        form=form,
        told=told,
        now=current.now(),
        longest=LONGEST_STATUTE,
    )
    response.headers.extend(list(current.browser().cookies))
    return _private(response)


def _private(response: Response) -> Response:
    """The address is the key: no search engine lists it, and no answer of ours lets a referrer go."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
