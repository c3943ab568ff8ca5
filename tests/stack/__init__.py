"""The production stack for tests: `with Stack() as stack:` starts nginx, the application and PostgreSQL from deploy/ (deploy/stack)."""

from deploy.stack import ONION, Stack

__all__ = ["ONION", "Stack"]
