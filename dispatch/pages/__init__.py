"""Pages for people who dispatch or drive: server-rendered, readable without scripts."""
