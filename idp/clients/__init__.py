"""Agencies and their applications: what each may do, under which addresses and keys, and the cache every door
asks.
"""
