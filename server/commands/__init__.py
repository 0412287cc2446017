"""The commands of `semma`, a module for each group; imported one at a time by server/cli.py."""
