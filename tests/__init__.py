"""The tests, a folder for each room. Helpers that several rooms use lie beside the folders."""
