"""Programmes that come from elsewhere: read, compared with what is here, shown as a diff, applied, taken back.

`wanted`, `identity`, `diff` and `merge` decide and are pure; `known` reads what they need, `apply`, `undo` and `settle`
write. A source is a URL that is polled, or the place of files somebody brings.
"""
