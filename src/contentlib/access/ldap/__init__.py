"""Checks passwords with LDAP directories, and reads the groups of their users."""
