"""Ciphertext, hashes and days in a database: models, typed queries, migrations (see README.md)."""
