"""Tokens: the grants that give them, the ID token and access token themselves, refresh families, introspection.

Authlib's framework-free AuthorizationServer dispatches the grants (`server`); what decides whether a grant gives
anything is one statement in the database (`redemption`, `refresh_families`).
"""
