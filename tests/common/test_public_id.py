import re
from itertools import combinations

import pytest

from common import public_id
from common.public_id import ALPHABET, PublicIdInvalid, new_public_id, normalise_public_id

NORMAL_FORM = re.compile(rf"JS(-[{ALPHABET}]{{4}}){{3}}")


def signs_of(written):
    return written.replace("-", "")[2:]


def test_the_alphabet_has_a_prime_number_of_unlike_signs():
    assert len(set(ALPHABET)) == len(ALPHABET) == 29
    assert not set(ALPHABET) & set("ILOUBSZ")


def test_a_new_id_is_in_its_normal_form():
    made = [new_public_id() for _ in range(500)]

    assert all(NORMAL_FORM.fullmatch(one) for one in made)
    assert [normalise_public_id(one) for one in made] == made


def test_every_sign_turns_up_at_every_place():
    made = [signs_of(new_public_id()) for _ in range(2_000)]

    assert [{one[place] for one in made} for place in range(12)] == [set(ALPHABET)] * 12


def test_ten_thousand_ids_are_ten_thousand_ids():
    assert len({new_public_id() for _ in range(10_000)}) == 10_000


def test_ids_come_from_the_systems_own_random_source(monkeypatch):
    monkeypatch.setattr(public_id.secrets, "choice", lambda signs: signs[7])

    assert signs_of(new_public_id())[:11] == "7" * 11


def test_the_example_in_the_docs_is_a_real_id():
    example = re.search(r"JS-[-0-9A-Z]+", public_id.__doc__)[0]

    assert normalise_public_id(example) == example


@pytest.mark.parametrize("_round", range(20))
def test_every_single_wrong_sign_is_caught(_round):
    right = signs_of(new_public_id())
    wrong = [
        right[:place] + sign + right[place + 1 :] for place in range(12) for sign in ALPHABET if sign != right[place]
    ]

    assert len(wrong) == 12 * 28
    assert [one for one in wrong if is_accepted(one)] == []


@pytest.mark.parametrize("_round", range(20))
def test_every_swap_of_two_unlike_signs_is_caught(_round):
    right = signs_of(new_public_id())
    swapped = []
    for a, b in combinations(range(12), 2):
        mixed = list(right)
        mixed[a], mixed[b] = mixed[b], mixed[a]
        if mixed[a] != mixed[b]:
            swapped.append("".join(mixed))

    assert swapped
    assert [one for one in swapped if is_accepted(one)] == []


def is_accepted(signs):
    try:
        normalise_public_id(signs)
    except PublicIdInvalid:
        return False
    return True


@pytest.mark.parametrize(
    "typed",
    [
        "JS-7K4M-Q2P9-D3TP",
        "js-7k4m-q2p9-d3tp",
        "7K4MQ2P9D3TP",
        "JS7K4MQ2P9D3TP",
        " js 7k4m q2p9 d3tp\n",
        "JS_7K4M_Q2P9_D3TP",
        "JS\u20137K4M\u2013Q2P9\u2013D3TP",
        "JS-7K4M-QZP9-D3TP",
        "js-7k4m-qzp9-d3tp",
        "j-s-7-k-4-m-q-2-p-9-d-3-t-p",
    ],
)
def test_the_usual_ways_of_typing_an_id_are_forgiven(typed):
    assert normalise_public_id(typed) == "JS-7K4M-Q2P9-D3TP"


@pytest.mark.parametrize(("typed", "meant"), [("O", "0"), ("I", "1"), ("L", "1"), ("B", "8"), ("S", "5"), ("Z", "2")])
def test_a_sign_read_for_its_lookalike_is_forgiven(monkeypatch, typed, meant):
    monkeypatch.setattr(public_id.secrets, "choice", lambda _: meant)
    right = new_public_id()
    misread = "JS-" + right[3:].replace(meant, typed)

    assert misread != right
    assert normalise_public_id(misread) == right
    assert normalise_public_id(misread[3:].lower()) == right


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "JS",
        "JS-7K4M-Q2P9-D3T",
        "JS-7K4M-Q2P9-D3TPP",
        "JS-7K4M-Q2P9-D3TQ",
        "JX-7K4M-Q2P9-D3TP",
        "JS-7K4M-Q2P9-D3TU",
        "JS-7K4M-Q2P9-D3T*",
        "JS-7K4M-Q2P9-D3T\u0967",
        "JS-7K4M-Q2P9-D3T\x00",
        "\ud8007K4MQ2P9D3T",
        "7K4M" * 100_000,
    ],
)
def test_what_is_no_id_is_refused_without_repeating_it(typed):
    with pytest.raises(PublicIdInvalid) as refusal:
        normalise_public_id(typed)

    assert str(refusal.value) == "This is not a valid id. Please check each character."
