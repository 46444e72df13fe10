"""An agency's login in fifteen lines: what a Flask application needs once its own login is gone.

    AGENCY_ISSUER=… AGENCY_CLIENT_ID=… AGENCY_CLIENT_SECRET_FILE=… python examples/agency_flask/app.py 8001

It keeps `sub` and what the citizen allowed, and shows exactly that. A name or an e-mail may be missing: nobody is
refused for it, and nobody is recognised by it. What ends at Gapura ends here, because Gapura says so.
"""

import logging
import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from flask import Flask, redirect, render_template, request, session, url_for
from logout_tokens import LogoutTokens, Refused
from werkzeug.serving import run_simple
from werkzeug.wrappers import Response

app = Flask(__name__)
secret = Path(os.environ["AGENCY_CLIENT_SECRET_FILE"]).read_text().strip()
app.secret_key = secret + "-cookie"
app.config.update(
    # Cookies know no ports: beside Gapura and other agencies on one host, each application needs a name of its
    # own.
    SESSION_COOKIE_NAME=f"agency-{os.environ['AGENCY_CLIENT_ID']}",
    SESSION_COOKIE_SAMESITE="Lax",
    SESSION_COOKIE_HTTPONLY=True,
    NAME=os.environ.get("AGENCY_NAME", "Layanan contoh"),
)

# ---- the login ----
gapura = OAuth(app).register(
    "gapura",
    client_id=os.environ["AGENCY_CLIENT_ID"],
    client_secret=secret,
    server_metadata_url=os.environ["AGENCY_ISSUER"] + "/.well-known/openid-configuration",
    client_kwargs={
        "scope": os.environ.get("AGENCY_SCOPE", "openid profile email"),
        "code_challenge_method": "S256",
    },
)


# By `sid`, Gapura's name for the session; the cookie holds no more than that. One process's memory will do here:
# yours is a table.
signed_in: dict[str, dict[str, Any]] = {}


@app.get("/login")
def login() -> Response:
    return gapura.authorize_redirect(url_for("callback", _external=True))


@app.get("/callback")
def callback() -> Response:
    token = gapura.authorize_access_token()
    sid = token["userinfo"]["sid"]  # of the ID token
    signed_in[sid] = {"citizen": gapura.userinfo(token=token), "id_token": token["id_token"]}
    session["sid"] = sid
    return redirect(url_for("home"))


logout_tokens = LogoutTokens(gapura)


@app.post("/backchannel-logout")
def backchannel_logout() -> tuple[str, int, dict[str, str]]:
    """Gapura itself comes here, no browser: a session ended, or without a `sid` all of this citizen's."""
    try:
        ended = logout_tokens.read(request.form.get("logout_token", ""))
    except Refused:
        return "", 400, {"Cache-Control": "no-store"}
    for sid, one in list(signed_in.items()):
        if ended and one["citizen"]["sub"] == ended["sub"] and sid == ended.get("sid", sid):
            signed_in.pop(sid, None)
    return "", 204, {"Cache-Control": "no-store"}


# ---- the service ----
@app.get("/")
def home() -> str:
    here = signed_in.get(session.get("sid", ""), {})
    return render_template("home.html", citizen=here.get("citizen"))


@app.post("/logout")
def logout() -> Response:
    """Ours ends here, then Gapura's: without the second half the next login asks nothing."""
    id_token = signed_in.pop(session.pop("sid", ""), {}).get("id_token")
    query = {"client_id": gapura.client_id, "post_logout_redirect_uri": url_for("home", _external=True)}
    if id_token:
        query["id_token_hint"] = id_token
    return redirect(f"{gapura.load_server_metadata()['end_session_endpoint']}?{urlencode(query)}")


@app.errorhandler(OAuthError)
def refused(error: OAuthError) -> tuple[str, int]:
    """The citizen said no, came back after a long pause, or pressed back: a page with a way on, never a 500."""
    return render_template("refused.html", code=error.error), 400


if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel("ERROR")
    run_simple("127.0.0.1", int(sys.argv[1]), app, threaded=True)
