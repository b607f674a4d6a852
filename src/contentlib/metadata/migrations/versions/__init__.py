"""Contains one module per migration, oldest first."""
