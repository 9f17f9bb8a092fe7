"""What is read from reports: names as laboratories in India print them, LOINC codes, units, and what a value can be.

Codes are LOINC's, units are UCUM's. `least` and `most` bound what a living person can have: what lies outside was read
wrongly. A unit that is not listed is never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Final

HAEMOGLOBIN: Final = "718-7"
GLUED: Final = r"[\s,.:()\[\]-]*"  # what may stand between two words of a name
BETWEEN: Final = r"[\s,.:()\[\]-]+"


@dataclass(frozen=True)
class Analyte:
    """One thing that is measured; `units` says what a value in each printed unit is multiplied by."""

    code: str
    name: str
    unit: str
    least: Decimal
    most: Decimal
    units: Mapping[str, Decimal] = field(hash=False)
    is_count: bool = False  # printed with commas between thousands

    def is_possible(self, value: Decimal) -> bool:
        return self.least <= value <= self.most


G_DL: Final = {"g/dl": "1", "gm/dl": "1", "gms/dl": "1", "g%": "1", "gm%": "1", "gms%": "1", "g/l": "0.1"}
MG_DL: Final = {"mg/dl": "1", "mgs/dl": "1", "mg%": "1", "mg/100ml": "1"}
CUMM: Final = ("/cumm", "/cu.mm", "/cu mm", "/mm^3", "/mm3", "/ul", "cells/cumm", "cells/cu.mm", "cells/ul", "cells/mm3")
THOUSANDS: Final = {
    **dict.fromkeys(CUMM, "0.001"),
    **dict.fromkeys(("10^3/ul", "10^3/mm^3", "10^3/mm3", "10^3/cumm", "10^9/l", "thou/ul", "thou/mm3", "k/ul"), "1"),
}
LAKHS: Final = dict.fromkeys(
    ("lakh/cumm", "lakhs/cumm", "lac/cumm", "lacs/cumm", "lakh/ul", "lakhs/ul", "lacs/ul", "10^5/ul", "10^5/cumm"), "100"
)
MILLIONS: Final = dict.fromkeys(
    (
        *("10^6/ul", "10^6/cumm", "10^6/mm3", "10^6/mm^3", "10^12/l"),
        *("mill/cumm", "mill/ul", "million/cumm", "million/ul", "millions/cumm", "mil/cumm", "mil/ul"),
    ),
    "1",
)
PERCENT: Final = {"%": "1"}
U_L: Final = {"u/l": "1", "iu/l": "1", "units/l": "1", "u/lt": "1"}
MMOL_L: Final = {"mmol/l": "1", "meq/l": "1"}


def _analyte(
    code: str, name: str, unit: str, span: tuple[str, str], units: Mapping[str, str], *, is_count: bool = False
) -> Analyte:
    factors = {spelling: Decimal(factor) for spelling, factor in units.items()}
    return Analyte(code, name, unit, Decimal(span[0]), Decimal(span[1]), factors, is_count)


GLUCOSE: Final = {**MG_DL, "mmol/l": "18.016"}
LIPID: Final = {**MG_DL, "mmol/l": "38.67"}
BILIRUBIN: Final = {**MG_DL, "umol/l": "0.05848"}

# Each analyte with the names by which it is printed; words may be parted by commas, brackets and full stops.
CATALOGUE: Final[tuple[tuple[Analyte, tuple[str, ...]], ...]] = (
    (
        _analyte(HAEMOGLOBIN, "Haemoglobin", "g/dL", ("2", "25"), {**G_DL, "mmol/l": "1.611"}),
        ("haemoglobin", "hemoglobin", "hb", "hgb", "haemoglobin hb", "hemoglobin hb", "haemoglobin estimation"),
    ),
    (
        _analyte("6690-2", "Leucocytes", "10*3/uL", ("0.1", "500"), THOUSANDS, is_count=True),
        (
            *("wbc", "wbc count", "total wbc count", "total wbc", "tlc", "total leucocyte count", "total leukocyte count"),
            *("total leucocyte count tlc", "total leukocyte count tlc", "white blood cells", "white blood cell count"),
            *("leucocyte count", "leukocyte count", "total count", "total wbc count tlc", "wbc count total"),
        ),
    ),
    (
        _analyte("777-3", "Platelets", "10*3/uL", ("1", "3000"), {**THOUSANDS, **LAKHS}, is_count=True),
        ("platelet count", "platelets", "plt", "platelet", "platelets count", "total platelet count", "platelet count plt"),
    ),
    (
        _analyte("789-8", "Erythrocytes", "10*6/uL", ("0.5", "10"), MILLIONS),
        (
            *("rbc", "rbc count", "total rbc count", "red blood cells", "red blood cell count", "erythrocyte count"),
            *("rbc count total", "total rbc", "red cell count"),
        ),
    ),
    (
        _analyte("4544-3", "Haematocrit", "%", ("5", "75"), PERCENT),
        ("haematocrit", "hematocrit", "pcv", "hct", "packed cell volume", "packed cell volume pcv", "haematocrit pcv")
        + ("hematocrit pcv", "pcv haematocrit", "hct pcv"),
    ),
    (
        _analyte("787-2", "Mean cell volume", "fL", ("40", "150"), {"fl": "1", "u^3": "1", "um^3": "1"}),
        ("mcv", "mean corpuscular volume", "mean cell volume", "mean corpuscular volume mcv", "mean corp volume"),
    ),
    (
        _analyte("785-6", "Mean cell haemoglobin", "pg", ("10", "60"), {"pg": "1", "picogram": "1", "pgs": "1"}),
        ("mch", "mean corpuscular haemoglobin", "mean corpuscular hemoglobin", "mean cell haemoglobin")
        + ("mean corpuscular haemoglobin mch", "mean corpuscular hemoglobin mch"),
    ),
    (
        _analyte("786-4", "Mean cell haemoglobin concentration", "g/dL", ("15", "45"), {**G_DL, "%": "1"}),
        ("mchc", "mean corpuscular haemoglobin concentration", "mean corpuscular hemoglobin concentration")
        + ("mean corp hb conc", "mean corpuscular hemoglobin concentration mchc"),
    ),
    (
        _analyte("788-0", "Red cell distribution width", "%", ("8", "40"), PERCENT),
        ("rdw", "rdw cv", "red cell distribution width", "red cell distribution width rdw", "red cell distribution width cv"),
    ),
    (
        _analyte("30341-2", "Erythrocyte sedimentation rate", "mm/h", ("0", "200"), dict.fromkeys(
            ("mm/hr", "mm/h", "mm/1hr", "mm/1st hr", "mm/1sthr", "mm/hour", "mm"), "1"
        )),
        ("esr", "erythrocyte sedimentation rate", "erythrocyte sedimentation rate esr"),
    ),
    (
        _analyte("1558-6", "Glucose, fasting", "mg/dL", ("10", "1500"), GLUCOSE),
        (
            *("glucose fasting", "fasting glucose", "fasting blood sugar", "blood sugar fasting", "fbs", "bsf"),
            *("fasting plasma glucose", "plasma glucose fasting", "glucose fasting plasma", "fasting blood glucose"),
            *("blood glucose fasting", "blood sugar f", "glucose f", "fasting blood sugar fbs", "sugar fasting", "fpg"),
            *("serum glucose fasting", "glucose serum fasting"),
        ),
    ),
    (
        _analyte("1521-4", "Glucose, 2 hours after a meal", "mg/dL", ("10", "1500"), GLUCOSE),
        (
            *("glucose pp", "glucose post prandial", "glucose postprandial", "post prandial blood sugar", "ppbs"),
            *("postprandial blood sugar", "blood sugar pp", "blood sugar post prandial", "plasma glucose pp"),
            *("blood glucose post prandial", "blood glucose pp", "post prandial glucose", "plasma glucose post prandial"),
            *("blood sugar postprandial", "post prandial blood sugar ppbs", "post prandial plasma glucose"),
        ),
    ),
    (
        _analyte("2345-7", "Glucose, random", "mg/dL", ("10", "1500"), GLUCOSE),
        (
            *("glucose random", "random blood sugar", "blood sugar random", "rbs", "random glucose", "blood sugar r"),
            *("random plasma glucose", "plasma glucose random", "blood glucose random", "random blood glucose"),
            *("random blood sugar rbs", "glucose random plasma"),
        ),
    ),
    (
        _analyte("4548-4", "Haemoglobin A1c", "%", ("2", "25"), PERCENT),
        (
            *("hba1c", "hb a1c", "glycosylated haemoglobin", "glycosylated hemoglobin", "glycated haemoglobin"),
            *("glycated hemoglobin", "glycosylated haemoglobin hba1c", "glycosylated hemoglobin hba1c"),
            *("glycated hemoglobin hba1c", "glycated haemoglobin hba1c", "haemoglobin a1c", "hemoglobin a1c"),
            *("hba1c glycosylated haemoglobin", "hba1c glycosylated hemoglobin", "hba1c glycated hemoglobin", "a1c"),
        ),
    ),
    (
        _analyte("2160-0", "Creatinine", "mg/dL", ("0.1", "40"), {**MG_DL, "umol/l": "0.01131"}),
        ("creatinine", "serum creatinine", "s creatinine", "creatinine serum", "sr creatinine", "creatinine s"),
    ),
    (
        _analyte("3091-6", "Urea", "mg/dL", ("1", "600"), {**MG_DL, "mmol/l": "6.006"}),
        ("urea", "blood urea", "serum urea", "urea serum", "urea blood", "s urea", "b urea"),
    ),
    (
        _analyte("3094-0", "Urea nitrogen", "mg/dL", ("0.5", "280"), {**MG_DL, "mmol/l": "2.801"}),
        ("bun", "blood urea nitrogen", "urea nitrogen", "blood urea nitrogen bun", "urea nitrogen bun"),
    ),
    (
        _analyte("3084-1", "Uric acid", "mg/dL", ("0.5", "30"), {**MG_DL, "umol/l": "0.01681"}),
        ("uric acid", "serum uric acid", "uric acid serum", "s uric acid"),
    ),
    (
        _analyte("1975-2", "Bilirubin, total", "mg/dL", ("0", "60"), BILIRUBIN),
        ("bilirubin total", "total bilirubin", "serum bilirubin total", "bilirubin total serum", "s bilirubin total")
        + ("total serum bilirubin", "serum bilirubin", "t bilirubin", "bilirubin t"),
    ),
    (
        _analyte("1968-7", "Bilirubin, direct", "mg/dL", ("0", "50"), BILIRUBIN),
        ("bilirubin direct", "direct bilirubin", "conjugated bilirubin", "bilirubin conjugated", "serum bilirubin direct")
        + ("bilirubin direct conjugated", "d bilirubin", "bilirubin d"),
    ),
    (
        _analyte("1971-1", "Bilirubin, indirect", "mg/dL", ("0", "50"), BILIRUBIN),
        ("bilirubin indirect", "indirect bilirubin", "unconjugated bilirubin", "bilirubin unconjugated")
        + ("serum bilirubin indirect", "bilirubin indirect unconjugated", "i bilirubin"),
    ),
    (
        _analyte("1920-8", "AST (SGOT)", "U/L", ("1", "20000"), U_L, is_count=True),
        ("sgot", "ast", "sgot ast", "ast sgot", "aspartate aminotransferase", "aspartate transaminase", "serum sgot")
        + ("aspartate aminotransferase ast", "aspartate aminotransferase sgot", "s g o t"),
    ),
    (
        _analyte("1742-6", "ALT (SGPT)", "U/L", ("1", "20000"), U_L, is_count=True),
        ("sgpt", "alt", "sgpt alt", "alt sgpt", "alanine aminotransferase", "alanine transaminase", "serum sgpt")
        + ("alanine aminotransferase alt", "alanine aminotransferase sgpt", "s g p t"),
    ),
    (
        _analyte("6768-6", "Alkaline phosphatase", "U/L", ("1", "10000"), U_L, is_count=True),
        ("alkaline phosphatase", "alp", "serum alkaline phosphatase", "alkaline phosphatase alp", "sap"),
    ),
    (
        _analyte("2324-2", "Gamma-glutamyl transferase", "U/L", ("1", "10000"), U_L, is_count=True),
        ("ggt", "ggtp", "gamma gt", "gamma glutamyl transferase", "gamma glutamyl transferase ggt"),
    ),
    (
        _analyte("2885-2", "Protein, total", "g/dL", ("1", "15"), G_DL),
        ("total protein", "protein total", "serum protein total", "total proteins", "proteins total", "total serum protein"),
    ),
    (
        _analyte("1751-7", "Albumin", "g/dL", ("0.5", "8"), G_DL),
        ("albumin", "serum albumin", "albumin serum", "s albumin"),
    ),
    (
        _analyte("2093-3", "Cholesterol, total", "mg/dL", ("30", "1000"), LIPID, is_count=True),
        ("cholesterol total", "total cholesterol", "serum cholesterol", "cholesterol", "serum cholesterol total")
        + ("s cholesterol", "total cholesterol serum"),
    ),
    (
        _analyte("2085-9", "Cholesterol in HDL", "mg/dL", ("3", "200"), LIPID),
        ("hdl", "hdl cholesterol", "cholesterol hdl", "hdl c", "hdl cholesterol direct", "serum hdl cholesterol"),
    ),
    (
        _analyte("2089-1", "Cholesterol in LDL", "mg/dL", ("3", "800"), LIPID),
        ("ldl", "ldl cholesterol", "cholesterol ldl", "ldl c", "ldl cholesterol direct", "ldl cholesterol calculated"),
    ),
    (
        _analyte("2571-8", "Triglycerides", "mg/dL", ("10", "10000"), {**MG_DL, "mmol/l": "88.57"}, is_count=True),
        ("triglycerides", "triglyceride", "serum triglycerides", "triglycerides serum", "s triglycerides", "tgl"),
    ),
    (
        _analyte("3016-3", "Thyrotropin (TSH)", "m[IU]/L", ("0", "500"), dict.fromkeys(
            ("uiu/ml", "miu/l", "uu/ml", "mu/l", "u iu/ml", "micro iu/ml"), "1"
        )),
        ("tsh", "thyroid stimulating hormone", "thyroid stimulating hormone tsh", "tsh ultrasensitive", "serum tsh")
        + ("tsh thyroid stimulating hormone", "s tsh", "ultrasensitive tsh", "tsh 3rd generation"),
    ),
    (
        _analyte("2276-4", "Ferritin", "ng/mL", ("0.1", "100000"), {"ng/ml": "1", "ug/l": "1"}, is_count=True),
        ("ferritin", "serum ferritin", "ferritin serum", "s ferritin"),
    ),
    (
        _analyte("2498-4", "Iron", "ug/dL", ("1", "1000"), {"ug/dl": "1", "mcg/dl": "1", "umol/l": "5.587"}),
        ("iron", "serum iron", "iron serum", "s iron"),
    ),
    (
        _analyte("2132-9", "Vitamin B12", "pg/mL", ("20", "20000"), {"pg/ml": "1", "ng/l": "1", "pmol/l": "1.355"}),
        ("vitamin b12", "vit b12", "b12", "vitamin b 12", "serum vitamin b12", "cyanocobalamin", "vitamin b12 cyanocobalamin"),
    ),
    (
        _analyte("2951-2", "Sodium", "mmol/L", ("80", "220"), MMOL_L),
        ("sodium", "serum sodium", "sodium serum", "na", "sodium na", "s sodium", "serum sodium na"),
    ),
    (
        _analyte("2823-3", "Potassium", "mmol/L", ("1", "12"), MMOL_L),
        ("potassium", "serum potassium", "potassium serum", "potassium k", "s potassium", "serum potassium k"),
    ),
    (
        _analyte("2075-0", "Chloride", "mmol/L", ("50", "180"), MMOL_L),
        ("chloride", "serum chloride", "chloride serum", "chloride cl", "s chloride", "chlorides"),
    ),
    (
        _analyte("17861-6", "Calcium", "mg/dL", ("2", "25"), {**MG_DL, "mmol/l": "4.008"}),
        ("calcium", "serum calcium", "calcium total", "calcium serum", "total calcium", "s calcium", "calcium total serum"),
    ),
    (
        _analyte("1988-5", "C-reactive protein", "mg/L", ("0", "1000"), {"mg/l": "1", "mg/dl": "10"}),
        ("crp", "c reactive protein", "c reactive protein crp", "crp quantitative", "c reactive protein quantitative"),
    ),
)
# What begins like one of them and is another thing.
OTHERS: Final = (
    *("haemoglobin a2", "hemoglobin a2", "haemoglobin f", "hemoglobin f", "haemoglobin s", "hemoglobin s"),
    *("haemoglobin electrophoresis", "hemoglobin electrophoresis", "platelet distribution width", "platelet crit"),
    *("platelet large cell ratio", "iron binding capacity", "calcium ionised", "calcium ionized", "ionized calcium"),
    *("albumin globulin ratio", "hb electrophoresis", "alt ast ratio", "creatinine clearance", "rdw sd"),
    *("estimated average glucose", "average glucose", "calcium urine", "non hdl cholesterol", "platelet volume"),
)
BY_CODE: Final[Mapping[str, Analyte]] = {analyte.code: analyte for analyte, _ in CATALOGUE}
UNITS: Final = frozenset(analyte.unit for analyte, _ in CATALOGUE)


@cache
def names() -> Mapping[str, Analyte | None]:
    """Return the analyte of every name, its words run together; None for what only begins like one."""
    found: dict[str, Analyte | None] = {joined(name): analyte for analyte, spelt in CATALOGUE for name in spelt}
    return {**found, **{joined(name): None for name in OTHERS}}


@cache
def name_pattern() -> re.Pattern[str]:
    """Return what finds the longest name at the beginning of a row."""
    every = [name for _, spelt in CATALOGUE for name in spelt] + list(OTHERS)
    spelt = sorted(set(every), key=len, reverse=True)
    alternatives = "|".join(BETWEEN.join(map(re.escape, name.split())) for name in spelt)
    return re.compile(rf"(?:{alternatives})(?=$|[\s:,()\[\].*-])")


@cache
def unit_pattern(analyte: Analyte) -> re.Pattern[str]:
    """Return what finds the analyte's printed units, the longest first."""
    spelt = sorted(analyte.units, key=len, reverse=True)
    alternatives = [
        (r"(?<![\d.])(?:x\s*)?" if unit[0].isdigit() else r"(?<![a-z/^])") + re.escape(unit).replace(r"\ ", r"\s")
        for unit in spelt
    ]
    return re.compile(rf"(?:{'|'.join(alternatives)})(?![a-z0-9/^%])")


def joined(name: str) -> str:
    return re.sub(GLUED, "", name)
