"""First floor: who may read what about whom, for which purpose, and the proof of it. Knows no HTTP;
imports `keys` alone.
"""
