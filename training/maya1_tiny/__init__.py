"""The recipe of maya1-tiny: a small codec and a small Llama in Maya1's format. A module per stage; see README.md."""
