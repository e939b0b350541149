"""The shop as OAuth 2.1 authorization server and OpenID provider: who may act for a customer, and how long."""
