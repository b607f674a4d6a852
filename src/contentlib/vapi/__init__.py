"""What a service, operation, structure and error are. Knows no library, HTTP or database."""
