"""A consent is given and taken back in a browser, and its receipts verify outside: by the outside auditor's
program and by libraries of strangers.
"""

import base64
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from proofbundle.tlogproof import verify_tlog_proof
from pyld import jsonld

from idp.gate import Gate
from tests import local_http
from tests.people import Person, a_person
from tests.running import ROOT, Running
from tests.sample_client import Browser, consent, log_in

VERIFY = ROOT / "examples" / "outside_auditor" / "verify.py"
IN_THE_LOG_WITHIN_SECONDS = 40
RICE, CLINIC = "bantuan-beras", "antrean-puskesmas"


@dataclass
class Holder:
    """A citizen who signed in to applications with consent, and their browser."""

    running: Running
    browser: Browser
    person: Person

    def allow(self, client_id: str, scope: str = "openid profile") -> str:
        """The consent page, before it was answered with yes."""
        visit = self.running.client(client_id).visit(scope)
        page = self.browser.get(visit.url)
        if page.has_form("identifier", "password"):
            page = log_in(self.browser, page, self.person.as_told())
        consent(self.browser, page)
        return page.html

    def acts(self) -> list[str]:
        """The addresses of all receipts, the oldest act first."""
        rows = self.running.rows(
            "SELECT record_id FROM consent.records WHERE citizen_id = %(id)s ORDER BY record_id",
            id=self.person.citizen_id,
        )
        return [f"/receipts/{row[0]}" for row in rows]

    def withdraw(self) -> str:
        (row,) = self.running.rows(
            "SELECT consent_id FROM consent.consents WHERE citizen_id = %(id)s", id=self.person.citizen_id
        )
        page = self.browser.get(f"/consents/{row[0]}/withdraw")
        return self.browser.submit(page, page.form("csrf_token"), press="withdraw-confirm").html

    def entered(self, address: str) -> str:
        """The receipt's page, once the log has its leaf."""
        deadline = time.monotonic() + IN_THE_LOG_WITHIN_SECONDS
        while "Tercatat di buku catatan terbuka" not in (html := self.browser.get(address).html):
            assert re.search("Sedang dicatat|sedang ditandatangani", html), html
            assert time.monotonic() < deadline
            time.sleep(0.5)
        return html

    def files(self, address: str, into: Path) -> tuple[Path, Path]:
        """Receipt and proof, as the citizen keeps them."""
        self.entered(address)
        into.mkdir(parents=True, exist_ok=True)
        kept = [into / name for name in ("receipt.jws", "receipt.tlog-proof")]
        for file in kept:
            answer = self.browser.get(f"{address}/{file.name}")
            assert answer.status == 200
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["content-disposition"] == f'attachment; filename="{file.name}"'
            file.write_text(answer.html)
        return kept[0], kept[1]

    def receipt(self, address: str, into: Path) -> dict[str, Any]:
        token, _ = self.files(address, into)
        payload: dict[str, Any] = json.loads(base64.urlsafe_b64decode(token.read_text().split(".")[1] + "=="))
        return payload


@pytest.fixture
def holder(running: Running, gate: Gate) -> Holder:
    return Holder(running, running.browser(), a_person(gate))


def verify(*words: str | Path) -> tuple[int, str]:
    answer = subprocess.run([sys.executable, VERIFY, *words], capture_output=True, text=True, timeout=60)
    return answer.returncode, answer.stdout + answer.stderr


def leaves(document: Any) -> Iterable[str]:
    if isinstance(document, dict):
        for value in document.values():
            yield from leaves(value)
    elif isinstance(document, list):
        for value in document:
            yield from leaves(value)
    else:
        yield str(document)


def test_a_receipt_verifies_outside_and_a_withdrawal_has_its_own(holder: Holder, tmp_path: Path) -> None:
    """(C049) The first still says what was given then, after it was taken back."""
    holder.allow(RICE)
    (given,) = holder.acts()
    token, proof = holder.files(given, tmp_path / "given")
    copy = tmp_path / "copy"
    code, said = verify("copy", holder.running.issuer, copy)
    assert code == 0, said
    code, said = verify("receipt", copy, token, proof)
    assert code == 0, said
    assert "signed: given at" in said
    assert "and this copy agrees" in said

    banner = holder.withdraw()
    first, second = holder.acts()
    assert f'<a href="{second}">Unduh bukti</a>' in banner
    withdrawn = holder.receipt(second, tmp_path / "withdrawn")["dpv:hasRecordOfActivity"]
    assert withdrawn["dct:replaces"] == f"urn:uuid:{first.rpartition('/')[2]}"
    assert f'<a href="{first}">Bukti sebelum ini</a>' in holder.entered(second)
    assert "Instansi harus menjawab paling lambat" in holder.entered(second)
    code, said = verify("copy", holder.running.issuer, copy)
    assert code == 0, said
    for name in ("given", "withdrawn"):
        code, said = verify(
            "receipt", copy, tmp_path / name / "receipt.jws", tmp_path / name / "receipt.tlog-proof"
        )
        assert code == 0, said


def test_a_copy_of_this_log_in_which_one_entry_was_changed_does_not_fit(holder: Holder, tmp_path: Path) -> None:
    holder.allow(RICE)
    token, proof = holder.files(holder.acts()[0], tmp_path)
    index = int(re.findall(r"^index (\d+)$", proof.read_text(), re.M)[0])
    assert verify("copy", holder.running.issuer, tmp_path / "copy")[0] == 0
    (tile,) = (tmp_path / "copy" / "tile" / "entries").glob(f"{index // 256:03d}*/*")
    body = tile.read_bytes()
    entry = f'{{"c":"{base64.urlsafe_b64encode(b"x" * 32).rstrip(b"=").decode()}","v":1}}'.encode()
    at = index % 256 * (2 + len(entry)) + 2
    tile.write_bytes(body[:at] + entry + body[at + len(entry) :])
    code, said = verify("log", tmp_path / "copy")
    assert (code, f"entry {index} is not what the log's hashes are made of" in said) == (3, True), said
    code, said = verify("receipt", tmp_path / "copy", token, proof)
    assert (code, "is of another history than this copy" in said) == (3, True), said


def test_a_strangers_libraries_accept_it(holder: Holder, tmp_path: Path) -> None:
    holder.allow(RICE)
    (act,) = holder.acts()
    receipt = holder.receipt(act, tmp_path)
    vkey = local_http.get(f"{holder.running.issuer}/ledger/keys").text.strip()
    leaf = f'{{"c":"{receipt["g:commitment"]}","v":1}}'.encode()
    proof = (tmp_path / "receipt.tlog-proof").read_text()
    assert verify_tlog_proof(proof, leaf, vkey, expected_origin=receipt["g:log"])["ok"]

    def refuse(url: str, _options: object) -> None:
        raise AssertionError(f"{url} would be fetched")

    (expanded,) = jsonld.expand(receipt, {"documentLoader": refuse})
    assert expanded["@type"] == ["https://w3id.org/dpv#ConsentReceipt"]
    (record,) = expanded["https://w3id.org/dpv#hasRecordOfActivity"]
    assert record["@type"] == ["https://w3id.org/dpv#ConsentRecord"]


def test_consent_page_receipt_and_its_page_have_their_words_from_one_source(
    holder: Holder, tmp_path: Path
) -> None:
    asked = holder.allow(RICE)
    (act,) = holder.acts()
    page, receipt = holder.entered(act), holder.receipt(act, tmp_path)
    purpose = receipt["dpv:hasRecordOfActivity"]["dpv:hasProcess"]["dpv:hasPurpose"]["dct:description"]
    for words in (purpose, "Tidak boleh dipakai untuk hal lain.", "atau sampai Anda mencabutnya."):
        assert words in asked
        assert words in page
    (digest,) = holder.running.rows(
        "SELECT encode(words_digest, 'hex'), words->>'if_refused' FROM consent.records JOIN consent.notices"
        " USING (notice_no) WHERE citizen_id = %(id)s",
        id=holder.person.citizen_id,
    )
    assert receipt["dpv:hasRecordOfActivity"]["dpv:hasNotice"]["g:sha256"] == digest[0]
    assert digest[1] in page
    assert receipt["dct:identifier"] in page, "in the text, not only in a QR"
    assert "<script" not in page


def test_two_recipients_receipts_of_one_citizen_share_no_identifier(
    running: Running, gate: Gate, tmp_path: Path
) -> None:
    """What both have in common, a stranger's has too: nothing in them says that it is the same person."""
    holder, stranger = (Holder(running, running.browser(), a_person(gate)) for _ in range(2))
    holder.allow(RICE)
    holder.allow(CLINIC)
    stranger.allow(RICE)
    stranger.allow(CLINIC)
    mine = [set(leaves(holder.receipt(act, tmp_path / "a"))) for act in holder.acts()]
    theirs = [set(leaves(stranger.receipt(act, tmp_path / "b"))) for act in stranger.acts()]
    assert len(mine) == len(theirs) == 2
    assert (mine[0] & mine[1]) - (theirs[0] | theirs[1]) == set()


def test_a_receipt_is_its_own_citizens_alone(running: Running, gate: Gate) -> None:
    holder, other = (Holder(running, running.browser(), a_person(gate)) for _ in range(2))
    holder.allow(RICE)
    other.allow(CLINIC)
    (act,) = holder.acts()
    holder.entered(act)
    nobodys = "/receipts/0199aaaa-0000-7000-8000-000000000001"
    for path in ("", "/receipt.jws", "/receipt.tlog-proof"):
        real, invented = other.browser.get(f"{act}{path}"), other.browser.get(f"{nobodys}{path}")
        assert (real.status, real.errors) == (invented.status, invented.errors) == (404, ["not_found"])
    assert running.browser().get(act).has_form("identifier", "password")


def test_each_act_of_the_history_leads_to_its_receipt(holder: Holder) -> None:
    holder.allow(RICE)
    (row,) = holder.running.rows(
        "SELECT consent_id FROM consent.consents WHERE citizen_id = %(id)s", id=holder.person.citizen_id
    )
    assert f'href="{holder.acts()[0]}"' in holder.browser.get(f"/consents/{row[0]}").html


def test_an_erased_record_has_no_receipt_any_more_and_a_kept_one_still_verifies(
    holder: Holder, tmp_path: Path
) -> None:
    holder.allow(RICE)
    (act,) = holder.acts()
    token, proof = holder.files(act, tmp_path)
    holder.running.rows(
        "UPDATE consent.records SET erased_at = now(), salt = NULL WHERE citizen_id = %(id)s RETURNING 1",
        id=holder.person.citizen_id,
    )
    page = holder.browser.get(act)
    assert page.status == 200
    assert "Catatan ini sudah dihapus." in page.html
    for name in (token.name, proof.name):
        assert holder.browser.get(f"{act}/{name}").status == 404
    assert verify("copy", holder.running.issuer, tmp_path / "copy")[0] == 0
    assert verify("receipt", tmp_path / "copy", token, proof)[0] == 0


def test_an_act_of_before_there_were_receipts_has_one_made_when_it_is_asked_for(holder: Holder) -> None:
    holder.allow(RICE)
    (act,) = holder.acts()
    holder.running.rows(
        "DELETE FROM consent.receipts WHERE citizen_id = %(id)s RETURNING 1", id=holder.person.citizen_id
    )
    page = holder.browser.get(act)
    assert "Bukti ini belum dibuat." in page.html
    assert "Bukti ini belum dibuat." in holder.browser.get(act).html, "looking makes none"
    assert holder.browser.submit(page, page.form("csrf_token"), csrf_token="x").status == 400
    holder.browser.submit(page, page.form("csrf_token"), press="receipt-ask")
    holder.entered(act)


def test_the_log_is_shown_to_everybody_as_the_standard_says(running: Running, tmp_path: Path) -> None:
    code, said = verify("copy", running.issuer, tmp_path)
    assert code == 0, said
    head = local_http.get(f"{running.issuer}/ledger/checkpoint")
    assert head.headers["content-type"] == "text/plain; charset=utf-8"
    assert head.headers["cache-control"] == "public, max-age=5"
    size = int(head.text.split("\n")[1])
    assert size >= 2
    whole = local_http.get(f"{running.issuer}/ledger/tile/0/000.p/{min(size, 255)}").content
    for width in range(1, min(size, 255)):
        tile = local_http.get(f"{running.issuer}/ledger/tile/0/000.p/{width}")
        assert tile.content == whole[: 32 * width], "the partial tile of every size is served"
        assert tile.headers["cache-control"] == "public, max-age=31536000, immutable"
    for place in ("0/000.p/0", "0/000.p/256", "0/x999/999", "0/0", "9/000", "entries/000.p/0", "entries/x999/000"):
        assert local_http.get(f"{running.issuer}/ledger/tile/{place}").status_code == 404, place
    keys = local_http.get(f"{running.issuer}/ledger/receipt-keys").json()["keys"]
    assert {key["alg"] for key in keys} == {"ES256"}
    assert not any("d" in key for key in keys)
    assert running.command("ledger", "keys") == local_http.get(f"{running.issuer}/ledger/keys").text.split()
