"""How Quietline is run: nginx, units, container, onion service; and `stack`, which starts these very files on loopback ports."""
