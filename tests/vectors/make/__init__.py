"""What the vectors are made from: fixed people, and one module a group of files."""
