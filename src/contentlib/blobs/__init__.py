"""The blob port: where the bytes of files are kept."""
