"""Who calls, and what they may do: users, passwords, login sessions, roles and privileges. Default deny."""
