"""Sessions: how content comes in by update sessions, and goes out by download sessions."""
