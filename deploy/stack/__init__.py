"""nginx, the application and PostgreSQL as deploy/ describes them, on free loopback ports, as an ordinary user."""

from deploy.stack.running import ONION, Stack

__all__ = ["ONION", "Stack"]
