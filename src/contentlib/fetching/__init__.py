"""Fetches content from elsewhere: pulled files and subscribed libraries."""
