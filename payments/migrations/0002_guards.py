"""What no constraint can say: entries balance, history stays, and refunds are counted by the database itself."""

from django.db import migrations

STAYS = """
CREATE FUNCTION payments_row_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'A row of % is never changed.', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
"""
LASTING = ("payments_entry", "payments_posting", "payments_paymentevent", "payments_invoice")
STAY = "CREATE TRIGGER row_stays BEFORE UPDATE OR DELETE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION payments_row_stays();"

# Asked at the commit, when all sides are written: an entry has two sides or more, every side is in its account's
# currency, and the sides of each currency cancel out.
BALANCE = """
CREATE FUNCTION payments_check_entry(which bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE sides integer;
BEGIN
    SELECT count(*) INTO sides FROM payments_posting WHERE entry_id = which;
    IF sides < 2
        OR EXISTS (SELECT 1 FROM payments_posting WHERE entry_id = which GROUP BY currency HAVING sum(amount_minor) <> 0)
        OR EXISTS (
            SELECT 1 FROM payments_posting side JOIN payments_account account ON account.id = side.account_id
            WHERE side.entry_id = which AND side.currency <> account.currency
        )
    THEN
        RAISE EXCEPTION 'Entry % is not balanced.', which
            USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_is_balanced';
    END IF;
END $$;

CREATE FUNCTION payments_entry_balances() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM payments_check_entry(NEW.id);
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER entry_balances AFTER INSERT ON payments_entry
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION payments_entry_balances();

CREATE FUNCTION payments_posting_balances() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM payments_check_entry(NEW.entry_id);
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER posting_balances AFTER INSERT ON payments_posting
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION payments_posting_balances();
"""
UNBALANCE = """
DROP TRIGGER posting_balances ON payments_posting;
DROP TRIGGER entry_balances ON payments_entry;
DROP FUNCTION payments_posting_balances();
DROP FUNCTION payments_entry_balances();
DROP FUNCTION payments_check_entry(bigint);
"""

# What is on its way back counts as given back, until it has failed; the check on the payment refuses more than was
# received. A refund's amount and payment never change.
COUNT = """
CREATE FUNCTION payments_count_refund() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE change bigint := 0;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'failed' THEN change := NEW.amount_minor; END IF;
    ELSE
        IF (NEW.payment_id, NEW.amount_minor, NEW.currency) IS DISTINCT FROM
           (OLD.payment_id, OLD.amount_minor, OLD.currency) THEN
            RAISE EXCEPTION 'A refund keeps its amount.' USING ERRCODE = 'restrict_violation';
        END IF;
        IF OLD.status <> 'failed' AND NEW.status = 'failed' THEN change := -NEW.amount_minor; END IF;
        IF OLD.status = 'failed' AND NEW.status <> 'failed' THEN change := NEW.amount_minor; END IF;
    END IF;
    IF change <> 0 THEN
        UPDATE payments_payment SET refunded_minor = refunded_minor + change WHERE id = NEW.payment_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER count_refund AFTER INSERT OR UPDATE ON payments_refund
FOR EACH ROW EXECUTE FUNCTION payments_count_refund();
"""
UNCOUNT = "DROP TRIGGER count_refund ON payments_refund; DROP FUNCTION payments_count_refund();"


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_initial")]

    operations = [
        migrations.RunSQL(STAYS, "DROP FUNCTION payments_row_stays();"),
        *[migrations.RunSQL(STAY.format(table=table), f"DROP TRIGGER row_stays ON {table};") for table in LASTING],
        migrations.RunSQL(BALANCE, UNBALANCE),
        migrations.RunSQL(COUNT, UNCOUNT),
    ]
