"""The catalog: libraries, items, their versions, trash, usages and retention."""
