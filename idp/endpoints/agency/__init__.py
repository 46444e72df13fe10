"""Doors of agencies: what they answer and manage."""
