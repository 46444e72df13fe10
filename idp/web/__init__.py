"""What stands between HTTP and the doors: cookies, bearer tokens, errors, headers, languages, forms, limits."""
