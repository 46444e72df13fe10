"""From an authorization request to a code: parse, validate, decide which screen is due, seal the code, send the
browser back.

OIDC Core §3.1.2. The doors and screens know only `code_flow`; what decides (`validation`, `interaction`) is pure.
"""
