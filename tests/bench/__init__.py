"""What `make bench` measures: one JSON object a line, everything measured in that run (DESIGN §7)."""
