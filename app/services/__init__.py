"""What the product does, a module a group of verbs (see README.md)."""
