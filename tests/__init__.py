"""The tests, a folder for each subpackage. Helpers that several of them use lie beside the folders."""
