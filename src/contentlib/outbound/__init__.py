"""Makes outbound requests with one client, which enforces the outbound policy."""
