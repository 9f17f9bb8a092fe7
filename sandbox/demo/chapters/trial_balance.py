"""After all of it the books are added up, as an administrator sees them: zero in every currency."""

from __future__ import annotations

import re

from sandbox.demo.stage import Stage

CELLS = re.compile(r"<tr>" + r"<td>([^<]*)</td>" * 4 + r"</tr>")


def tell(stage: Stage) -> None:
    stage.chapter("The trial balance")
    page = stage.admin.read("/admin/payments/entry/report/")
    trial = dict(re.findall(r"<tr><td>([A-Z]{3})</td><td>(-?\d+)</td></tr>", page))
    for kind, detail, currency, total in CELLS.findall(page):
        stage.line(f"{kind:<12}{detail:<12}{currency} {int(total) / 100:>18,.2f}")
    stage.expect(
        set(trial.values()), {"0"}, f"every rupee and every taka: the balance of {' and '.join(trial)} is zero"
    )
