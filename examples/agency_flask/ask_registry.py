"""What an agency's server asks a data provider while no citizen is there: at night, before it prints a letter.

    AGENCY_ISSUER=… AGENCY_CLIENT_ID=… AGENCY_CLIENT_SECRET_FILE=… \\
        python ask_registry.py PROVIDER PURPOSE ATTRIBUTE…

The NIK is read from standard input: a command line is everybody's on a machine. It shows a token of the
application's own; whether the citizen allows it is not its word to give, the provider asks Gapura. Exit code 0:
the answer is printed; 1: it was refused, and the reason is.
"""

import os
import sys
from pathlib import Path

import requests

ISSUER, CLIENT_ID = os.environ["AGENCY_ISSUER"], os.environ["AGENCY_CLIENT_ID"]
SECRET = Path(os.environ["AGENCY_CLIENT_SECRET_FILE"]).read_text().strip()


def main(provider: str, purpose: str, *attributes: str) -> int:
    form = {"grant_type": "client_credentials"}
    given = requests.post(f"{ISSUER}/token", form, auth=(CLIENT_ID, SECRET), timeout=5)
    given.raise_for_status()
    question = {"nik": sys.stdin.readline().strip(), "purpose": purpose, "attributes": attributes}
    shown = {"Authorization": f"Bearer {given.json()['access_token']}"}
    answer = requests.post(f"{provider}/records", json=question, headers=shown, timeout=15)
    print(answer.text.strip())
    return 0 if answer.ok else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
