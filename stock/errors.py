from common.errors import Conflict


class DinExhausted(Conflict):
    code, message = "din_exhausted", "All donation numbers of this year are used."
    constraint = "din_counter_has_six_digits"
