"""Measures verbalisation on a labelled set, beside the libraries there are."""
