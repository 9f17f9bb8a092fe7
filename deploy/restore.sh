#!/bin/sh
# Make a new data folder from a base backup and the archive of WAL: as it was at UNTIL, or at the archive's end.
# As the user who runs PostgreSQL: deploy/restore.sh BASE ARCHIVE NEW_DATA_FOLDER ['2026-11-21 21:30:00+00']
# Nothing that exists is overwritten, and nothing is started. docs/operations/backups.md
set -eu
umask 077
base=${1:?the folder «base» of a backup} archive=${2:?the folder of the WAL} data=${3:?a folder that is not there yet} until=${4:-}
[ ! -e "$data" ] || { echo "$data exists; a restore begins with an empty place." >&2; exit 1; }
pg_verifybackup --quiet "$base"
cp -a "$base" "$data"
chmod 700 "$data"
rm -f "$data/standby.signal"
{
    echo "restore_command = 'cp \"$archive/%f\" \"%p\"'"
    echo "recovery_target_timeline = 'latest'"
    echo "recovery_target_action = 'pause'"  # look at it before it becomes the truth: SELECT pg_wal_replay_resume()
    if [ "$until" ]; then echo "recovery_target_time = '$until'"; fi
    echo "archive_mode = off"  # until it is the one: two servers must not write one archive
    echo "primary_conninfo = ''"
} >> "$data/postgresql.auto.conf"
touch "$data/recovery.signal"
echo "Now: pg_ctl -D $data start; look (it is read-only and waits); SELECT pg_wal_replay_resume(); manage.py check_restore"
