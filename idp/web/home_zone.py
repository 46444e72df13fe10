"""In which of Indonesia's three zones a citizen lives: by the zone they chose, else by the province on record
(experience §1.2). Pure; what neither says stays open.
"""

from collections.abc import Mapping

from idp.accounts.profile import Value

_WITA, _WIT = "Asia/Makassar", "Asia/Jayapura"
# Keputusan Presiden 41/1987, and the provinces that were split off since. All others keep western time.
_ZONES = {
    "bali": _WITA,
    "gorontalo": _WITA,
    "kalimantan selatan": _WITA,
    "kalimantan timur": _WITA,
    "kalimantan utara": _WITA,
    "nusa tenggara barat": _WITA,
    "nusa tenggara timur": _WITA,
    "sulawesi barat": _WITA,
    "sulawesi selatan": _WITA,
    "sulawesi tengah": _WITA,
    "sulawesi tenggara": _WITA,
    "sulawesi utara": _WITA,
    "maluku": _WIT,
    "maluku utara": _WIT,
    "papua": _WIT,
    "papua barat": _WIT,
    "papua barat daya": _WIT,
    "papua pegunungan": _WIT,
    "papua selatan": _WIT,
    "papua tengah": _WIT,
}


def of(profile: Mapping[str, Value]) -> str | None:
    """The IANA name of the zone, as chosen or by province; None: the page's own zone will do."""
    chosen, province = profile.get("zoneinfo"), profile.get("province")
    if chosen is not None:
        return str(chosen.value)
    if province is None:
        return None
    return _ZONES.get(" ".join(str(province.value).casefold().split()))
