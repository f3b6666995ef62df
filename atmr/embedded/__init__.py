"""PostgreSQL and Valkey as child processes, for whoever names no server of their own."""
