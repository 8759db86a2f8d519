#!/bin/sh
# Runs once, when PostgreSQL makes its first database: adds the one of MLflow, and a user who may see statistics and nothing else.
set -eu
psql --set ON_ERROR_STOP=1 --set mlflow="$MLFLOW_DB" --set password="$EXPORTER_PASSWORD" --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
CREATE DATABASE :"mlflow";
CREATE ROLE exporter LOGIN PASSWORD :'password';
GRANT pg_monitor TO exporter;
SQL
