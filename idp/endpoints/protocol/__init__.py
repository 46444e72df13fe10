"""The doors of the protocols: programs call them, and what each answers is fixed by a standard."""
