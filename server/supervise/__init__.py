"""Keep several processes running on one machine: start, watch, restart, stop, and leave nothing behind."""
