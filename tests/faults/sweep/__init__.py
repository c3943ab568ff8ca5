"""The sweep: everything that a person wrote, and everything that could tell who they are, is looked for wherever it could have been left."""
