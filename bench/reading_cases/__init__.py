"""What is narrated of constructions of markup that books have, compared with libraries that extract text."""
