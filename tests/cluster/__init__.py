"""Tests against OpenSearch's own server: how it is fetched, started, broken and stopped, and what it answers."""
