"""The kernel: how a decision is made, granted, parked, confirmed and carried out.

What is decided stands in Cedar policies, which the shop hands in.
"""
