"""Top floor: the OpenID Provider and every door. Only here is it known who calls."""
