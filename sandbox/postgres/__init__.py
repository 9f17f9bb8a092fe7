"""A private PostgreSQL for one clone of the project: no installation, no port, no extension."""

from sandbox.postgres.binaries import PostgresError
from sandbox.postgres.cluster import DATABASE, Cluster, default_cluster

__all__ = ["DATABASE", "Cluster", "PostgresError", "default_cluster"]
