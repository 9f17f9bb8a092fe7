"""Plans and subscriptions, coupons and credits, quotas, settlements; and the four plans to begin with."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

import common.clock
import common.ids

GIB = 2**30
INFORMATION_SERVICES = {
    "tax_points": 1800,
    "sac": "998439",
}  # GST 18 %; other on-line contents, not elsewhere classified
# code, name, rank, price in paise a month, appointments a month, bytes kept; an administrator changes them.
PLANS = (
    ("free", "Free", 0, 0, 2, GIB // 10),
    ("basic", "Basic", 10, 19_900, 10, GIB),
    ("premium", "Premium", 20, 49_900, 30, 10 * GIB),
    ("enterprise", "Enterprise", 30, 199_900, None, 100 * GIB),
)
STAY = "CREATE TRIGGER row_stays BEFORE UPDATE OR DELETE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION payments_row_stays();"
LASTING = ("payments_planversion", "payments_creditmove", "payments_settlement")


def load(apps, schema_editor):
    plan, version = apps.get_model("payments", "Plan"), apps.get_model("payments", "PlanVersion")
    for code, name, rank, price, appointments, storage in PLANS:
        row = plan.objects.create(code=code, name=name, rank=rank)
        values = {"price_minor": price, "appointments": appointments, "storage_bytes": storage, "actor": "packaged"}
        version.objects.create(plan=row, number=1, **values, **INFORMATION_SERVICES)


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0001_initial"),
        ("payments", "0003_adapters"),
        ("users", "0007_donation_consent"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Coupon",
            fields=[
                ("id", models.UUIDField(default=common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("code", models.CharField(help_text="Upper-case letters, digits and hyphens.", max_length=30)),
                ("kind", models.CharField(choices=[("percent", "percent"), ("amount", "amount")], max_length=8)),
                ("percent", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("amount_minor", models.BigIntegerField(blank=True, null=True)),
                (
                    "currency",
                    models.CharField(
                        choices=[("INR", "INR"), ("BDT", "BDT"), ("USD", "USD"), ("EUR", "EUR")],
                        default="INR",
                        max_length=3,
                    ),
                ),
                (
                    "kinds",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=16),
                        help_text="As in subscription,appointment.",
                        size=None,
                    ),
                ),
                (
                    "plans",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=30),
                        blank=True,
                        default=list,
                        help_text="Codes of plans; empty: every plan.",
                        size=None,
                    ),
                ),
                (
                    "max_uses",
                    models.PositiveIntegerField(blank=True, help_text="By everybody; empty: no limit.", null=True),
                ),
                ("max_per_person", models.PositiveSmallIntegerField(default=1)),
                ("valid_from", models.DateTimeField(default=common.clock.now)),
                ("valid_until", models.DateTimeField(blank=True, help_text="From then on it is over.", null=True)),
                ("is_active", models.BooleanField(default=True)),
                ("used", models.PositiveIntegerField(default=0, editable=False)),
                ("created_at", models.DateTimeField(default=common.clock.now, editable=False)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("code",), name="coupon_code_once"),
                    models.CheckConstraint(
                        condition=models.Q(("code__regex", "^[A-Z0-9-]{3,30}$")), name="coupon_code_is_plain"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("amount_minor", None),
                                ("kind", "percent"),
                                ("percent__gte", 1),
                                ("percent__isnull", False),
                                ("percent__lte", 100),
                            ),
                            models.Q(
                                ("amount_minor__gte", 1),
                                ("amount_minor__isnull", False),
                                ("amount_minor__lte", 10000000000000),
                                ("kind", "amount"),
                                ("percent", None),
                            ),
                            _connector="OR",
                        ),
                        name="coupon_says_how_much",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("max_uses", None), ("used__lte", models.F("max_uses")), _connector="OR"),
                        name="coupon_within_limit",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kinds__contained_by", ["order", "appointment", "subscription", "transfer"]),
                            ("kinds__len__gt", 0),
                        ),
                        name="coupon_kinds_are_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Plan",
            fields=[
                ("id", models.UUIDField(default=common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("code", models.SlugField(max_length=30)),
                ("name", models.CharField(max_length=60)),
                ("description", models.CharField(blank=True, max_length=200)),
                (
                    "rank",
                    models.PositiveSmallIntegerField(
                        help_text="0 is the plan of everybody who has subscribed to nothing."
                    ),
                ),
                ("is_offered", models.BooleanField(default=True, help_text="Untick to take no new subscribers.")),
                ("created_at", models.DateTimeField(default=common.clock.now, editable=False)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("code",), name="plan_code_once"),
                    models.UniqueConstraint(fields=("rank",), name="plan_rank_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="PlanVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("price_minor", models.BigIntegerField(help_text="For a period, taxes included, in minor units.")),
                (
                    "currency",
                    models.CharField(
                        choices=[("INR", "INR"), ("BDT", "BDT"), ("USD", "USD"), ("EUR", "EUR")],
                        default="INR",
                        max_length=3,
                    ),
                ),
                ("months", models.PositiveSmallIntegerField(default=1, help_text="The length of a period.")),
                (
                    "appointments",
                    models.PositiveIntegerField(blank=True, help_text="In a period; empty: no limit.", null=True),
                ),
                (
                    "storage_bytes",
                    models.BigIntegerField(blank=True, help_text="Kept at once; empty: no limit.", null=True),
                ),
                (
                    "tax_points",
                    models.PositiveIntegerField(default=0, help_text="GST within the price, hundredths of a per cent."),
                ),
                (
                    "sac",
                    models.CharField(blank=True, help_text="Service accounting code for the invoice.", max_length=8),
                ),
                ("actor", models.CharField(max_length=60)),
                ("created_at", models.DateTimeField(default=common.clock.now, editable=False)),
                (
                    "plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="payments.plan"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="QuotaCounter",
            fields=[
                ("id", models.UUIDField(default=common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(choices=[("appointments", "appointments"), ("storage", "storage")], max_length=12),
                ),
                ("window", models.DateTimeField()),
                ("used", models.BigIntegerField(default=0)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="QuotaTake",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(choices=[("appointments", "appointments"), ("storage", "storage")], max_length=12),
                ),
                ("reference", models.UUIDField()),
                ("amount", models.BigIntegerField()),
                ("created_at", models.DateTimeField(default=common.clock.now, editable=False)),
                ("returned_at", models.DateTimeField(null=True)),
                (
                    "counter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="takes", to="payments.quotacounter"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Referral",
            fields=[
                (
                    "referee",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("created_at", models.DateTimeField(default=common.clock.now, editable=False)),
                (
                    "rewarded_at",
                    models.DateTimeField(help_text="When the friend had paid for the first time.", null=True),
                ),
                (
                    "referrer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ReferralCode",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("code", models.CharField(max_length=10)),
                ("created_at", models.DateTimeField(default=common.clock.now, editable=False)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("code",), name="referral_code_once")],
            },
        ),
        migrations.CreateModel(
            name="Settlement",
            fields=[
                ("id", models.UUIDField(default=common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("month", models.DateField(help_text="Its first day.")),
                (
                    "currency",
                    models.CharField(
                        choices=[("INR", "INR"), ("BDT", "BDT"), ("USD", "USD"), ("EUR", "EUR")], max_length=3
                    ),
                ),
                ("opening_minor", models.BigIntegerField()),
                ("sold_minor", models.BigIntegerField()),
                ("returned_minor", models.BigIntegerField()),
                ("collected_minor", models.BigIntegerField()),
                ("paid_out_minor", models.BigIntegerField()),
                ("other_minor", models.BigIntegerField()),
                ("closing_minor", models.BigIntegerField()),
                ("created_at", models.DateTimeField(default=common.clock.now, editable=False)),
                (
                    "partner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.partner"
                    ),
                ),
                (
                    "payout",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="settlement",
                        to="payments.payout",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Subscription",
            fields=[
                ("id", models.UUIDField(default=common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "status",
                    models.CharField(
                        choices=[("pending", "pending"), ("active", "active"), ("ended", "ended")],
                        default="pending",
                        max_length=8,
                    ),
                ),
                (
                    "anchored_at",
                    models.DateTimeField(
                        help_text="When the first period began: its day is every period's.", null=True
                    ),
                ),
                (
                    "period",
                    models.PositiveIntegerField(
                        default=0, help_text="How many months lie between the anchor and the period."
                    ),
                ),
                ("starts_at", models.DateTimeField(null=True)),
                ("ends_at", models.DateTimeField(null=True)),
                ("cancels_at_end", models.BooleanField(default=False)),
                ("uses_credits", models.BooleanField(default=True)),
                (
                    "warned_for",
                    models.DateTimeField(help_text="The end of the period that was announced last.", null=True),
                ),
                ("look_at", models.DateTimeField(help_text="When something is to be done about it next.", null=True)),
                ("created_at", models.DateTimeField(default=common.clock.now, editable=False)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "ended_because",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("cancelled", "cancelled"),
                            ("unpaid", "unpaid"),
                            ("refunded", "refunded"),
                            ("erased", "erased"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "next_plan",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="payments.plan"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="payments.planversion"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Charge",
            fields=[
                ("id", models.UUIDField(default=common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("first", "first"), ("renewal", "renewal"), ("change", "change")], max_length=8
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("open", "open"), ("paid", "paid"), ("lapsed", "lapsed")], default="open", max_length=8
                    ),
                ),
                ("starts_at", models.DateTimeField(help_text="A first period begins when it is paid.", null=True)),
                ("ends_at", models.DateTimeField(null=True)),
                ("price_minor", models.BigIntegerField()),
                ("unused_minor", models.BigIntegerField(default=0)),
                ("discount_minor", models.BigIntegerField(default=0)),
                ("credit_minor", models.BigIntegerField(default=0)),
                ("due_minor", models.BigIntegerField()),
                (
                    "currency",
                    models.CharField(
                        choices=[("INR", "INR"), ("BDT", "BDT"), ("USD", "USD"), ("EUR", "EUR")], max_length=3
                    ),
                ),
                ("closes_at", models.DateTimeField(help_text="From then on nobody may begin to pay.")),
                ("reminded", models.PositiveSmallIntegerField(default=0)),
                ("created_at", models.DateTimeField(default=common.clock.now, editable=False)),
                ("settled_at", models.DateTimeField(null=True)),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="payments.planversion"
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="charges", to="payments.subscription"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Wallet",
            fields=[
                ("id", models.UUIDField(default=common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "currency",
                    models.CharField(
                        choices=[("INR", "INR"), ("BDT", "BDT"), ("USD", "USD"), ("EUR", "EUR")], max_length=3
                    ),
                ),
                ("balance_minor", models.BigIntegerField(default=0)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CreditMove",
            fields=[
                ("id", models.UUIDField(default=common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("granted", "granted"),
                            ("referred", "referred"),
                            ("welcome", "welcome"),
                            ("spent", "spent"),
                            ("returned", "returned"),
                            ("changed", "changed"),
                            ("forfeited", "forfeited"),
                        ],
                        max_length=10,
                    ),
                ),
                ("amount_minor", models.BigIntegerField()),
                ("reference", models.CharField(help_text="Names the move for ever: it happens once.", max_length=120)),
                ("note", models.CharField(blank=True, max_length=120)),
                ("created_at", models.DateTimeField(default=common.clock.now, editable=False)),
                (
                    "wallet",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="moves", to="payments.wallet"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CouponUse",
            fields=[
                ("id", models.UUIDField(default=common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("order", "order"),
                            ("appointment", "appointment"),
                            ("subscription", "subscription"),
                            ("transfer", "transfer"),
                        ],
                        max_length=16,
                    ),
                ),
                ("reference", models.UUIDField()),
                ("turn", models.PositiveSmallIntegerField()),
                ("amount_minor", models.BigIntegerField()),
                (
                    "currency",
                    models.CharField(
                        choices=[("INR", "INR"), ("BDT", "BDT"), ("USD", "USD"), ("EUR", "EUR")], max_length=3
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("taken", "taken"), ("settled", "settled"), ("returned", "returned")],
                        default="taken",
                        max_length=8,
                    ),
                ),
                ("created_at", models.DateTimeField(default=common.clock.now, editable=False)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "coupon",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="uses", to="payments.coupon"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "reference"), name="one_coupon_per_purchase"),
                    models.UniqueConstraint(
                        condition=models.Q(("status", "returned"), _negated=True),
                        fields=("coupon", "user", "turn"),
                        name="coupon_turn_once_per_person",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["taken", "settled", "returned"])),
                        name="coupon_use_status_is_known",
                    ),
                    models.CheckConstraint(condition=models.Q(("amount_minor__gt", 0)), name="coupon_use_is_positive"),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="planversion",
            constraint=models.UniqueConstraint(fields=("plan", "number"), name="plan_version_once"),
        ),
        migrations.AddConstraint(
            model_name="planversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("price_minor__gte", 0), ("price_minor__lte", 10000000000000)),
                name="plan_price_in_range",
            ),
        ),
        migrations.AddConstraint(
            model_name="planversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("currency__in", ["INR", "BDT", "USD", "EUR"])), name="plan_currency_is_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="planversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("months__gte", 1), ("months__lte", 36)), name="plan_months_in_range"
            ),
        ),
        migrations.AddConstraint(
            model_name="planversion",
            constraint=models.CheckConstraint(condition=models.Q(("tax_points__lte", 10000)), name="plan_tax_in_range"),
        ),
        migrations.AddConstraint(
            model_name="planversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("storage_bytes", None), ("storage_bytes__gte", 0), _connector="OR"),
                name="plan_storage_in_range",
            ),
        ),
        migrations.AddConstraint(
            model_name="quotacounter",
            constraint=models.UniqueConstraint(fields=("user", "kind", "window"), name="quota_counter_once"),
        ),
        migrations.AddConstraint(
            model_name="quotacounter",
            constraint=models.CheckConstraint(condition=models.Q(("used__gte", 0)), name="quota_not_below_zero"),
        ),
        migrations.AddConstraint(
            model_name="quotacounter",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["appointments", "storage"])), name="quota_kind_is_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="quotatake",
            constraint=models.UniqueConstraint(fields=("kind", "reference"), name="quota_take_once"),
        ),
        migrations.AddConstraint(
            model_name="quotatake",
            constraint=models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="quota_take_is_positive"),
        ),
        migrations.AddIndex(
            model_name="referral",
            index=models.Index(fields=["referrer"], name="referrals_of_person"),
        ),
        migrations.AddConstraint(
            model_name="referral",
            constraint=models.CheckConstraint(
                condition=models.Q(("referee", models.F("referrer")), _negated=True), name="nobody_refers_himself"
            ),
        ),
        migrations.AddIndex(
            model_name="settlement",
            index=models.Index(fields=["partner", "-id"], name="settlements_of_partner"),
        ),
        migrations.AddConstraint(
            model_name="settlement",
            constraint=models.UniqueConstraint(
                fields=("partner", "month", "currency"), name="settlement_once_per_month"
            ),
        ),
        migrations.AddConstraint(
            model_name="settlement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "closing_minor",
                        django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        django.db.models.expressions.CombinedExpression(
                                            models.F("opening_minor"), "+", models.F("sold_minor")
                                        ),
                                        "+",
                                        models.F("returned_minor"),
                                    ),
                                    "+",
                                    models.F("collected_minor"),
                                ),
                                "+",
                                models.F("paid_out_minor"),
                            ),
                            "+",
                            models.F("other_minor"),
                        ),
                    )
                ),
                name="settlement_adds_up",
            ),
        ),
        migrations.AddIndex(
            model_name="subscription",
            index=models.Index(
                condition=models.Q(("look_at__isnull", False)), fields=["look_at", "id"], name="subscription_to_look_at"
            ),
        ),
        migrations.AddIndex(
            model_name="subscription",
            index=models.Index(fields=["user", "-id"], name="subscriptions_of_person"),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "ended"), _negated=True),
                fields=("user",),
                name="one_subscription_per_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["pending", "active", "ended"])), name="subscription_status_is_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "active"), _negated=True),
                    models.Q(
                        ("anchored_at__isnull", False),
                        ("ends_at__gt", models.F("starts_at")),
                        ("ends_at__isnull", False),
                        ("starts_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="subscription_active_has_a_period",
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", False), ("status", "ended")),
                    models.Q(models.Q(("status", "ended"), _negated=True), ("ended_at", None)),
                    _connector="OR",
                ),
                name="subscription_end_has_a_time",
            ),
        ),
        migrations.AddIndex(
            model_name="charge",
            index=models.Index(fields=["subscription", "-id"], name="charges_of_subscription"),
        ),
        migrations.AddConstraint(
            model_name="charge",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "open")),
                fields=("subscription",),
                name="one_open_charge_per_subscription",
            ),
        ),
        migrations.AddConstraint(
            model_name="charge",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "renewal")),
                fields=("subscription", "starts_at"),
                name="one_renewal_per_period",
            ),
        ),
        migrations.AddConstraint(
            model_name="charge",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["first", "renewal", "change"])), name="charge_kind_is_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="charge",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["open", "paid", "lapsed"])), name="charge_status_is_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="charge",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("credit_minor__gte", 0),
                    ("discount_minor__gte", 0),
                    ("due_minor__gte", 0),
                    ("unused_minor__gte", 0),
                    (
                        "price_minor",
                        django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                django.db.models.expressions.CombinedExpression(
                                    models.F("due_minor"), "+", models.F("unused_minor")
                                ),
                                "+",
                                models.F("discount_minor"),
                            ),
                            "+",
                            models.F("credit_minor"),
                        ),
                    ),
                ),
                name="charge_adds_up",
            ),
        ),
        migrations.AddConstraint(
            model_name="wallet",
            constraint=models.UniqueConstraint(fields=("user", "currency"), name="wallet_once"),
        ),
        migrations.AddConstraint(
            model_name="wallet",
            constraint=models.CheckConstraint(
                condition=models.Q(("balance_minor__gte", 0)), name="wallet_not_below_zero"
            ),
        ),
        migrations.AddIndex(
            model_name="creditmove",
            index=models.Index(fields=["wallet", "-id"], name="credit_moves_of_wallet"),
        ),
        migrations.AddConstraint(
            model_name="creditmove",
            constraint=models.UniqueConstraint(fields=("reference",), name="credit_move_once"),
        ),
        migrations.AddConstraint(
            model_name="creditmove",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor", 0), _negated=True), name="credit_move_moves_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="creditmove",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("reason__in", ["granted", "referred", "welcome", "spent", "returned", "changed", "forfeited"])
                ),
                name="credit_reason_is_known",
            ),
        ),
        migrations.RunPython(load, migrations.RunPython.noop),
        *[migrations.RunSQL(STAY.format(table=table), f"DROP TRIGGER row_stays ON {table};") for table in LASTING],
    ]
