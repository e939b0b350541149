"""Attacks on a shop of their own, with progress, figures and a verdict; a drill that fails ends with status 1.

A new drill is a file that returns its findings, and a command in :mod:`frontend.drills.commands`.
"""
