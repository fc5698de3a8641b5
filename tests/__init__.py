"""Tests: a folder for each room, and what several of them need beside."""
