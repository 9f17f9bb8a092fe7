"""After all of it the books are added up, as an administrator sees them: zero in every currency."""

from __future__ import annotations

from sandbox.demo.stage import Stage


def tell(stage: Stage) -> None:
    stage.chapter("The trial balance")
    rows = stage.admin.rows("/admin/payments/entry/report/")
    for row in rows:
        if "balance" in row:
            stage.line(f"{row['kind']:<12}{row['which']:<12}{row['balance']:>18}")
    trial = {row["currency"]: row["total"] for row in rows if "total" in row}
    line = f"every rupee and every taka: the balance of {' and '.join(trial)} is zero"
    stage.expect({total[1:] for total in trial.values()}, {"0.00"}, line)
