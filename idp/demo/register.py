"""What the demo's data provider holds of the citizens, by the number its sector calls them: a file of its own, as
a registry has its own database.
"""

from sqlalchemy.orm import Session

from idp.accounts.profile import Vault
from idp.clients import registry
from idp.demo.country import CITIZENS
from idp.demo.people import read
from idp.demo.services import DATA_PROVIDER
from keys.pairwise import Pairwise

HELD = ("gender", "birthdate", "village", "district", "regency", "province")


def of_citizens(db: Session, vault: Vault, pairwise: Pairwise) -> dict[str, dict[str, str]]:
    """`sub` → NIK and name, and the rest as far as the country says."""
    provider = registry.load(db).by_id[DATA_PROVIDER]
    found = {citizen: vault.find_citizen(db, read(citizen.nik)) for citizen in CITIZENS}
    return {
        pairwise.subject(citizen_id, provider.sector, provider.sector_version): {
            "nik": citizen.nik,
            "name": citizen.name,
            **{name: citizen.more[name] for name in HELD if name in citizen.more},
        }
        for citizen, citizen_id in found.items()
        if citizen_id is not None  # their account was closed since
    }
