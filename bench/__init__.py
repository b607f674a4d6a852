"""The bench: the goals of the design's section on speed, measured against other servers on the same machine."""
