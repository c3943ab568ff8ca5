"""Vectors that hold Python and TypeScript to the same bytes; README.md says what is in them."""
