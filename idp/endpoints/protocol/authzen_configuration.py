"""GET /.well-known/authzen-configuration: what "may I?" offers here, and nothing else (OpenID AuthZEN
Authorization API 1.0 §9). What is absent is not offered.
"""

from collections.abc import Callable
from typing import Any

from idp.exchange import Reply, Request
from idp.gate import Gate
from idp.web import documents

METHODS = ("GET", "HEAD")


def document(issuer: str) -> dict[str, Any]:
    """The metadata of this decision point. No member is null or empty."""
    return {
        "policy_decision_point": issuer,
        "access_evaluation_endpoint": f"{issuer}/access/v1/evaluation",
        "access_evaluations_endpoint": f"{issuer}/access/v1/evaluations",
        "supported_obligations": ["custom"],
    }


def door(gate: Gate) -> Callable[[Request], Reply]:
    return documents.served(document(gate.issuer))
