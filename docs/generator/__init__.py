"""What docs/generate.py writes, made from the declarations, the settings, the commands and the tables."""
