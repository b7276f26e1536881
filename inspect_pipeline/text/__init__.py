"""Chinese call text as rules read it: normal characters, spoken digits, sounds, words, written dialogues.

Everything here is pure: no clock, no disk of its own, no randomness, no recognition model.
"""
