"""The parts of a document, its words, numbers and style."""
