"""The ground floor: keys that sign, verify and seal.

It knows no people, no consent and no HTTP. What it promises: each key serves one purpose, a private half never
leaves this floor in the clear, and no step in the life of a signing key can be skipped.
"""
