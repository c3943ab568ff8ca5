"""The sweep: what people wrote, and what could tell who they are, is looked for wherever it could have been left."""
