"""Ground floor: signs, verifies and seals. Knows no people and no HTTP; nothing here imports a floor above."""
