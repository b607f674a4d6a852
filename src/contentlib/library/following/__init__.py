"""Following: libraries that are copies of others, and those who copy ours."""
