"""The pages of the studio, on NiceGUI."""
