"""A data provider: tells an agency's application what the registry holds of a citizen, while they allow it.

    AGENCY_ISSUER=… AGENCY_CLIENT_ID=… AGENCY_CLIENT_SECRET_FILE=… REGISTER_FILE=… python app.py 8004

Before every answer it asks Gapura and does what it is told. With the citizen there, the application shows the
access token that Gapura gave it for them, and the provider asks about that token (RFC 7662): `/residence`. Without
them, the application's server shows a token of its own and says whom it asks about and what for, and the provider
asks "may I?" (OpenID AuthZEN): `/records`. It remembers no answer, so a withdrawal holds at the next request; when
Gapura cannot be asked, nobody gets anything.
"""

import json
import logging
import os
import re
import sys
from pathlib import Path
from typing import Any

import requests
from asking import Asking
from flask import Flask, Response, jsonify, request
from werkzeug.serving import run_simple

GAPURA = os.environ["AGENCY_ISSUER"]
OURSELVES = (os.environ["AGENCY_CLIENT_ID"], Path(os.environ["AGENCY_CLIENT_SECRET_FILE"]).read_text().strip())
WITHIN_SECONDS = 3
BEARER = re.compile(r"[Bb]earer +([A-Za-z0-9._~+/-]{1,2000}=*)")  # RFC 6750 §2.1
CLAIMS = ("village", "district", "regency", "province")  # each with a scope of the same name
# Our own records, by the number that Gapura calls a citizen by to us: another agency's number is of no use here.
register: dict[str, dict[str, Any]] = json.loads(Path(os.environ["REGISTER_FILE"]).read_text())
by_nik = {held["nik"]: sub for sub, held in register.items()}
gapura = Asking(GAPURA, OURSELVES, WITHIN_SECONDS)
app = Flask(__name__)


@app.get("/residence")
def residence() -> Response:
    shown = BEARER.fullmatch(request.headers.get("Authorization", ""))
    if shown is None:
        return refusal(401, "Bearer")
    try:
        told = introspected(shown[1])
    except (requests.RequestException, KeyError):
        return refusal(503, None)
    if not told["active"]:
        return refusal(401, 'Bearer error="invalid_token"')
    allowed = [claim for claim in CLAIMS if claim in told["scope"].split()]
    if not allowed:
        return refusal(403, f'Bearer error="insufficient_scope", scope="{" ".join(CLAIMS)}"')
    held = register.get(told["sub"], {})
    return answer({claim: held[claim] for claim in allowed if claim in held}, 200)


@app.post("/records")
def records() -> Response:
    """`{"nik", "purpose", "attributes"}`, from the server of an application, with a token of its own."""
    shown = BEARER.fullmatch(request.headers.get("Authorization", ""))
    if shown is None:
        return refusal(401, "Bearer")
    asked = request.get_json(silent=True)
    if not isinstance(asked, dict) or not {"nik", "purpose", "attributes"} <= asked.keys():
        return answer({"error": "send nik, purpose and attributes as JSON"}, 400)
    try:
        told = introspected(shown[1])
        if not told["active"] or told["sub"] != told["client_id"]:  # a citizen's token opens /residence alone
            return refusal(401, 'Bearer error="invalid_token"')
        # Whom we do not know is asked about too: whether there is such a citizen is nobody's to learn here.
        sub = by_nik.get(str(asked["nik"]), "unknown")
        decision = gapura.may_i(told["client_id"], asked["purpose"], sub, asked["attributes"])
    except (requests.RequestException, KeyError):
        return refusal(503, None)
    if not decision["decision"]:
        return answer({"error": "not_allowed", "reason": decision["context"]["reason"]}, 403)
    held = register.get(sub, {})
    return answer({name: held[name] for name in decision["context"]["attributes"] if name in held}, 200)


def introspected(token: str) -> dict[str, Any]:
    """What Gapura says of a token now. `scope` is what the citizen still allows of it."""
    asked = requests.post(f"{GAPURA}/introspect", {"token": token}, auth=OURSELVES, timeout=WITHIN_SECONDS)
    asked.raise_for_status()
    told: dict[str, Any] = asked.json()
    return {"scope": "", "sub": "", "active": told["active"], **told}


def refusal(status: int, challenge: str | None) -> Response:
    refused = answer({"error": "not_now" if status == 503 else "not_allowed"}, status)
    if challenge:
        refused.headers["WWW-Authenticate"] = challenge
    return refused


def answer(document: dict[str, Any], status: int) -> Response:
    """Never kept on the way: what is allowed now may be taken back in a second."""
    response = jsonify(document)
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    return response


if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel("ERROR")
    run_simple("127.0.0.1", int(sys.argv[1]), app, threaded=True)
