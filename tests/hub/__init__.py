"""A local Hub for tests: two real HTTP servers (API and CDN) that can misbehave on purpose."""
