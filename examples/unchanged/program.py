#!/usr/bin/env python3
"""The old program, unchanged: it believes REMOTE_USER, as it did when the web server asked for a password.

A CGI program of the standard library alone. Apache in front of it (apache.conf) now asks Gapura instead; nothing
here knows that. It listens nowhere itself, so nobody reaches it past the gate.
"""

import html
import os


def page(environ: dict[str, str]) -> str:
    """Who is there, and what the web server says of them."""
    user = environ.get("REMOTE_USER", "")
    name = environ.get("OIDC_CLAIM_name", "")
    return f"""<!doctype html>
<html lang="id">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">
<title>Surat Keterangan Penduduk</title></head>
<body>
  <main>
    <h1>Surat Keterangan Penduduk</h1>
    <p>Anda masuk sebagai <strong data-claim="sub" id="user">{html.escape(user)}</strong>.</p>
    <p>Nama: <span data-claim="name" id="name">{html.escape(name) or "–"}</span></p>
    <p><a id="logout" href="/oidc/callback?logout=/">Keluar</a></p>
  </main>
</body>
</html>
"""


if __name__ == "__main__":
    print("Content-Type: text/html; charset=utf-8\nCache-Control: no-store\n")
    print(page(dict(os.environ)))
