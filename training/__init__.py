"""Recipes that made the models the project ships."""
