"""Receives uploads and sends downloads."""
