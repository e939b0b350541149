"""Signing in with somebody else: the shop as a client of OpenID Connect providers, and of GitHub.

The shop believes a provider about one thing only: who stands behind an identity (issuer and subject). Which account
that is, the shop decides from its own record; an e-mail address never opens an account that is already there.
"""
