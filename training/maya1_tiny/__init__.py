"""The recipe of maya1-tiny: a small codec and a small Llama in Maya1's format. One module a stage, see README.md."""
