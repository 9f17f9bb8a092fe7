"""Older rows take the new shape; counts follow the units by triggers; history cannot be changed."""

import django.db.models.deletion
from django.db import migrations, models

TAKE_SHAPE = """
UPDATE stock_movement SET partner_id = unit.partner_id, status = 'quarantined'
FROM stock_unit unit WHERE unit.id = stock_movement.unit_id;
INSERT INTO stock_collection (din, partner_id, blood_group, group_confirmed_by, created_at)
SELECT DISTINCT ON (din) din, partner_id, '', '', created_at FROM stock_unit ORDER BY din, id;
INSERT INTO stock_stockcount (partner_id, component, blood_group, status, units)
SELECT partner_id, component, blood_group, status, count(*) FROM stock_unit GROUP BY 1, 2, 3, 4;
"""

# One statement a change, whatever the number of rows; always in the order of the key, so that two that count the
# same kinds wait for each other and never in a ring.
COUNT = """
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO stock_stockcount AS counted (partner_id, component, blood_group, status, units)
    SELECT partner_id, component, blood_group, status, sum(change)
    FROM ({changes}) AS changed (partner_id, component, blood_group, status, change)
    GROUP BY partner_id, component, blood_group, status
    HAVING sum(change) <> 0
    ORDER BY partner_id, component, blood_group, status
    ON CONFLICT (partner_id, component, blood_group, status)
    DO UPDATE SET units = counted.units + EXCLUDED.units;
    RETURN NULL;
END $$;
CREATE TRIGGER {name} AFTER {event} ON stock_unit REFERENCING {tables}
FOR EACH STATEMENT EXECUTE FUNCTION {name}();
"""
CAME = "SELECT partner_id, component, blood_group, status, 1 FROM after_it"
WENT = "SELECT partner_id, component, blood_group, status, -1 FROM before_it"
COUNTING = {
    "stock_count_insert": ("INSERT", CAME, "NEW TABLE AS after_it"),
    "stock_count_delete": ("DELETE", WENT, "OLD TABLE AS before_it"),
    "stock_count_update": ("UPDATE", f"{CAME} UNION ALL {WENT}", "OLD TABLE AS before_it NEW TABLE AS after_it"),
}

HISTORY = """
CREATE FUNCTION stock_movement_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'A movement is never changed.' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER stock_movement_stays BEFORE UPDATE OR DELETE ON stock_movement
FOR EACH STATEMENT EXECUTE FUNCTION stock_movement_stays();
"""
FORGET_HISTORY = """
DROP TRIGGER stock_movement_stays ON stock_movement;
DROP FUNCTION stock_movement_stays();
"""


class Migration(migrations.Migration):
    # A table with changed rows whose keys are still to be checked cannot be altered in the same transaction.
    atomic = False

    dependencies = [
        ("partners", "0001_initial"),
        ("stock", "0002_whole_units"),
    ]

    operations = [
        migrations.RunSQL(TAKE_SHAPE, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="movement",
            name="partner",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.partner"
            ),
        ),
        migrations.AlterField(
            model_name="movement",
            name="status",
            field=models.CharField(max_length=12),
        ),
        *[
            migrations.RunSQL(
                COUNT.format(name=name, event=event, changes=changes, tables=tables),
                f"DROP TRIGGER {name} ON stock_unit; DROP FUNCTION {name}();",
            )
            for name, (event, changes, tables) in COUNTING.items()
        ],
        migrations.RunSQL(HISTORY, FORGET_HISTORY),
    ]
