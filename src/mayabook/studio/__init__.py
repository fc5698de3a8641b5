"""The studio: everything that a person does with a book, in a browser."""
