"""Work that no caller waits for: what happens again and again, in every process or in one of them at a time."""
