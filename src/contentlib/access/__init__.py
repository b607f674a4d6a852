"""Authenticates callers and checks their privileges: users, passwords, login sessions, roles. Denies by default."""
