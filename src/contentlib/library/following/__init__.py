"""Implements subscriptions: libraries that follow others, and the subscribers of published libraries."""
