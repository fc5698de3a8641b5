"""A labelled corpus of sound and spoilt takes, and what the checks make of it."""
