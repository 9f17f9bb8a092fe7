#!/bin/sh
# A base backup, a dump and the private files, in a new folder below BACKUP_DIR. docs/operations/backups.md
# Where the database is, libpq's own variables say (PGHOST, PGPORT, PGUSER, PGDATABASE; the password stands in ~/.pgpass);
# the role needs REPLICATION and may read everything. PRIVATE_FILES_DIR as the product has it; empty: none.
set -eu
umask 077
: "${BACKUP_DIR:?the folder, on another machine than the database}" "${PGDATABASE:?}"
new="$BACKUP_DIR/$(date -u +%Y%m%dT%H%M%SZ)"
mkdir "$new"
trap 'status=$?; [ "$status" = 0 ] || { rm -rf "$new"; echo "No backup was made." >&2; }' EXIT

pg_basebackup --pgdata "$new/base" --checkpoint fast --wal-method stream
pg_verifybackup --quiet "$new/base"
pg_dump --format custom --file "$new/dump" "$PGDATABASE"
pg_restore --list "$new/dump" > /dev/null
# After the database: a file is there before a row names it, so that no row of the backup is without its file.
if [ "${PRIVATE_FILES_DIR:-}" ]; then tar --create --gzip --file "$new/files.tar.gz" --directory "$PRIVATE_FILES_DIR" .; fi
echo "$new: $(du -sh "$new" | cut -f1)"
