"""Verbalisation: written -> spoken form of a sentence, one module for each family of classes."""

from mayabook.script.verbalisation.verbaliser import Verbaliser

__all__ = ["Verbaliser"]
