"""What stands between the model and the rest: each wall in its own file, all of them as wraps around a call.

A wrap costs a tenth of what a graph node before or after a call does, and cannot be skipped by a jump in the graph.
"""
