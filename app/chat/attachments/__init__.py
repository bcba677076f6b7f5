"""Files that a person adds to a question: their text, read within bounds from whatever they are."""
