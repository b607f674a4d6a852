"""Defines structures and enumerations shared by several services, named as in the contract."""
