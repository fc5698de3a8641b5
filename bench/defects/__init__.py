"""A labelled corpus of clean and defective takes, on which the checks are fitted and measured."""
