"""An agency's login in fifteen lines: what a Flask application needs once its own login is gone.

    AGENCY_ISSUER=… AGENCY_CLIENT_ID=… AGENCY_CLIENT_SECRET_FILE=… python examples/agency_flask/app.py 8001

It keeps `sub` and what the citizen allowed, and shows exactly that. A name or an e-mail may be missing: nobody is
refused for it, and nobody is recognised by it.
"""

import os
import sys
from pathlib import Path
from urllib.parse import urlencode

from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from flask import Flask, redirect, render_template, session, url_for
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


@app.get("/login")
def login() -> Response:
    return gapura.authorize_redirect(url_for("callback", _external=True))


@app.get("/callback")
def callback() -> Response:
    token = gapura.authorize_access_token()
    session.update(citizen=gapura.userinfo(token=token), id_token=token["id_token"])
    return redirect(url_for("home"))


# ---- the service ----
@app.get("/")
def home() -> str:
    return render_template("home.html", citizen=session.get("citizen"))


@app.post("/logout")
def logout() -> Response:
    """Ours ends here, then Gapura's: without the second half the next login asks nothing."""
    id_token = session.get("id_token")
    session.clear()
    query = {"client_id": gapura.client_id, "post_logout_redirect_uri": url_for("home", _external=True)}
    if id_token:
        query["id_token_hint"] = id_token
    return redirect(f"{gapura.load_server_metadata()['end_session_endpoint']}?{urlencode(query)}")


@app.errorhandler(OAuthError)
def refused(error: OAuthError) -> tuple[str, int]:
    """The citizen said no, came back after a long pause, or pressed back: a page with a way on, never a 500."""
    return render_template("refused.html", code=error.error), 400


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=int(sys.argv[1]))
