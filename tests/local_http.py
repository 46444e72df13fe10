"""httpx for what runs on this machine over plain http.

For every client that it makes, httpx reads the world's certificate authorities: 40 ms of a processor, and here
nobody is asked for a certificate.
"""

import ssl
from functools import partial

import httpx

NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody

Client = partial(httpx.Client, verify=NO_AUTHORITIES)
request = partial(httpx.request, verify=NO_AUTHORITIES)
get = partial(httpx.get, verify=NO_AUTHORITIES)
post = partial(httpx.post, verify=NO_AUTHORITIES)
options = partial(httpx.options, verify=NO_AUTHORITIES)
