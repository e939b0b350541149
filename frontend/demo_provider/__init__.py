"""An identity provider for the demo, so that its button works without internet: OpenID Connect, honestly done, with
invented people and no passwords. It is handed the proof of demo mode, listens on loopback only, and ends with the shop.
"""
