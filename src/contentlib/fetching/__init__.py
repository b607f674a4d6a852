"""Fetches content from elsewhere: pulled files, subscribed libraries."""
