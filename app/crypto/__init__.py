"""Seals, signatures and derivations of FORMATS.md. Importing this package loads nothing else; import the module you need."""
