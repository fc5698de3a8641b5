"""The studio: a server to narrate, review and listen to books in a browser, with a REST API and a speech API."""
